#!/usr/bin/perl
# DBDParams lead to another server than before, while the one that httpd listens to is still up: a name that now means another
# host, or a pooler that was told so. Revocations over there are not heard here; nothing of them may be cached.
use strict;
use warnings;
use FindBin;
use File::Temp ();
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Postgres;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();

my $one = Test::GptOauth::Postgres->new;
my $database = $one->create_database;
my $link = File::Temp::tempdir('gptln-XXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $link;

sub lead_to {
    my ($server) = @_;
    unlink "$link/.s.PGSQL.5432";
    symlink $server->dir . '/.s.PGSQL.' . $server->port, "$link/.s.PGSQL.5432" or die "symlink: $!";
    return;
}

lead_to($one);
my $params = sub { return "host=$link port=5432 dbname=$database user=oauth connect_timeout=2" };
my $t = Test::GptOauth->new(db => 'pgsql', cluster => $one, database => $database, params => $params, hears => 1, no_dump => 1);
my $app = $t->client_add('app');
my $tokens = $t->tokens_for($app);
my $other = $one->standby;
$other->promote;
lead_to($other);

# The pool's connections come and go, with DBDExptime, restarts of a pooler, or as here.
$one->psql($database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    . " AND pid <> pg_backend_pid() AND application_name <> 'mod_gpt_oauth listens'", 'postgres');
ok($t->token_works($tokens->{access_token}), 'the token is asked for over there') for 1 .. 4;
is($other->psql($database, "UPDATE oauth_grant SET revoked_at = 1 RETURNING 1", 'postgres') =~ /1/ ? 1 : 0, 1, 'and revoked there');
my $since = time;
sleep 3;
ok(!$t->token_works($tokens->{access_token}), sprintf 'it is refused %.1f s later', time - $since);
sleep 5;
ok(!$t->token_works($tokens->{access_token}), sprintf 'it is refused %.1f s later', time - $since);
done_testing;
