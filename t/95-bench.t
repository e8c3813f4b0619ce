#!/usr/bin/perl
# t/bench/run measures what it says: a round of a second with small tables. What the numbers are is nothing that a test could judge.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth::Process qw(run);

my @rows = qw(floor guard-some refresh-4 rotate-4);
my $result = run({}, "$FindBin::Bin/bench/run", '--quick', '--only', join ',', @rows);
is($result->{status}, 0, 't/bench/run --quick succeeds') or diag($result->{err});
like($result->{out}, qr/^\d{4}-\d\d-\d\d .*, httpd \d\S+, PostgreSQL \d.*; 1 rounds of 1 s$/m, '... says on what it ran');
for my $row (@rows) {
    my ($rate, $cpu) = $result->{out} =~ /^\| [^|]+ \| $row(?: \/ [\w-]+)? \| (\d+) \|(?: [\d.]* \|){4} ([\d.]+) \|/m;
    cmp_ok($rate // 0, '>', 0, "... and has a row for $row");
}
isnt($result->{out} =~ /^\| [^|]+ \| guard-some \/ floor \| \d+ \| ([\d.]+) \|/m ? $1 : '', '', '... with a ratio');

my $timed = run({}, "$FindBin::Bin/bench/sign-in", 2);
like($timed->{out}, qr/^alice against nobody: p = [01]\.\d{3}\noff against nobody: p = [01]\.\d{3}$/m, 't/bench/sign-in compares refusals') or diag($timed->{err});

my $counting = run({}, "$FindBin::Bin/bench/counting", qw(--requests 100 --rounds 1 --seconds 1));
my ($on, $off) = $counting->{out} =~ /^instructions a request: (\d+), without counting (\d+), ratio [01]\.\d{4}$/m;
cmp_ok($on // 0, '>', 1000, 't/bench/counting counts instructions') or diag($counting->{err});
cmp_ok($off // 0, '>', 1000, '... of the module that counts nothing as well');
like($counting->{out}, qr/^requests a second, medians of 1 rounds of 4 \* 1 s: \d+, without counting \d+, ratio [01]\.\d{3}; /m, '... and compares rates');

done_testing;
