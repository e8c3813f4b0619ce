#!/usr/bin/perl
# httpd stops though its housekeeping waits for a lock in the database.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();
my $t = Test::GptOauth->new(db => 'pgsql', start => 0, allow => [qr/GPT047/]);
my $waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%oauth_access_token%' AND pid <> pg_backend_pid()";
while_locked($t, 'oauth_access_token', sub {
    $t->start;
    my $deadline = time + 10;
    sleep 0.02 until $t->sql($waits) > 0 || time > $deadline;
    cmp_ok($t->sql($waits), '>', 0, 'the housekeeping waits for the lock');
    my $since = time;
    $t->stop;
    cmp_ok(time - $since, '<', 5, 'and httpd stops all the same');
});
$t->finish;
done_testing;
