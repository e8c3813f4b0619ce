#!/usr/bin/perl
# The endpoints in a real configuration: nothing takes their URLs, no .htaccess gets to sign anybody in, and httpd's own rules
# (authentication, https, keep-alive, HTTP/2) go on as everywhere.
use strict;
use warnings;
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;

my $db = (dbs())[0];
my $backend = Test::GptOauth::Backend->new;
my $url = $backend->url;
my @basic = (Authorization => 'Basic ' . encode_base64('mallory:secret', ''));
my $passwords = "mallory:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

# Each claims the whole URL space of a virtual host.
my @claims = (
    [ 'ProxyPass', "ProxyPass / $url/" ],
    [ 'an early ProxyPass', "ProxyPass / $url/ mapping=servlet" ],
    [ 'ProxyPassMatch', "ProxyPassMatch ^/(.*)\$ $url/\$1" ],
    [ 'ProxyPass in a Location', "<Location />\nProxyPass $url/\n</Location>" ],
    [ 'SetHandler in a Location', "<Location />\nSetHandler \"proxy:$url/\"\n</Location>" ],
    [ 'RewriteRule with [P]', "RewriteEngine on\nRewriteRule ^ $url/ [P]" ],
    [ 'RewriteRule', "RewriteEngine on\nRewriteRule ^ %%DIR%%/htdocs/taken.txt" ],
    [ 'RewriteRule with [PT]', "RewriteEngine on\nRewriteRule ^ /taken.txt [PT]" ],
    [ 'RewriteRule in a Location', "<Location />\nOptions +FollowSymLinks\nRewriteEngine on\nRewriteRule ^ $url/ [P]\n</Location>" ],
    [ 'RewriteRule in a Directory',
        "<Directory \"%%DIR%%/htdocs\">\nOptions +FollowSymLinks\nRewriteEngine on\nRewriteRule !^taken /taken.txt\n</Directory>" ],
    [ 'AliasMatch', 'AliasMatch ^ "%%DIR%%/htdocs/taken.txt"' ],
    [ 'Alias', 'Alias / "%%DIR%%/htdocs/sub/"' ],
    [ 'ScriptAlias', "Alias /taken.txt \"%%DIR%%/htdocs/taken.txt\"\nScriptAlias /oauth \"%%DIR%%/htdocs\"" ],
    [ 'Redirect', 'Redirect / http://elsewhere.example/' ],
    [ 'FallbackResource', 'FallbackResource /taken.txt' ],
    [ 'a .htaccess', 'DocumentRoot "%%DIR%%/wordpress"' ],
    [ 'a file', 'DocumentRoot "%%DIR%%/files"' ],
    [ 'Require all denied on the disk', "<Directory />\nRequire all denied\n</Directory>\n<Files *>\nRequire all denied\n</Files>" ],
);

sub test_claims {
    my $conf = '';
    for my $i (0 .. $#claims) {
        my $port = '%%PORT_' . chr(ord('A') + $i) . '%%';
        $conf .= <<"EOC";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    ServerName localhost:$port
    GPTOAuthIssuer http://localhost:$port
    $claims[$i][1]
</VirtualHost>
EOC
    }
    $conf .= "<Directory \"%%DIR%%/wordpress\">\nAllowOverride All\nOptions +FollowSymLinks\nRequire all granted\n</Directory>\n";
    my $t = Test::GptOauth->new(db => $db, conf => $conf, start => 0, allow => [qr/AH01276/]);
    $t->write_file("$_/taken.txt", "taken\n") for qw(htdocs htdocs/sub wordpress files);
    $t->write_file("files/$_", "taken\n") for qw(oauth/authorize oauth/token .well-known/oauth-authorization-server x);
    $t->write_file('wordpress/.htaccess', "RewriteEngine on\nRewriteBase /\nRewriteRule ^taken - [L]\nRewriteRule . /taken.txt [L]\n");
    $t->start;
    my $client = $t->client_add('notes');
    for my $i (0 .. $#claims) {
        my $name = $claims[$i][0];
        my $http = Test::GptOauth::Http->new($t->port(chr(ord('A') + $i)));
        my $other = $http->get($name eq 'ScriptAlias' ? '/taken.txt' : $name eq 'Alias' ? '/taken.txt' : '/x');
        like(join(' ', $other->status, $other->body), qr/taken|^200 GET|^30\d|^403/, "$name takes another URL");
        my $page = $http->get($t->authorize_url($client));
        like(join(' ', $page->status, $page->body), qr/^200 .*name="password"/s, "$name does not take the authorization endpoint");
        is($http->post('/oauth/token', 'a=b')->verdict, '401 invalid_client', "$name: nor the token endpoint");
        is($http->get($_)->status, 404, "$name: nor $_") for '/oauth', '/oauth/', '/oauth/none',
            '/.well-known/oauth-authorization-server/', '/.well-known/oauth-protected-resource/x';
        is($http->get($_)->status, 405, "$name: nor $_") for '/oauth/token/', '/oauth/revoke_token';
        is($http->get('/.well-known/oauth-authorization-server')->json->{issuer}, 'http://localhost:' . $http->{port}, "$name: nor the metadata");
    }
    return $t->finish;
}

# What a .htaccess of somebody else's might try. An unknown user may write into htdocs/~.
my %attempts = (
    'SetHandler' => 'SetHandler gpt-oauth-authorize',
    'ForceType' => "ForceType gpt-oauth-authorize\nAddHandler gpt-oauth-authorize .txt",
    'a rewrite to the endpoint' => "RewriteEngine on\nRewriteRule ^ /oauth/authorize [QSA]",
    'a rewrite to the handler' => "RewriteEngine on\nRewriteRule ^ - [H=gpt-oauth-authorize]",
    'DirectoryIndex' => 'DirectoryIndex /oauth/authorize',
    'FallbackResource' => 'FallbackResource /oauth/authorize',
    'ErrorDocument' => "ErrorDocument 404 /oauth/authorize",
    'Action' => "Action x /oauth/authorize virtual\nSetHandler x",
    'If' => "<If \"true\">\nSetHandler gpt-oauth-authorize\n</If>",
    'a cookie' => "RequestHeader set Cookie \"x=y\"\nSetHandler gpt-oauth-authorize",
);
my %refused = (
    'AuthType GPTOAuth' => "AuthType GPTOAuth\nRequire valid-user",
    'Require oauth-scope' => 'Require oauth-scope read',
    'Require oauth-client' => 'Require oauth-client x',
    'GPTOAuthIssuer' => 'GPTOAuthIssuer http://localhost',
    map { ("GPTOAuth$_" => "GPTOAuth$_ on") } qw(Resource RequireAudience PassToken PassHeaders LoginProvider),
);

sub test_htaccess {
    my $t = Test::GptOauth->new(
        db => $db,
        modules => [qw(actions)],
        conf => "<Directory \"%%DIR%%/htdocs\">\nAllowOverride All\nOptions +FollowSymLinks\n</Directory>\n",
        start => 0,
        allow => [qr/core:alert.*not allowed/]
    );
    my @names = sort keys %attempts;
    my @bad = sort keys %refused;
    $t->write_file('htdocs/passwords', $passwords);
    my $auth = "AuthType Basic\nAuthName x\nAuthBasicProvider file\nAuthUserFile \"%%DIR%%/htdocs/passwords\"\nRequire valid-user\n";
    for my $i (0 .. $#names) {
        $t->write_file("htdocs/~$i/.htaccess", "$auth$attempts{$names[$i]}\n");
        $t->write_file("htdocs/~$i/x.txt", "x\n");
    }
    $t->write_file("htdocs/bad$_/.htaccess", "$refused{$bad[$_]}\n") for 0 .. $#bad;
    $t->write_file("htdocs/bad$_/x.txt", "x\n") for 0 .. $#bad;
    $t->start;
    my $client = $t->client_add('notes');
    my ($query) = $t->authorize_url($client) =~ /(\?.*)/;
    for my $i (0 .. $#names) {
        for my $target ("/~$i/x.txt", "/~$i/", "/~$i/none") {
            is($t->http->get("$target$query")->status, 401, "$names[$i]: $target needs the password that its author chose");
            my $response = $t->http->get("$target$query", headers => \@basic);
            unlike($response->body, qr/name="decision"|mallory/, "$names[$i] in a .htaccess: $target asks no one for consent");
            is($response->location, undef, '... and gives no code');
            like($response->status, qr/^404|^200$/, "... and answers $target as it would without");
        }
    }
    is($t->http->get("/~$_/$query", headers => \@basic)->status, 404, "$names[$_] in a .htaccess is 404") for 0 .. $#names;
    is($t->sql('SELECT count(*) FROM oauth_code;'), 0, 'no code was made');
    like($t->error_log, qr/GPT003: gpt-oauth-authorize refused: a \.htaccess file took part/, 'the log says why');
    for my $i (0 .. $#bad) {
        is($t->http->get("/bad$i/x.txt")->status, 500, "$bad[$i] is not allowed in a .htaccess");
        like($t->error_log, qr/bad$i\/\.htaccess: .*\Q$bad[$i]\E.* not allowed/, '... and the log says so');
    }
    return $t->finish;
}

sub test_handlers {
    my $conf = <<'EOC';
<Location />
    AuthType GPTOAuth
    Require oauth-scope admin
</Location>
<Location /connect>
    SetHandler gpt-oauth-authorize
</Location>
<Location /token>
    SetHandler gpt-oauth-token
</Location>
<Location /api/notes.txt>
    Require oauth-scope read
</Location>
EOC
    my $t = Test::GptOauth->new(
        db => $db,
        conf => $conf . "<Directory \"%%DIR%%/htdocs/api\">\nAllowOverride FileInfo\nOptions +FollowSymLinks\n</Directory>\n"
    );
    $t->write_file('htdocs/api/.htaccess',
        "SetHandler gpt-oauth-token\nRewriteEngine on\nRewriteRule ^ - [H=default-handler]\n");
    my $client = $t->client_add('notes');
    (my $request = $t->authorize_url($client)) =~ s{^/oauth/authorize}{/connect};
    is($t->http->get('/plain.txt')->status, 401, 'a guard over the whole server');
    is($t->outcome($client, $t->http->get($request)), '200 sign-in', '... leaves the authorization endpoint, wherever it is put');
    is($t->http->post('/token', 'a=b')->verdict, '401 invalid_client', '... and the token endpoint');
    is($t->http->get('/oauth/none')->status, 404, '... and what has yet to come');
    is($t->redeem($t->code_for($client), {}, auth => 'basic')->status, 200, '... with the client secret in the Authorization header');
    my $grant = $t->code_for($client);
    my $token = $t->http->post('/token', ($t->token_body($client, Test::GptOauth::Flow::redeem_params($grant)))[0]);
    is($token->status, 200, 'a code is redeemed there');
    unlike($t->http->get('/api/notes.txt')->body, qr/protected/, 'an endpoint in a .htaccess opens nothing that is guarded');
    unlink $t->dir . '/htdocs/api/.htaccess';
    ok($t->token_works($token->json->{access_token}), 'the token works');
    return $t->finish;
}

sub test_inherited_basic {
    my $basic = <<'EOC';
<Location />
    AuthType Basic
    AuthName "Staff"
    AuthUserFile "%%DIR%%/passwords"
    Require valid-user
</Location>
EOC
    my $t = Test::GptOauth->new(db => $db, conf => $basic, start => 0);
    $t->write_file('passwords', $passwords);
    $t->start;
    my $client = $t->client_add('notes');
    like($t->http->post('/oauth/token', 'a=b')->header('WWW-Authenticate'), qr/^Basic /, 'inherited Basic covers the token endpoint');
    my $response = $t->http->get($t->authorize_url($client));
    is($response->status, 401, '... and the authorization endpoint');
    is($t->outcome($client, $t->http->get($t->authorize_url($client), headers => \@basic)), '200 consent', '... where it is the sign-in');
    return $t->finish;
}

sub test_connections {
    my ($t) = @_;
    my $host = 'Host: localhost:' . $t->port . "\r\n";
    my $last = "GET /plain.txt HTTP/1.1\r\n${host}Connection: close\r\n\r\n";
    my $form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b";
    my %refusal = (
        'a bad token request' => [ 401, "POST /oauth/token HTTP/1.1\r\n$host$form" ],
        'GET with a body at the token endpoint' => [ 405, "GET /oauth/token HTTP/1.1\r\n$host$form" ],
        'a chunked body' => [ 401, "POST /oauth/token HTTP/1.1\r\n${host}Content-Type: application/x-www-form-urlencoded\r\n"
                . "Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n" ],
        'a form of another type' => [ 415, "POST /oauth/authorize HTTP/1.1\r\n${host}Content-Type: text/plain\r\nContent-Length: 3\r\n\r\na=b" ],
        'DELETE at the authorization endpoint' => [ 405, "DELETE /oauth/authorize HTTP/1.1\r\n$host$form" ],
        'POST without a token' => [ 401, "POST /api/hello HTTP/1.1\r\n$host$form" ],
        'POST with a bad token' => [ 401, "POST /api/hello HTTP/1.1\r\n${host}Authorization: Bearer x\r\n$form" ],
        'a reserved URL' => [ 404, "POST /oauth/none HTTP/1.1\r\n$host$form" ],
    );
    for my $what (sort keys %refusal) {
        my ($status, $bytes) = @{ $refusal{$what} };
        my @responses = $t->http->raw($bytes . $last);
        is(join(' ', map { $_->status } @responses), "$status 200", "case 274: the connection goes on after $what");
        is($responses[-1] && $responses[-1]->body, "plain\n", '... with the next request');
    }
    my @closed = $t->http->raw("POST /oauth/authorize HTTP/1.1\r\n$host$form$last");
    like(join(' ', map { $_->status, $_->header('Connection') } @closed), qr/^400 (?:Upgrade, )?close$/, 'case 274: ... but after 400, as httpd has it');
    my @responses = $t->http->raw("POST /oauth/token HTTP/1.1\r\n${host}Content-Type: application/x-www-form-urlencoded\r\n"
            . "Content-Length: 70000\r\n\r\n" . 'a' x 70000 . $last);
    is(join(' ', map { $_->status } @responses), '413', 'case 274: ... and ends after a body that is too long');
    return;
}

sub curl {
    my ($t, $target, @options) = @_;
    my @command = (qw(curl -s --max-time 10 --http2-prior-knowledge -w), "\n%{http_version} %{http_code}", @options);
    return Test::GptOauth::run({}, @command, 'http://localhost:' . $t->port . $target)->{out};
}

sub test_http2 {
    my ($t, $client) = @_;
    my ($body) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($t->code_for($client)));
    my $answer = curl($t, '/oauth/token', '--data', $body);
    like($answer, qr/\n2 200$/, 'a code is redeemed over HTTP/2');
    my ($token) = $answer =~ /"access_token":\s*"([^"]+)"/;
    secret($token);
    like(curl($t, '/api/notes.txt', '-H', "Authorization: Bearer $token"), qr/^protected data\n\n2 200$/, '... for a token that opens');
    like(curl($t, '/api/notes.txt', '-D', '-'), qr/www-authenticate: Bearer .*\n2 401$/s, '... what is closed without');
    like(curl($t, $t->authorize_url($client)), qr/name="password".*\n2 200$/s, 'the sign-in page comes over HTTP/2');
    like(curl($t, '/oauth/token', '--data', 'a=b'), qr/"invalid_client".*\n2 401$/s, '... and so does an error');
    return;
}

test_claims();
test_htaccess();
test_handlers();
test_inherited_basic();
my $t = Test::GptOauth->new(db => $db, modules => ['http2'], conf => "Protocols h2c http/1.1\n");
test_connections($t);
test_http2($t, $t->client_add('notes'));
$t->finish;
done_testing();
