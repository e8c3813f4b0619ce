package Test::GptOauth::Metrics;

# What a server shows to Prometheus.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT = qw(prometheus metrics);

# The text. Option http: to ask another server; the rest goes with the request.
sub prometheus {
    my ($t, %opt) = @_;
    return (delete $opt{http} // $t->http)->get('/oauth/status?prometheus', %opt)->body;
}

# The numbers by name and labels.
sub metrics { my ($t, %opt) = @_; return { prometheus($t, %opt) =~ /^(gptoauth_\S+) (\S+)$/mg } }

1;
