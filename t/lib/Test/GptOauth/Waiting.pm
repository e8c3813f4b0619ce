package Test::GptOauth::Waiting;

# What comes about by itself is awaited, and no longer than this.

use strict;
use warnings;
use Exporter qw(import);
use Time::HiRes qw(sleep time);

our @EXPORT = qw(wait_for);

# What the condition answers at last: true, or false when so many seconds are over (10).
sub wait_for {
    my ($condition, $seconds) = @_;
    my $deadline = time + ($seconds // 10);
    my $result;
    sleep 0.02 until ($result = $condition->()) || time > $deadline;
    return $result;
}

1;
