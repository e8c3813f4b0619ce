#!/usr/bin/perl
# Redirect URIs: what matches a registered one, and what only looks like it.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

# What a parser or a person could take for https://rp.example/cb.
my @refused = (
    [ 'case 42: a path below', 'https://rp.example/cb/extra' ],
    [ 'case 42: a slash more', 'https://rp.example/cb/' ],
    [ 'case 42: a path above', 'https://rp.example/' ],
    [ 'case 42: a dot segment', 'https://rp.example/x/../cb' ],
    [ 'case 42: an encoded dot segment', 'https://rp.example/x/%2e%2e/cb' ],
    [ 'case 42: an encoded character', 'https://rp.example/%63b' ],
    [ 'case 42: a longer path', 'https://rp.example/cbx' ],
    [ 'case 44: a query', 'https://rp.example/cb?x=1' ],
    [ 'case 44: an empty query', 'https://rp.example/cb?' ],
    [ 'case 45: a code in the query', 'https://rp.example/cb?code=attackercode' ],
    [ 'case 46: a matrix parameter', 'https://rp.example/cb;x=1' ],
    [ 'case 48: the host in upper case', 'https://RP.example/cb' ],
    [ 'case 48: the path in upper case', 'https://rp.example/CB' ],
    [ 'case 48: the scheme in upper case', 'HTTPS://rp.example/cb' ],
    [ 'case 49: the registered host as user', 'https://rp.example@evil.example/cb' ],
    [ 'case 49: a user', 'https://evil@rp.example/cb' ],
    [ 'case 49: the registered URI as user', 'https://rp.example%2fcb@evil.example/cb' ],
    [ 'case 50: a backslash before @', 'https://rp.example\\@evil.example/cb' ],
    [ 'case 50: backslashes for slashes', 'https:\\\\evil.example\\cb' ],
    [ 'case 50: a backslash in the path', 'https://rp.example\\cb' ],
    [ 'case 52: a fragment', 'https://rp.example/cb#x' ],
    [ 'case 52: an empty fragment', 'https://rp.example/cb#' ],
    [ 'case 52: a bare hash', '#' ],
    [ 'case 53: the default port', 'https://rp.example:443/cb' ],
    [ 'case 53: another port', 'https://rp.example:8443/cb' ],
    [ 'case 53: an empty port', 'https://rp.example:/cb' ],
    [ 'case 53: another scheme', 'http://rp.example/cb' ],
    [ 'case 54: a longer host', 'https://rp.example.evil.example/cb' ],
    [ 'case 54: a host with a prefix', 'https://evilrp.example/cb' ],
    [ 'case 54: a subdomain', 'https://evil.rp.example/cb' ],
    [ 'case 54: a trailing dot', 'https://rp.example./cb' ],
    [ 'case 56: an encoded NUL as text', 'https://rp.example/cb%00' ],
    [ 'case 56: a NUL', "https://rp.example/cb\0" ],
    [ 'case 56: a NUL before another host', "https://rp.example/cb\0.evil.example/" ],
    [ 'case 56: a header of its own', "https://rp.example/cb\r\nSet-Cookie: evil=1" ],
    [ 'case 56: a line feed', "https://rp.example/cb\n" ],
    [ 'case 56: a tab in the scheme', "h\tttps://rp.example/cb" ],
    [ 'case 56: a space in front', ' https://rp.example/cb' ],
    [ 'case 56: no UTF-8', "https://rp.example/cb\xff" ],
    [ 'case 1: no URI', 'rp.example/cb' ],
    [ 'case 1: an address without a scheme', '//rp.example/cb' ],
    [ 'case 57: a script', 'javascript:alert(1)//https://rp.example/cb' ],
);

my @loopback_accepted = (
    [ 'http://localhost/callback', 'http://localhost:33418/callback' ],
    [ 'http://localhost/callback', 'http://localhost/callback' ],
    [ 'http://127.0.0.1/callback', 'http://127.0.0.1:65535/callback' ],
    [ 'http://127.0.0.1:8080/callback', 'http://127.0.0.1:1/callback' ],
    [ 'http://[::1]/callback', 'http://[::1]:4711/callback' ],
    [ 'http://127.0.0.1', 'http://127.0.0.1:40421' ],
);

# Against http://localhost/callback and http://127.0.0.1/only.
my @loopback_refused = (
    [ 'case 61: another path', 'http://localhost:1/other' ],
    [ 'case 61: a slash more', 'http://localhost:1/callback/' ],
    [ 'case 61: a query', 'http://localhost:1/callback?x=1' ],
    [ 'case 61: a user', 'http://evil@localhost:1/callback' ],
    [ 'case 61: a user like a port', 'http://localhost:1@evil.example/callback' ],
    [ 'case 61: the other loopback name', 'http://127.0.0.1:1/callback' ],
    [ 'case 61: the other one of the other', 'http://localhost:1/only' ],
    [ 'case 61: https', 'https://localhost:1/callback' ],
    [ 'case 61: a fragment', 'http://localhost:1/callback#x' ],
    [ 'case 61: upper case', 'http://LOCALHOST:1/callback' ],
    [ 'case 61: port 0', 'http://localhost:0/callback' ],
    [ 'case 61: a port beyond the last', 'http://localhost:65536/callback' ],
    [ 'case 61: a port of letters', 'http://localhost:80a/callback' ],
    [ 'case 61: a signed port', 'http://localhost:+80/callback' ],
    [ 'case 61: a port with leading zeros', 'http://localhost:00080/callback' ],
    [ 'case 62: localhost as a prefix', 'http://localhost.evil.example:1/callback' ],
    [ 'case 62: 127.0.0.1 as a prefix', 'http://127.0.0.1.evil.example/only' ],
    [ 'case 62: a hexadecimal address', 'http://0x7f000001/only' ],
    [ 'case 62: a short address', 'http://127.1/only' ],
    [ 'case 62: a decimal address', 'http://2130706433/only' ],
    [ 'case 62: another address of the block', 'http://127.0.0.2/only' ],
    [ 'case 62: all addresses', 'http://0.0.0.0:1/only' ],
    [ 'case 62: a mapped address', 'http://[::ffff:127.0.0.1]:1/only' ],
);

my @never_registered = (
    [ 'case 57: a script', 'javascript:alert(1)' ],
    [ 'case 57: a script in odd case', 'JaVaScRiPt:alert(1)' ],
    [ 'case 57: data', 'data:text/html,x' ],
    [ 'case 57: another script', 'vbscript:x' ],
    [ 'case 57: a file', 'file:///etc/passwd' ],
    [ 'case 57: a blob', 'blob:https://rp.example/x' ],
    [ 'case 57: a page of the browser', 'about:blank' ],
    [ 'case 58: http', 'http://rp.example/cb' ],
    [ 'case 58: http to what looks like loopback', 'http://127.0.0.1.evil.example/cb' ],
    [ 'case 65: a wildcard', 'https://*.example/cb' ],
    [ 'case 52: a fragment', 'https://rp.example/cb#x' ],
    [ 'case 49: a user', 'https://a@rp.example/cb' ],
    [ 'case 50: a backslash', 'https://rp.example\\cb' ],
);

on_each_db({}, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    my $public = $t->client_add('public', public => 1);
    is($t->ask($_, {}), '200 sign-in', 'the registered URI is accepted') for $client, $public;
    for my $row (@refused) {
        my ($name, $uri) = @$row;
        is($t->ask($_, { redirect_uri => $uri }), '400 page', $name) for $client, $public;
    }
    my $grant = $t->code_for($client);
    is(
        $t->redeem($grant, { redirect_uri => 'https://rp.example/cb#x' })->verdict, '400 invalid_grant',
        'case 52: a fragment does not pass at the token endpoint either'
    );

    for my $row (@loopback_accepted) {
        my ($registered, $given) = @$row;
        my $native = $t->client_add("native at $registered for $given", public => 1, redirect => $registered);
        my $got = $t->code_for($native, params => { redirect_uri => $given });
        is($t->outcome($native, $got->{response}, redirect_uri => $given), '303 code', "case 60: $registered allows $given");
        is($t->redeem($got)->status, 200, 'case 60: and the code is good there');
    }
    my $native = $t->client_add('native', public => 1, redirect => [ 'http://localhost/callback', 'http://127.0.0.1/only' ]);
    for my $row (@loopback_refused) {
        my ($name, $uri) = @$row;
        is($t->ask($native, { redirect_uri => $uri }), '400 page', $name);
    }
    my $got = $t->code_for($native, params => { redirect_uri => 'http://localhost:1111/callback' });
    is(
        $t->redeem($got, { redirect_uri => 'http://localhost:2222/callback' })->verdict, '400 invalid_grant',
        'case 61: the code stays bound to the port it was sent to'
    );

    my @hosts = (Host => 'evil.example', 'X-Forwarded-Host' => 'evil.example', Forwarded => 'host=evil.example');
    my $response = $t->http->get($t->authorize_url($client, scope => 'nope'), headers => \@hosts);
    is($t->outcome($client, $response), '302 invalid_scope', 'case 64: the Host header changes neither Location nor iss');
    $response = $t->http->get($t->authorize_url($client), headers => \@hosts);
    unlike($response->head . $response->body, qr/evil\.example/, 'case 64: nor the page');
    $response = $t->http->get('/api/notes.txt', headers => \@hosts);
    unlike($response->head, qr/evil\.example/, 'case 64: nor the challenge');
    my $tokens = $t->tokens_for($client);
    is($t->fetch('/api/notes.txt', $tokens->{access_token}, headers => \@hosts)->status, 200,
        'case 64: nor what a token is good for');

    my $huge = 'https://rp.example/' . 'a' x 65000;
    like($t->http->get($t->authorize_url($client, redirect_uri => $huge))->status, qr/^(?:400|414)$/,
        'case 66: 64 KB in the URL');
    my $form = Test::GptOauth::Http::form($t->authorize_params($client, redirect_uri => $huge));
    like($t->http->post('/oauth/authorize', $form)->status, qr/^(?:400|413)$/, 'case 66: 64 KB in the body');
    $form = Test::GptOauth::Http::form($t->authorize_params($client, redirect_uri => substr $huge, 0, 60000));
    is($t->outcome($client, $t->http->post('/oauth/authorize', $form)), '400 page',
        'case 66: 60 KB are read and do not match');

    for my $row (@never_registered) {
        my ($name, $uri) = @$row;
        my $result = $t->try_gptoauth('', 'client', 'add', "never $uri", '--redirect', $uri);
        ok($result->{status} && $result->{err} =~ /\S/, "$name cannot be registered by the command");
    }
});

done_testing;
