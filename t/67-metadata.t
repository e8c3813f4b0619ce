#!/usr/bin/perl
# What clients find out by themselves: the metadata of the authorization server (RFC 8414) and of the resources (RFC 9728).
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::GptOauth;

my $db = (dbs())[0];
my $server = '/.well-known/oauth-authorization-server';

# Everything of the document, for this issuer.
sub expected {
    my ($issuer) = @_;
    my ($origin) = $issuer =~ m{^(\w+://[^/]+)};
    return {
        issuer => $issuer,
        authorization_endpoint => "$origin/oauth/authorize",
        token_endpoint => "$origin/oauth/token",
        response_types_supported => ['code'],
        response_modes_supported => ['query'],
        grant_types_supported => [ 'authorization_code', 'refresh_token', 'client_credentials' ],
        token_endpoint_auth_methods_supported => [ 'none', 'client_secret_post', 'client_secret_basic' ],
        revocation_endpoint => "$origin/oauth/revoke",
        revocation_endpoint_auth_methods_supported => [ 'none', 'client_secret_post', 'client_secret_basic' ],
        introspection_endpoint => "$origin/oauth/introspect",
        introspection_endpoint_auth_methods_supported => [ 'client_secret_post', 'client_secret_basic' ],
        code_challenge_methods_supported => ['S256'],
        scopes_supported => [qw(admin hello offline_access read write)],
        authorization_response_iss_parameter_supported => JSON::PP::true
    };
}

sub test_server {
    my $t = Test::GptOauth->new(db => $db, conf => <<'EOC');
Listen 127.0.0.1:%%PORT_A%%
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%/t1/t2
    RewriteEngine on
    RewriteRule ^ /plain.txt
</VirtualHost>
EOC
    my $base = $t->issuer;
    my $response = $t->http->get($server);
    is($response->status . ' ' . $response->header('Content-Type'), '200 application/json;charset=UTF-8', 'case 221: the document is JSON');
    is_deeply($response->json, expected($base), 'case 221: the issuer as configured, and nothing that is not served');
    unlike($response->body, qr/null/, 'no null');
    like($response->header('Cache-Control'), qr/^public, max-age=\d+$/, 'case 225: it may be kept for a while');
    my $head = $t->http->request(HEAD => $server);
    is($head->status . ' ' . $head->header('Content-Length'), '200 ' . length $response->body, 'case 225: HEAD');
    is($t->http->get($server, headers => [ 'If-None-Match' => $response->header('ETag') ])->status, 304, 'case 225: ETag');
    is($t->http->post($server, 'a=b')->status, 405, 'POST is 405');
    for my $header (qw(Host X-Forwarded-Host X-Host X-Original-Host)) {
        my $other = $t->http->get($server, headers => [ $header => 'evil.example', 'X-Forwarded-Proto' => 'https', Forwarded => 'host=evil.example' ]);
        is($other->body, $response->body, "case 224: $header changes nothing");
    }
    my $path = Test::GptOauth::Http->new($t->port('A'));
    my $issuer = 'http://localhost:' . $t->port('A') . '/t1/t2';
    is_deeply($path->get("$server/t1/t2")->json, expected($issuer), 'case 222: an issuer with a path');
    for my $case ([ $path, $server ], [ $path, "$server/" ], map { [ $path, "$server/$_" ] } qw(t1 t1/t2/ t1/t2/t3 T1/t2 t2/t1), map { [ $t->http, "$server/$_" ] } '', 't1/t2') {
        my ($http, $url) = @$case;
        my $none = $http->get($url);
        is($none->status . ($none->json->{error} // ''), '404invalid_request', "case 222: $url is not there, and says so in JSON");
    }
    return $t->finish;
}

test_server();
done_testing();
