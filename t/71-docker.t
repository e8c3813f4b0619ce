#!/usr/bin/perl
# docker/: the Dockerfile's steps are executed and its entrypoint is started as in a container, against a real PostgreSQL.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp ();
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;
use Test::GptOauth::Image;

plan skip_all => 'a chroot needs root' if $> != 0;
my $top = abs_path("$FindBin::Bin/..");
my $build = $ENV{GPTOAUTH_BUILD} // "$top/build";
my $work = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $work;
my $image = Test::GptOauth::Image->build(dockerfile => "$top/docker/Dockerfile", context => $top, cache => "$build/docker", work => "$work/image");
Test::GptOauth::Image::own_network();

# A database that asks for a password, and for one that is awkward in a URL and in a configuration file.
my $password = secret('p@ss w/o "quotes"? \\ ${HOME} 100%25 #1');
my $cluster = Test::GptOauth::Postgres->new;
my $hba = $cluster->dir . '/data/pg_hba.conf';
Test::GptOauth->write_file($hba, "host all guarded 127.0.0.1/32 scram-sha-256\n" . Test::GptOauth::slurp($hba));
$cluster->psql('postgres', "CREATE ROLE guarded LOGIN PASSWORD '$password'; SELECT pg_reload_conf()", 'postgres');
my $databases = 0;

# The address of a new database.
sub database_url {
    my (%opt) = @_;
    my $name = 'docker' . ++$databases;
    $cluster->psql('postgres', "CREATE DATABASE $name OWNER guarded", 'postgres');
    my $user = 'guarded' . ($opt{without_password} ? '' : ':' . Test::GptOauth::Http::encode($password));
    return "postgres://$user\@127.0.0.1:" . $cluster->port . "/$name" . ($opt{query} // '');
}

sub start {
    my (%env) = @_;
    my $port = Test::GptOauth::free_port();
    return $image->start(env => { PORT => $port, GPT_OAUTH_ISSUER => "http://localhost:$port", DATABASE_URL => database_url(), %env });
}

subtest 'the image' => sub {
    my $root = $image->root;
    ok(-e "$root/usr/lib/apache2/modules/mod_gpt_oauth.so", 'has the module');
    ok(!-e "$root/usr/bin/gcc" && !-e "$root/src", '... and neither compiler nor source');
    ok(!-e $image->stage('build') . "/src/$_", "the build does not see $_") for qw(.git t/lib build docker/compose.yaml);
    my $c = $image->start(command => ['sh', '-c', 'ldd /usr/local/bin/gptoauth /usr/lib/apache2/modules/mod_gpt_oauth.so && touch /etc/written; id -u'],
        env => { DATABASE_URL => database_url(), GPT_OAUTH_ISSUER => 'https://api.example.com' });
    is($c->wait, 0, 'runs another command in place of httpd');
    unlike($c->log, qr/not found/, 'all libraries are there');
    like($c->log, qr{/etc/written.*Read-only}, 'nothing can be written');
    like($c->log, qr/^33$/m, 'it is not root');
};

subtest 'the hello endpoints' => sub {
    my $c = start();
    ok($c->healthy, 'it starts') or diag $c->log;
    is($c->execute('', 'sh', '-c', $image->{healthcheck})->{status}, 0, 'the health check passes');
    is($c->http->get('/hello')->verdict, 200, 'hello is for everybody');
    is($c->http->get('/api/hello')->status, 401, 'the other hello wants a token');

    my $client = $c->client_add('GPT', gpt => 1);
    like($c->gptoauth('gpt', 'GPT'), qr{Authorization URL\s+\Q${\ $c->issuer}\E/oauth/authorize$}m, 'the command knows the server');
    my $tokens = $c->tokens_for($client, params => { scope => 'hello' });
    is($c->hello($tokens->{access_token})->json->{user}, 'alice', 'sign-in, consent, code, token, hello');
    is($c->refresh($client, $tokens->{refresh_token})->verdict, 200, 'refresh');

    my $log = $c->log;
    like($log, qr{^127\.0\.0\.1 alice "GET /api/hello" 200 }m, 'the access log is on standard output');
    unlike($log, qr{/healthz}, '... without health checks');
    like($log, qr{AH00489: Apache}, '... and the error log is on standard error');
    my @seen = map { Test::GptOauth::slurp("/proc/$_/cmdline") . Test::GptOauth::slurp("/proc/$_/environ") } grep { $_ != $c->first } $c->processes;
    ok(@seen > 2, 'there are processes of httpd');
    is(join("\n", Test::GptOauth::Secrets::found_in(join "\n", $log, @seen)), '', 'no secret in the log, the command lines, the environment');

    $cluster->stop;
    is($c->http->get('/healthz')->status, 204, 'healthy while the database is down');
    is($c->hello($tokens->{access_token})->status, 503, '... though tokens cannot be checked');
    $cluster->start;
    my $deadline = time + 20;
    sleep 0.2 until $c->hello($tokens->{access_token})->status == 200 || time > $deadline;
    is($c->hello($tokens->{access_token})->status, 200, '... until it is back');

    $c->kill('TERM');
    is($c->wait, 0, 'SIGTERM ends it');
};

done_testing;
