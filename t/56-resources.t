#!/usr/bin/perl
# Tokens bound to a resource (RFC 8707): what may be asked for, what comes of it, and where it is good.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::GptOauth;

on_each_db({ conf => <<'EOC' }, sub {
Listen 127.0.0.1:%%PORT_A%%
<Location /strict>
    AuthType GPTOAuth
    Require oauth-scope read
    GPTOAuthRequireAudience on
</Location>
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName https://api.example
    GPTOAuthIssuer https://api.example
</VirtualHost>
<Location /api,b>
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
<Location "/api>b">
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
EOC
    my ($t) = @_;
    my $client = $t->client_add('notes');
    my $base = $t->issuer;
    my $tokens = sub { my (@other) = @_; return $t->tokens_for($client, @other) };
    my $works = sub { my ($token, $path) = @_; return $t->fetch("$path/notes.txt", $token)->status };
    $t->write_file("htdocs/$_/notes.txt", "protected data\n") for 'api,b', 'api>b';

    my $bound = $tokens->(params => { resource => "$base/api" });
    is($works->($bound->{access_token}, '/api'), 200, 'case 253: a token for a resource is good there');
    is($works->($bound->{access_token}, $_), 401, "case 253: and nowhere else, such as $_") for '/write', '/api%3Eb';
    is($works->($tokens->(params => { resource => "$base/api%3eb" })->{access_token}, '/api%3eb'), 200, 'case 253: whose name may hold what ends a section');
    is($t->ask($client, { resource => $_ }), '302 invalid_target', "case 254: resource $_")
        for 'foo', "$base/api#x", "$base/elsewhere", "$base/api/hello", 'https://evil.example/api';
    my $both = "&resource=$base/write";
    is($t->ask($client, { resource => "$base/api" }, $both), '200 sign-in', 'case 254: several resources');
    is($t->ask($client, { resource => "$base/api" }, "&resource=$base/elsewhere"), '302 invalid_target', 'case 254: of which one is unknown');
    is($t->redeem($t->code_for($client), { resource => $_ })->verdict, '400 invalid_target', "case 254: resource $_ at the token endpoint")
        for 'foo', "$base/api#x", "$base/elsewhere";

    my $refused = '400 invalid_target';
    my $grant = $t->code_for($client, params => { resource => "$base/api" });
    is($t->redeem($grant, { resource => "$base/write" })->verdict, $refused, 'case 256: another resource at the token endpoint');
    is($t->redeem($grant, { resource => "$base/api" })->status, 200, 'case 256: burns nothing; the same one is fine');
    is($t->refresh($client, $bound->{refresh_token}, { resource => "$base/write" })->verdict, $refused, 'case 256: nor at refresh');
    my $next = $t->refresh($client, $bound->{refresh_token})->json;
    is($works->($next->{access_token}, '/api'), 200, 'case 256: a refresh that names none stays bound');
    is($works->($next->{access_token}, '/write'), 401, 'case 256: to the same one');

    my $upper = $base =~ s{^http://localhost}{HTTP://LOCALHOST}r;
    is($t->ask($client, { resource => "$upper/api" }), '200 sign-in', 'case 258: scheme and host in upper case');
    is($t->ask($client, { resource => "$base/api/" }), '200 sign-in', 'case 258: one slash more');
    for my $typed ("$base/api?team=7", "$base/api/?a=b&c", "$base/api?") {
        my $issued = $tokens->(params => { resource => $typed });
        is($works->($issued->{access_token}, '/api'), 200, "case 253: resource $typed is that of the Location");
        is($works->($issued->{access_token}, '/write'), 401, 'case 253: ... and of no other');
        is($t->refresh($client, $issued->{refresh_token}, { resource => $typed })->verdict, '200', '... at refresh too');
    }
    is($t->ask($client, { resource => $_ }), '302 invalid_target', "case 254: resource $_") for "$base/elsewhere?x", "$base/?/api", "$base/api?x#y";
    is($t->ask($client, { resource => "$base/api//" }), '302 invalid_target', 'case 258: two slashes more');
    is($t->ask($client, { resource => "$base/API" }), '302 invalid_target', 'case 258: the path in upper case');
    my $https = Test::GptOauth::Http->new($t->port('A'));
    for my $case ([ 'https://api.example:443/api', 200 ], [ 'HTTPS://API.example:443/api/', 200 ], [ 'https://api.example:80/api', 302 ], [ 'http://api.example/api', 302 ]) {
        my ($uri, $status) = @$case;
        is($https->get($t->authorize_url($client, resource => $uri))->status, $status, "case 258: $uri where the issuer is https");
    }

    # A GPT names no resource, and its tokens are good wherever a Location does not want its own.
    my $gpt = $t->tokens_for($t->client_add('gpt', gpt => 1));
    is($works->($gpt->{access_token}, '/api'), 200, 'case 257: a token for no resource');
    is($works->($gpt->{access_token}, '/strict'), 401, 'case 257: is not good where the Location wants its own');
    my $strict = $tokens->(params => { resource => "$base/strict" });
    is($works->($strict->{access_token}, '/strict'), 404, 'case 257: as this one is');
    my $later = $t->redeem($t->code_for($client), { resource => "$base/strict" })->json;
    is($works->($later->{access_token}, '/strict'), 404, 'case 253: which may be asked for at the token endpoint, too');
    is($works->($later->{access_token}, '/api'), 401, 'case 253: and can then do less');

    # A comma separates scopes; in a URI it is a character like others.
    my $comma = $tokens->(params => { resource => "$base/api,b" });
    is($works->($comma->{access_token}, '/api,b'), 200, 'case 238: a resource with a comma');
    is($works->($comma->{access_token}, '/api'), 401, 'case 238: is not the one before the comma');
    $grant = $t->code_for($client, params => { resource => "$base/api,b" });
    is($t->redeem($grant, { resource => "$base/api" })->verdict, $refused, 'case 256: nor can it be narrowed to that');
});
done_testing;
