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
my $resource = '/.well-known/oauth-protected-resource';
my $openid = '/.well-known/openid-configuration';

sub nothing { my ($name, $response) = @_; return is($response->status . ($response->json->{error} // ''), '404invalid_request', $name) }

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
        prompt_values_supported => [qw(none login consent select_account)],
        grant_types_supported => [ 'authorization_code', 'refresh_token', 'client_credentials' ],
        token_endpoint_auth_methods_supported => [ 'none', 'client_secret_post', 'client_secret_basic' ],
        revocation_endpoint => "$origin/oauth/revoke",
        revocation_endpoint_auth_methods_supported => [ 'none', 'client_secret_post', 'client_secret_basic' ],
        introspection_endpoint => "$origin/oauth/introspect",
        introspection_endpoint_auth_methods_supported => [ 'client_secret_post', 'client_secret_basic' ],
        code_challenge_methods_supported => ['S256'],
        scopes_supported => [qw(admin hello offline_access read write)],
        authorization_response_iss_parameter_supported => JSON::PP::true,
        client_id_metadata_document_supported => JSON::PP::true
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
Listen 127.0.0.1:%%PORT_B%%
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName localhost:%%PORT_B%%
    GPTOAuthIssuer http://localhost:%%PORT_B%%/t1/t2
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
    my ($path, $plain_path) = map { Test::GptOauth::Http->new($t->port($_)) } qw(A B);
    my $issuer = 'http://localhost:' . $t->port('A') . '/t1/t2';
    is_deeply($path->get("$server/t1/t2")->json, expected($issuer), 'case 222: an issuer with a path');
    for my $case ([ $path, $server ], [ $path, "$server/" ], map { [ $path, "$server/$_" ] } qw(t1 t1/t2/ t1/t2/t3 T1/t2 t2/t1), map { [ $t->http, "$server/$_" ] } '', 't1/t2') {
        my ($http, $url) = @$case;
        nothing("case 222: $url is not there, and says so in JSON", $http->get($url));
    }
    nothing("case 222: OpenID Connect is not spoken at $_->[1]", $_->[0]->get($_->[1]))
        for [ $t->http, $openid ], [ $t->http, "$openid/t1/t2" ], [ $plain_path, "$openid/t1/t2" ], [ $plain_path, "/t1/t2$openid" ], [ $plain_path, $openid ];
    is($path->get($openid)->body, "plain\n", 'case 222: and where somebody else speaks it, it is theirs');
    return $t->finish;
}

# Locations of all kinds, and what they tell of themselves.
my $locations = <<'EOC';
Listen 127.0.0.1:%%PORT_A%%
Listen 127.0.0.1:%%PORT_B%%
<Location /mcp>
    AuthType GPTOAuth
    <RequireAll>
        Require oauth-scope read
        <RequireAny>
            Require oauth-scope write
            Require user alice
        </RequireAny>
    </RequireAll>
</Location>
<Location /mcp/admin>
    Require oauth-scope admin
</Location>
<Location /mcp/inner/>
    AuthType GPTOAuth
    <Limit GET>
        Require oauth-scope hello
    </Limit>
</Location>
<Location "/any body">
    AuthType GPTOAuth
    Require valid-user
</Location>
<Location /named>
    AuthType GPTOAuth
    GPTOAuthResource http://localhost:%%PORT%%/Other/name
    Require oauth-scope write
</Location>
<LocationMatch "^/match/">
    AuthType GPTOAuth
    GPTOAuthResource http://localhost:%%PORT%%/match
    Require oauth-scope hello
</LocationMatch>
<Directory "%%DIR%%/htdocs/files">
    AuthType GPTOAuth
    GPTOAuthResource https://elsewhere.example/files
    Require oauth-scope read
    <Files secret.txt>
        Require oauth-scope admin
    </Files>
</Directory>
<Location /alias>
    AuthType GPTOAuth
    GPTOAuthResource https://alias.example/mcp2
    Require oauth-scope read
</Location>
<Location /overruled/inner>
    Require oauth-scope admin
</Location>
<Location /overruled>
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
<Location /merged/inner>
    Require oauth-scope admin
</Location>
<Location /merged>
    AuthType GPTOAuth
    AuthMerging And
    Require oauth-scope read
</Location>
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%/t1
    <Location />
        AuthType GPTOAuth
        Require oauth-scope read
    </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName none
</VirtualHost>
EOC

sub test_resources {
    my $t = Test::GptOauth->new(db => $db, conf => $locations, start => 0);
    $t->write_file("htdocs/files/$_.txt", "protected data\n") for qw(notes secret);
    $t->start;
    my $base = $t->issuer;
    my $other = 'http://localhost:' . $t->port('A');
    my $a = Test::GptOauth::Http->new($t->port('A'));
    my $document = sub { my ($issuer, $uri, @scopes) = @_;
        return { resource => $uri, authorization_servers => [$issuer], scopes_supported => \@scopes, bearer_methods_supported => ['header'] } };
    my @mcp = ("$base/mcp", qw(admin read write));
    for my $case (
        [ '/mcp', @mcp ], [ '/mcp/', @mcp ],
        [ '/mcp/inner', "$base/mcp/inner", 'hello' ],
        [ '/any%20body', "$base/any%20body", 'read' ],
        [ '/named', "$base/Other/name", 'write' ], [ '/Other/name', "$base/Other/name", 'write' ],
        [ '/match', "$base/match", 'hello' ],
        [ '/overruled', "$base/overruled", 'read' ],
        [ '/merged', "$base/merged", qw(admin read) ],
        [ '/alias', 'https://alias.example/mcp2', 'read' ],
        [ '/api', "$base/api", qw(hello read) ],
    ) {
        my ($path, @expected) = @$case;
        my $response = $t->http->get("$resource$path");
        is_deeply($response->status == 200 ? $response->json : $response->status, $document->($base, @expected), "case 226: $path");
        unlike($response->body, qr/offline_access|null/, 'case 228: no offline_access');
    }
    nothing("case 226: $_ is not protected", $t->http->get("$resource$_"))
        for '', '/', '/plain.txt', '/mc', '/mcpx', '/MCP', '/other/name', '/matchx', '/files', '/mcp2', '/oauth/authorize', $resource, '/mcp/../plain.txt';
    nothing("case 226: $_ lies within a resource, and is none", $t->http->get("$resource$_")) for '/mcp/some/thing', '/mcp/admin', '/mcp/inner/x', '/api/hello';
    my $root = $document->("$other/t1", $other, 'read');
    is_deeply($a->get("$resource$_")->json, $root, "case 226: where all is protected, '$_' tells of it") for '', '/';
    nothing("case 226: $_ lies within it", $a->get("$resource$_")) for '/plain.txt', '/matchx';
    is($a->get("$resource/mcp")->json->{resource}, "$other/mcp", 'case 226: and what is protected by itself of itself');
    my $mcp = $t->http->get("$resource/mcp");
    is($t->http->get("$resource/mcp", headers => [ Host => 'evil.example', 'X-Forwarded-Host' => 'evil.example' ])->body, $mcp->body, 'case 224: no header changes it');
    like($mcp->header('Cache-Control'), qr/^public, max-age/, 'case 225: it may be kept');
    is($t->http->request(HEAD => "$resource/mcp", headers => [ Origin => 'https://app.example' ])->header('Access-Control-Allow-Origin'), '*', 'case 225: CORS');
    is(Test::GptOauth::Http->new($t->port('B'))->get("$resource/mcp")->header('Content-Type'), 'text/html; charset=iso-8859-1', 'without an issuer the URL is not ours');
    my $redeemed = $t->tokens_for($t->client_add('notes'), params => { resource => "$base/any%20body" });
    is($t->fetch('/any%20body', $redeemed->{access_token})->status, 404, 'case 253: a token for a resource with a space in its path is good there');
    is($t->fetch('/mcp', $redeemed->{access_token})->status, 401, 'case 238: and not elsewhere');

    # Challenges lead to these documents: RFC 9728 section 5.1.
    for my $case (
        [ $t->http, '/mcp', 'read write', "$base$resource/mcp" ],
        [ $t->http, '/mcp/admin/x', 'admin', "$base$resource/mcp" ],
        [ $t->http, '/mcp/inner/x', 'hello', "$base$resource/mcp/inner" ],
        [ $t->http, '/any%20body', 'read', "$base$resource/any%20body" ],
        [ $t->http, '/named/x', 'write', "$base$resource/Other/name" ],
        [ $t->http, '/match/x', 'hello', "$base$resource/match" ],
        [ $t->http, '/alias', 'read', "$base$resource/alias" ],
        [ $t->http, '/files/notes.txt', 'read', "https://elsewhere.example$resource/files" ],
        [ $t->http, '/files/secret.txt', 'admin', "https://elsewhere.example$resource/files" ],
        [ $a, '/plain.txt', 'read', "$other$resource" ],
    ) {
        my ($http, $path, $scope, $metadata) = @$case;
        my ($issuer, @challenge) = ($http == $a ? "$other/t1" : $base, $http->get($path)->headers('WWW-Authenticate'));
        is("@challenge", qq{Bearer realm="$issuer", scope="$scope", resource_metadata="$metadata"}, "case 229: the challenge of $path, without error");
        my ($error) = $http->get($path, headers => [ Authorization => 'Bearer x' ])->header('WWW-Authenticate') =~ /^Bearer realm="[^"]*", error="invalid_token", error_description="[^"]*", (.*)/;
        is($error, qq{scope="$scope", resource_metadata="$metadata"}, 'case 230: as that of a bad token');
        next if $metadata =~ /elsewhere/;
        (my $there = $metadata) =~ s{^http://[^/]+}{};
        is($http->get($there)->status, 200, 'case 229: what it names is there');
    }
    return $t->finish;
}

test_server();
test_resources();
done_testing();
