#!/usr/bin/perl
# httpd stops at once though its housekeeping waits for a lock in the database.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();
my $t = Test::GptOauth->new(db => 'pgsql', start => 0, no_dump => 1);
my $pid = fork // die;
if (!$pid) {
    $t->cluster->psql($t->database, 'BEGIN; LOCK oauth_access_token IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(25); COMMIT', 'postgres');
    require POSIX;
    POSIX::_exit(0);
}
sleep 1.5;
$t->start;
sleep 2;
my $waiting = $t->sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%oauth_access_token%'");
my $since = time;
eval { $t->stop; 1 } or diag $@;
my $took = time - $since;
cmp_ok($took, '<', 3, sprintf 'stopped in %.1f s', $took);
waitpid $pid, 0;
done_testing;
