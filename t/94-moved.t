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
my $deadline = time + 1;
sleep 0.02 until !$t->token_works($tokens->{access_token}) || time > $deadline;
my $late = grep { $t->token_works($tokens->{access_token}) } 1 .. 200;
is($late, 0, 'it is refused within a second, and stays so');
$t->finish;
done_testing;
