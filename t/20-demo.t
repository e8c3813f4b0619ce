#!/usr/bin/perl
# ./demo, on both databases: what it prints works, what it writes is true, and --stop leaves nothing running.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp ();
use FindBin;
use Test::More;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Browser;
use Test::GptOauth::Flow;
use Test::GptOauth::Http;
use Test::GptOauth::Waiting;

my $demo = abs_path("$FindBin::Bin/../demo");
my @names = qw(ISSUER AUTHORIZE_URL TOKEN_URL HELLO_URL CLIENT_ID CLIENT_SECRET REDIRECT_URI PUBLIC_CLIENT_ID SERVICE_URL SERVICE_KEY
  USERNAME PASSWORD DB_CONF GPTOAUTH HTTPD_PID_FILE ERROR_LOG);

my @dirs;
END { local $?; demo('--stop', '--dir', $_) for @dirs }

sub demo { return Test::GptOauth::run({}, $demo, @_) }

# As a shell reads it.
sub read_env
{
    my ($file) = @_;
    my $before = Test::GptOauth::run({}, qw(env -i sh -c env))->{out};
    my $text = Test::GptOauth::run({}, qw(env -i sh -ac), ". $file && env")->{out};
    my %env = $text =~ /^(\w+)=(.*)$/mg;
    delete $env{$1} while $before =~ /^(\w+)=/mg;
    return \%env;
}

# Processes that have the folder in their command line or work in it.
sub processes
{
    my ($dir) = @_;
    my @found;
    for my $proc (glob '/proc/[0-9]*') {
        my $line = Test::GptOauth::slurp("$proc/cmdline") . (readlink("$proc/cwd") // '');
        push @found, $line if index($line, $dir) >= 0 && $proc ne "/proc/$$";
    }
    return @found;
}

# Of them what is left: PostgreSQL says that it has ended a moment before its process does.
sub left_in
{
    my ($dir) = @_;
    wait_for(sub { !processes($dir) }, 2);
    return join "\n", processes($dir);
}

sub walk
{
    my ($port, $url, $env) = @_;
    my $browser = Test::GptOauth::Browser->new($port);
    $browser->follow($browser->get($url));
    $browser->sign_in($env->{USERNAME}, $env->{PASSWORD});
    return $browser->decide('allow');
}

sub read_tokens { my ($command) = @_; return eval { JSON::PP::decode_json(Test::GptOauth::run({}, 'sh', '-c', $command)->{out}) } // {} }

sub test_flow
{
    my ($port, $env, $out) = @_;
    my $http = Test::GptOauth::Http->new($port);

    my ($url) = $out =~ m{^\s*(\Q$env->{AUTHORIZE_URL}\E\?\S+)$}m;
    ok($url, 'there is something to open') or return;
    my $redirect = walk($port, $url, $env);
    like($redirect->location, qr{^\Q$env->{ISSUER}\E/callback\?}, 'sign in, allow: back to the app');
    my $page = $http->get($redirect->location =~ s/^\Q$env->{ISSUER}\E//r);
    like($page->body, qr/with a code/, '... which has a page for that');
    unlike($page->body, qr/\Q$env->{CLIENT_SECRET}\E/, '... without the secret');
    my ($finished) = $page->body =~ m{<pre>(\. .*?)</pre>};
    my $tokens = read_tokens($finished =~ s/\bcurl\b/curl -s/r);
    ok($tokens->{access_token} && $tokens->{refresh_token}, 'the command on the page, pasted into a shell, answers tokens');

    my ($exchange) = $out =~ /^\s*(curl -u .*)$/m;
    my $code = walk($port, $url, $env)->answer->{code};
    $tokens = read_tokens($exchange =~ s/^curl/curl -s/r =~ s/\bCODE\b/$code/r);
    ok($tokens->{access_token} && $tokens->{refresh_token}, 'so does the one that was printed');
    is($http->get('/callback?code=%3Cscript%3E')->body =~ /<script|<pre>/ ? 'shown' : 'not shown', 'not shown', 'a page for codes only');
    like($http->get('/callback?error=access_denied&state=demo')->body, qr/with an error: <strong>access_denied</, '... and for errors');
    my ($call) = $out =~ /^\s*(curl -H "Authorization.*)$/m;
    $call =~ s/^curl/curl -s/;
    $call =~ s/\bTOKEN\b/$tokens->{access_token}/;
    like(qx($call), qr/alice/, 'the third says hello');

    my ($service) = $out =~ /^\s*(curl -H "Authorization: Bearer gptk_.*)$/m;
    is(JSON::PP::decode_json(qx($service -s))->{message}, 'Hello, service demo!', 'the one with a service key does, too');
    is($service, qq(curl -H "Authorization: Bearer $env->{SERVICE_KEY}" $env->{SERVICE_URL}), '... which .demo/env has: SERVICE_URL and SERVICE_KEY');
    is(qx(curl -s -o /dev/null -w '%{http_code}' -H "X-API-Key: $env->{SERVICE_KEY}" $env->{SERVICE_URL}), '200', '... for a header of its own, too');
    is(qx(curl -s -o /dev/null -w '%{http_code}' $env->{SERVICE_URL}), '401', '... and nothing without');

    my ($verifier, $challenge) = Test::GptOauth::Flow::pkce();
    my $public = 'http://127.0.0.1:45678/callback';
    my %request = (response_type => 'code', client_id => $env->{PUBLIC_CLIENT_ID}, redirect_uri => $public, state => 'x', code_challenge => $challenge,
        code_challenge_method => 'S256');
    $code = walk($port, '/oauth/authorize?' . Test::GptOauth::Http::form(%request), $env)->answer->{code};
    my $answer = $http->post('/oauth/token', { grant_type => 'authorization_code', code => $code, redirect_uri => $public,
        client_id => $env->{PUBLIC_CLIENT_ID}, code_verifier => $verifier });
    is($answer->verdict, 200, 'the public client, on a port of its own, with PKCE');
    return;
}

for my $db (dbs()) {
    subtest "on $db" => sub {
        my $dir = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);
        chmod 0755, $dir;
        push @dirs, $dir;
        my $port = Test::GptOauth::free_port();
        my @options = ('--dir', $dir, '--port', $port, '--db', $db);
        my $started = demo(@options, '--detach');
        is($started->{status}, 0, './demo --detach') or BAIL_OUT($started->{err});

        my ($curl) = (split /\n/, $started->{out})[-1] =~ /^\s*(curl .*)$/;
        like(qx($curl -s -i), qr{^HTTP/1\.1 200 }, 'it ends with a curl line that works');
        my $env = read_env("$dir/env");
        is(join(' ', sort keys %$env), join(' ', sort @names, $db eq 'pgsql' ? 'PGDATA' : ()), '.demo/env has every variable');
        is((stat "$dir/env")[2] & 077, 0, '... for nobody else to read');
        is($env->{HELLO_URL}, "http://localhost:$port/api/hello", 'HELLO_URL');
        is(Test::GptOauth::Http->new($port)->get('/api/hello')->status, 401, '... wants a token');
        ok(kill(0 => Test::GptOauth::slurp($env->{HTTPD_PID_FILE})), 'HTTPD_PID_FILE');
        ok(-s $env->{ERROR_LOG}, 'ERROR_LOG');
        like(qx($env->{GPTOAUTH} --db-conf $env->{DB_CONF} user list), qr/^alice /m, 'GPTOAUTH and DB_CONF');
        like(qx($env->{GPTOAUTH} --db-conf $env->{DB_CONF} gpt $env->{CLIENT_ID}), qr/^ *Token URL +\Q$env->{TOKEN_URL}\E$/m, '... which says where the server is');
        ok(-e "$env->{PGDATA}/PG_VERSION", 'PGDATA') if $db eq 'pgsql';
        ok(eval { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }, 'it listens on loopback');
        test_flow($port, $env, $started->{out});
        my ($try) = $started->{out} =~ /^\s*(\. .*&& printf .* try "Demo GPT" .*)$/m;
        like(Test::GptOauth::run({}, 'sh', '-c', $try)->{out}, qr/Everything worked/, 'it prints a `gptoauth try` that works');
        my $http = Test::GptOauth::Http->new($port);
        is($http->get('/openapi.json')->json->{servers}[0]{url}, $env->{ISSUER}, 'it describes itself');
        my $manifest = $http->get('/.well-known/ai-plugin.json')->json;
        is($manifest->{api}{url}, "$env->{ISSUER}/openapi.json", '... to plugin hosts too');
        for my $row ([ logo_url => 'image/png' ], [ legal_info_url => 'text/html' ]) {
            my ($name, $type) = @$row;
            my $response = $http->get($manifest->{$name} =~ s/^\Q$env->{ISSUER}\E//r);
            is(join(' ', $response->status, $response->header('Content-Type')), "200 $type", "... with a $name");
        }
        for my $origin (qw(https://chat.openai.com https://chatgpt.com)) {
            is($http->get($_, headers => [ Origin => $origin ])->header('Access-Control-Allow-Origin'), $origin, "$origin may call $_") for qw(/hello /api/hello /service/hello);
        }

        my $second = demo(@options, '--detach');
        ok($second->{status} == 1 && $second->{err} =~ /is already running/, 'a second ./demo says that one runs');
        my $taken = demo('--dir', "$dir/other", '--port', $port);
        ok($taken->{status} == 1 && $taken->{err} =~ /port $port is in use/, 'a port that is taken');

        my $stopped = demo('--stop', '--dir', $dir);
        is($stopped->{status}, 0, './demo --stop');
        my $postgres = $db eq 'pgsql' ? ' and PostgreSQL' : '';
        like($stopped->{out}, qr/^demo: httpd \(process \d+\)$postgres ended; users and clients stay in \Q$dir\E$/, '... says what it did');
        is(left_in($dir), '', '... leaves no process');
        is(demo('--stop', '--dir', $dir)->{out}, "demo: nothing was running\n", '... and again');
        unlike(Test::GptOauth::slurp($env->{ERROR_LOG}), qr/\[\w*:(?:error|crit|alert|emerg)\]/, 'nothing went wrong in the log');

        my $again = demo(@options, '--detach');
        is($again->{status}, 0, 'started again');
        is_deeply(read_env("$dir/env"), $env, '... with the same users and clients');
        demo('--stop', '--dir', $dir);

        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            setpgrp;
            open STDOUT, '>', "$dir/foreground";
            open STDERR, '>&', \*STDOUT;
            exec $demo, @options;
        }
        for (1 .. 300) {
            last if Test::GptOauth::slurp("$dir/foreground") =~ /curl \S+hello$/m;
            sleep 0.1;
        }
        kill INT => -$pid;
        waitpid $pid, 0;
        is(left_in($dir), '', 'Ctrl-C ends everything');
    };
}

my $wrong = demo('--db', 'mysql');
ok($wrong->{status} == 1 && $wrong->{err} =~ /sqlite3 or pgsql/, 'a database that is not known');
is(demo('--frobnicate')->{status}, 2, 'an option that is not known');
done_testing();
