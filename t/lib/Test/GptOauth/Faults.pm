package Test::GptOauth::Faults;

# Ways to break what the module depends on, and to tell whether it bore it.

use strict;
use warnings;
use Exporter qw(import);
use Test::More;
use Time::HiRes qw(sleep time);
use Test::GptOauth::Load;

our @EXPORT = qw(all_answered children_of freeze thaw crash nearly_all reasons refresher unavailable);

# The processes that this one has started and that still run.
sub children_of {
    my ($parent) = @_;
    my @children;
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $handle, '<', $file or next;
        my ($pid, $state, $ppid) = (<$handle> // '') =~ /^(\d+) \(.*\) (\S) (\d+)/s or next;
        push @children, $pid if $ppid == $parent && $state ne 'Z';
    }
    return sort { $a <=> $b } @children;
}

# PostgreSQL's backends are sessions of their own, so its process group has only the postmaster, which is stopped first: then no
# more backends come.
sub freeze {
    my ($cluster) = @_;
    kill STOP => $cluster->pid;
    kill STOP => children_of($cluster->pid);
    return;
}

sub thaw {
    my ($cluster) = @_;
    kill CONT => children_of($cluster->pid), $cluster->pid;
    return;
}

# As if the machine's memory were gone: kill -9 to the postmaster and all its processes. It can be started again at once.
sub crash {
    my ($cluster) = @_;
    freeze($cluster);
    my @backends = children_of($cluster->pid);
    kill KILL => @backends;
    $cluster->stop('kill');
    for (1 .. 500) {
        last unless kill 0 => @backends;
        sleep 0.01;
    }
    return;
}

# The next request of a client that refreshes its tokens as soon as it has them, keeps the newest, and tries again with the
# same one when it was answered 5xx. Changes the chain: { client, refresh_token }.
sub refresher {
    my ($t, $chain, $last) = @_;
    my $newest = $last && $last->json->{refresh_token};
    $chain->{refresh_token} = $newest if $newest;
    my %params = (grant_type => 'refresh_token', refresh_token => $chain->{refresh_token});
    my ($body, @headers) = $t->token_body($chain->{client}, \%params);
    return [ POST => '/oauth/token', body => $body, headers => \@headers ];
}

sub describe {
    my (@results) = @_;
    splice @results, 10;
    diag(sprintf '%.3f, after %.3f s: %s: %s', @$_{qw(sent seconds target)}, $_->{response}->verdict) for @results;
    return;
}

# The reasons in the error log for every 503, with their numbers.
sub reasons {
    my ($t) = @_;
    my $log = $t->error_log;
    my %count;
    $count{$1}++ while $log =~ /temporarily_unavailable: (.*) \(client/g;
    return map { "$count{$_} x $_\n" } sort keys %count;
}

# Every one of these was answered 200.
sub all_answered {
    my ($name, @results) = @_;
    my @bad = grep { $_->{status} != 200 } @results;
    my $ok = ok(@results && !@bad, $name);
    describe(@bad) unless $ok;
    return $ok;
}

# Every one of these was answered 503 with Retry-After.
sub unavailable {
    my ($name, @results) = @_;
    my @bad = grep { $_->{status} != 503 || ($_->{response}->header('Retry-After') // '') !~ /^[1-9]\d*$/ } @results;
    my $ok = ok(@results && !@bad, $name);
    describe(@bad) unless $ok;
    diag('there was none') unless @results;
    return $ok;
}

# The limit holds for 19 of 20: what a busy machine's scheduler does to the others says nothing about httpd. What is wrong
# with a server shows in nearly all, or in waits of a second and more, which are not forgiven.
sub nearly_all {
    my ($limit, $name, @results) = @_;
    my @seconds = sort { $a <=> $b } map { $_->{seconds} } @results;
    my $ok = ok(@seconds && $seconds[ int(0.95 * $#seconds) ] <= $limit && $seconds[-1] < 1, $name);
    my @quantiles = map { $seconds[ int($_ * $#seconds) ] } 0.5, 0.95, 1;
    diag(sprintf '%d, half within %.3f s, 95 %% within %.3f s, all within %.3f s', scalar @seconds, @quantiles) unless $ok;
    return $ok;
}

1;
