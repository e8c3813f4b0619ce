package Test::GptOauth::Counted;

# What /oauth/status shows to Prometheus, and what something adds to it:
#
#     grows($t, 'a wrong token is counted', { sample('guard_verdicts_total', verdict => 'foreign_token') => 1 }, sub { $t->hello('nonsense') });

use strict;
use warnings;
use Exporter qw(import);
use Test::More;
use Test::GptOauth::Waiting;

our @EXPORT = qw(counted grew grows metrics prometheus sample);

# The name of one number, without the prefix that all have.
sub sample {
    my ($family, @labels) = @_;
    my @pairs;
    while (my ($label, $value) = splice @labels, 0, 2) {
        push @pairs, qq($label="$value");
    }
    return $family . (@pairs ? '{' . join(',', @pairs) . '}' : '');
}

my $looked = sample('requests_total', endpoint => 'status', result => 'success');

# The text. Options: http (of another port), headers.
sub prometheus {
    my ($t, %opt) = @_;
    return (delete $opt{http} // $t->http)->get('/oauth/status?prometheus', %opt)->body;
}

# All numbers by their names, and by names without the prefix.
sub metrics { my ($t, %opt) = @_; return { prometheus($t, %opt) =~ /^(gptoauth_\S+) (\S+)$/mg } }
sub counted { my ($t, %opt) = @_; return { prometheus($t, %opt) =~ /^gptoauth_(\S+) (\S+)$/mg } }

sub family { my ($sample) = @_; return $sample =~ s/\{.*//sr }

# Of the families of these samples whatever has changed meanwhile, by how much, but for the looks that were taken.
sub grew {
    my ($before, $after, @samples) = @_;
    my %watched = map { family($_) => 1 } @samples;
    my @changed = grep { $watched{ family($_) } && $_ ne $looked && ($before->{$_} // 0) != $after->{$_} } keys %$after;
    return { map { $_ => $after->{$_} - ($before->{$_} // 0) } @changed };
}

sub is_same { my ($one, $other) = @_; return join(' ', map { "$_ $one->{$_}" } sort keys %$one) eq join(' ', map { "$_ $other->{$_}" } sort keys %$other) }

# The test: what is done lets these samples grow by so much (0: not at all), and no other of their families. Soon, as a line of the
# audit log is counted when the answer is out already. Options as for counted. Answers what the function answers.
sub grows {
    my ($t, $name, $expected, $do, %opt) = @_;
    my $before = counted($t, %opt);
    my $answer = $do->();
    my %wanted = map { $_ => $expected->{$_} } grep { $expected->{$_} } keys %$expected;
    my $grown;
    wait_for(sub { is_same($grown = grew($before, counted($t, %opt), keys %$expected), \%wanted) }, 5);
    is_deeply($grown, \%wanted, $name) or diag explain $grown;
    return $answer;
}

1;
