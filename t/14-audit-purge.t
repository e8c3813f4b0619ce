#!/usr/bin/perl
# A purge that a signal ends, and its line in the audit log.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Process qw(slurp);

my $command = ($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") . '/gptoauth';
my $rows = 60_000;

my $t = Test::GptOauth->new(start => 0);
my $audit = $t->dir . '/audit.log';
$t->write_file('dbd.conf', slurp($t->dir . '/dbd.conf') . "GPTOAuthAuditLog $audit\n");
my $left = sub { return $t->sql('SELECT count(*) FROM oauth_browser WHERE expires_at = 1;') };
$t->sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)"
    . " INSERT INTO oauth_browser (browser_hash, issuer, username, expires_at) SELECT randomblob(32), 'x', 'x', 1 FROM n;");
my $pid = fork // die "fork: $!\n";
if (!$pid) {
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', $t->dir . '/purge.err';
    exec $command, '--db-conf', $t->dir . '/dbd.conf', 'purge';
}
my $deadline = time + 10;
sleep 0.02 until $left->() < $rows || time > $deadline;
kill TERM => $pid;
waitpid $pid, 0;
is($? >> 8, 1, 'a purge that a signal ends fails');
my ($line) = grep { $_->{event} eq 'purge' } map { JSON::PP::decode_json($_) } split /\n/, slurp($audit);
is("$line->{result} $line->{count}", 'failed ' . ($rows - $left->()), '... and its line says what was deleted until then');
like(slurp($t->dir . '/purge.err'), qr/^gptoauth: interrupted: \d+ expired rows deleted, and there may be more$/, '... as it says itself');
$t->finish;
done_testing;
