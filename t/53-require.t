#!/usr/bin/perl
# Require in all its combinations, preflights, error documents and https: who gets which status, and which challenge.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;

my $db = (dbs())[0];
my $backend = Test::GptOauth::Backend->new;

# The Require lines of a Location; then what a token with scope read, one with read and write, and no token get:
# status, and error and scope of the challenge. Last a preflight's status.
my @requirements = (
    [ 'Require oauth-scope read', '200', '200', '401 read', 204 ],
    [ 'Require oauth-scope write', '403 insufficient_scope write', '200', '401 write', 204 ],
    [ 'Require oauth-scope write read', '403 insufficient_scope read write', '200', '401 read write', 204 ],
    [ "Require oauth-scope write\nRequire user alice", '200', '200', '401 write', 204 ],
    [ "Require oauth-scope write\nRequire user bob", '403 insufficient_scope write', '200', '401 write', 204 ],
    [ 'Require user bob', '403', '403', '401 read', 204 ],
    [ 'Require valid-user', '200', '200', '401 read', 204 ],
    [ 'Require oauth-client %%CLIENT%%', '200', '200', '401 read', 204 ],
    [ 'Require oauth-client other', '403', '403', '401 read', 204 ],
    [ "<RequireAll>\nRequire oauth-scope read\nRequire oauth-scope write\n</RequireAll>",
        '403 insufficient_scope read write', '200', '401 read write', 204 ],
    [ "<RequireAll>\nRequire oauth-scope read\nRequire user bob\n</RequireAll>", '403', '403', '401 read', 204 ],
    [ "<RequireAll>\nRequire user bob\nRequire oauth-scope write\n</RequireAll>", '403', '403', '401 write', 204 ],
    [ "<RequireAll>\nRequire oauth-client %%CLIENT%%\nRequire oauth-scope write\n</RequireAll>",
        '403 insufficient_scope write', '200', '401 write', 204 ],
    [ "<RequireAll>\nRequire valid-user\n<RequireAny>\nRequire oauth-scope admin\nRequire oauth-scope write\n</RequireAny>\n"
            . "</RequireAll>", '403 insufficient_scope admin', '200', '401 admin', 204 ],
    [ "<RequireAll>\nRequire oauth-scope read\n<RequireAny>\nRequire oauth-scope write\nRequire oauth-scope admin\n</RequireAny>\n"
            . "</RequireAll>", '403 insufficient_scope read write', '200', '401 read write', 204 ],
    [ "<RequireAny>\nRequire oauth-scope admin\n<RequireAll>\nRequire oauth-scope read\nRequire oauth-scope write\n</RequireAll>\n"
            . "</RequireAny>", '403 insufficient_scope admin', '200', '401 admin', 204 ],
    [ "<RequireAll>\n<RequireAny>\nRequire ip 192.0.2.1\nRequire oauth-scope write\n</RequireAny>\nRequire oauth-scope hello\n"
            . "</RequireAll>\nRequire oauth-scope admin", '403 insufficient_scope hello write', '403 insufficient_scope hello write',
        '401 hello write', 204 ],
    [ "<RequireAll>\nRequire valid-user\nRequire not user bob\n</RequireAll>", '200', '200', '401 read', 204 ],
    [ "<RequireAll>\nRequire oauth-scope read\nRequire not user alice\n</RequireAll>", '403', '403', '401 read', 204 ],
    [ "<RequireAll>\nRequire ip 192.0.2.1\nRequire oauth-scope read\n</RequireAll>", '403', '403', '403', 403 ],
    [ "<RequireAll>\nRequire ip 127.0.0.1\nRequire oauth-scope write\n</RequireAll>",
        '403 insufficient_scope write', '200', '401 write', 204 ],
    [ "Require ip 192.0.2.1\nRequire oauth-scope read", '200', '200', '401 read', 204 ],
    [ "Require ip 127.0.0.1\nRequire oauth-scope write", '200', '200', '200', 200 ],
    [ 'Require all denied', '403', '403', '403', 403 ],
    [ "AuthzSendForbiddenOnFailure on\nRequire oauth-scope write", '403 insufficient_scope write', '200', '401 write', 204 ],
    [ "<Limit GET HEAD OPTIONS>\nRequire oauth-scope read\n</Limit>", '200', '200', '401 read', 204 ],
);

# "403 insufficient_scope write", of a response with no challenge or exactly one.
sub verdict {
    my ($response) = @_;
    my @lines = $response->headers('WWW-Authenticate');
    return join ' ', $response->status, 'with', scalar @lines, 'challenges' if @lines > 1;
    my ($error) = ($lines[0] // '') =~ /error="([^"]*)"/;
    my ($scope) = ($lines[0] // '') =~ /scope="([^"]*)"/;
    return join ' ', $response->status . ($response->status == 401 && !@lines ? ' without challenge' : ''),
        grep { defined } $error, $scope;
}

my @preflight = (Origin => 'https://app.example', 'Access-Control-Request-Method' => 'PUT');

sub test_requirements {
    my $t = Test::GptOauth->new(db => $db, start => 0);
    my $client = $t->client_add('notes');
    my $conf = '';
    for my $i (0 .. $#requirements) {
        (my $lines = $requirements[$i][0]) =~ s/%%CLIENT%%/$client->{id}/;
        $conf .= "<Location /r$i/>\nAuthType GPTOAuth\n$lines\nHeader always set Access-Control-Allow-Origin *\nProxyPass " . $backend->url . "/\n</Location>\n";
    }
    $t->write_conf(conf => $conf);
    $t->start;
    my @tokens = map { $t->tokens_for($client, params => { scope => $_ })->{access_token} } 'read', 'read write';
    for my $i (0 .. $#requirements) {
        my ($lines, $read, $write, $none, $preflight) = @{ $requirements[$i] };
        (my $name = $lines) =~ s/\n/; /g;
        is(verdict($t->fetch("/r$i/x", $tokens[0])), $read, "$name: a token with scope read");
        is(verdict($t->fetch("/r$i/x", $tokens[1])), $write, "$name: one with read and write");
        is(verdict($t->fetch("/r$i/x")), $none, "$name: no token");
        my $response = $t->fetch("/r$i/x", undef, method => 'OPTIONS', headers => \@preflight);
        is($response->status, $preflight, "$name: a preflight");
        is($response->header('Access-Control-Allow-Origin'), '*', '... with the headers that httpd is told to add');
        is($response->header('X-Backend'), undef, '... which nothing behind the guard gets to see') if $preflight == 204;
        is(verdict($t->fetch("/r$i/x", undef, method => 'OPTIONS')), $none, "$name: OPTIONS that is no preflight");
        my $head = $t->fetch("/r$i/x", undef, method => 'HEAD');
        is(verdict($head) . $head->body, $none, "$name: HEAD");
    }
    for my $case (
        [ 'without Origin', [ @preflight[ 2, 3 ] ] ],
        [ 'without method', [ @preflight[ 0, 1 ] ] ],
        [ 'with a bad token', [ @preflight, Authorization => 'Bearer x' ] ],
        [ 'with another scheme', [ @preflight, Authorization => 'Basic x' ] ],
    ) {
        my ($name, $headers) = @$case;
        is($t->fetch('/r0/x', undef, method => 'OPTIONS', headers => $headers)->status, 401, "OPTIONS $name is no preflight");
    }
    is($t->fetch('/r0/x', undef, method => $_, headers => \@preflight)->status, 401, "$_ is none either") for qw(GET HEAD POST);
    is($t->fetch('/r0/x', $tokens[0], method => 'OPTIONS', headers => \@preflight)->status, 200, 'a preflight with a token passes');
    is($t->fetch('/r1/x', $tokens[0], method => 'OPTIONS', headers => \@preflight)->status, 403, '... as far as the token reaches');
    return $t->finish;
}

# Error documents, redirects and includes within and across sections.
my $documents = <<'EOC';
ErrorDocument 401 /open/401.txt
ErrorDocument 403 /open/403.txt
<Location /guarded>
    AuthType GPTOAuth
    Require oauth-scope read
    ErrorDocument 401 /guarded/401.txt
    ErrorDocument 403 /guarded/403.txt
</Location>
<Location /guarded/more>
    Require oauth-scope write
</Location>
<Location /text>
    AuthType GPTOAuth
    Require oauth-scope write
    ErrorDocument 401 "sign in first"
    ErrorDocument 403 "no"
</Location>
<Location /away>
    AuthType GPTOAuth
    Require oauth-scope write
    ErrorDocument 403 http://elsewhere.example/
</Location>
<Directory "%%DIR%%/htdocs">
    Options +FollowSymLinks
    RewriteEngine on
    RewriteRule ^guarded/to-write$ /write/notes.txt
    RewriteRule ^guarded/to-guarded$ /guarded/notes.txt
    RewriteRule ^open/to-guarded$ /guarded/notes.txt
    RewriteRule ^guarded/to-open$ /open/notes.txt
</Directory>
EOC

sub test_documents {
    my $t = Test::GptOauth->new(db => $db, conf => $documents, start => 0);
    $t->write_file("htdocs/$_", "$_\n") for map { ("open/$_", "guarded/$_") } qw(401.txt 403.txt notes.txt);
    $t->start;
    my $client = $t->client_add('notes');
    my $token = $t->tokens_for($client)->{access_token};
    my $at = sub { my $response = $t->fetch(@_); return join ' ', verdict($response), substr $response->body, 0, 18 };
    is($at->('/api/notes.txt'), "401 read open/401.txt\n", 'an ErrorDocument for 401 keeps status and challenge');
    is($at->('/api/notes.txt', 'x'), "401 invalid_token read open/401.txt\n", '... with its error');
    is($at->('/write/notes.txt', $token), "403 insufficient_scope write open/403.txt\n", '... and one for 403');
    is($at->('/text/x'), '401 write sign in first', 'a text for 401 does');
    is($at->('/text/x', $token), '403 insufficient_scope write no', '... and one for 403');
    is($at->('/guarded/x'), "401 read guarded/401.txt\n", 'a document in the section that refuses is shown, as with Basic');
    is($at->('/guarded/more/x', $token), "403 insufficient_scope write guarded/403.txt\n", 'one in another section to who may see it');
    like($at->('/guarded/more/x'), qr/^401 write \{"error":"invalid_/, '... and to nobody else, who is told what the URL needs, and not the document');
    is($at->('/guarded/more/x', undef, method => 'HEAD'), '401 write ', 'HEAD gets the status, the challenge and no body');
    my $away = $t->fetch('/away/x', $token);
    is($away->status . $away->location, '302http://elsewhere.example/', 'a document elsewhere is a redirect, as ever');

    is($at->('/guarded/to-guarded', $token), "200 guarded/notes.txt\n", 'an internal redirect within a section');
    is($at->('/open/to-guarded', $token), "200 guarded/notes.txt\n", '... into one');
    is($at->('/open/to-guarded'), "401 read guarded/401.txt\n", '... which asks for a token');
    is($at->('/guarded/to-write', $token), "403 insufficient_scope write open/403.txt\n", '... and into another, which asks for more');
    is($at->('/guarded/to-open', $token), "200 open/notes.txt\n", '... and out of it');
    return $t->finish;
}

sub test_https {
    my $vhost = sub {
        my ($port, $name, $more) = @_;
        return <<"EOC";
Listen 127.0.0.1:%%PORT_$port%%
<VirtualHost 127.0.0.1:%%PORT_$port%%>
    ServerName $name
    GPTOAuthIssuer https://api.example$more
</VirtualHost>
EOC
    };
    my $t = Test::GptOauth->new(
        db => $db,
        conf => $vhost->('A', 'api.example', '') . $vhost->('B', 'https://api.example', '') . $vhost->('C', 'https://api.example', '/t1')
    );
    my $client = $t->client_add('notes');
    my $request = $t->authorize_url($client);
    my ($plain, $behind, $path) = map { Test::GptOauth::Http->new($t->port($_)) } qw(A B C);
    for my $case (
        [ 'the authorization endpoint', $plain->get($request) ],
        [ 'the token endpoint', $plain->post('/oauth/token', 'grant_type=refresh_token') ],
        [ 'a guarded path', $plain->get('/api/notes.txt') ],
        [ 'what claims to be https', $plain->get('/api/notes.txt', headers => [ 'X-Forwarded-Proto' => 'https' ]) ],
        [ 'an https URL', scalar $plain->raw("GET https://api.example/api/notes.txt HTTP/1.1\r\nHost: api.example\r\n\r\n", one => 1) ],
    ) {
        my ($name, $response) = @$case;
        is($response->status, 403, "case 268: $name over plain http is refused");
        is($response->location, undef, 'case 268: ... without a redirect');
    }
    like($plain->get($request)->body, qr/must be called over https/, 'case 268: the page says why');
    like($plain->post('/oauth/token', 'a=b')->json->{error_description}, qr/must be called over https/, 'case 268: ... as JSON does');
    like($t->error_log, qr/GPT006: .*ServerName https:/, 'case 268: ... and the log what to write');
    is($plain->get('/plain.txt')->status, 200, 'case 268: what is open stays open');

    like($behind->get($request)->body, qr/name="password"/, 'case 268: ServerName https:// is for a proxy that ends TLS');
    is($behind->post('/oauth/token', 'a=b')->verdict, '401 invalid_client', '... at the token endpoint');
    is(verdict($behind->get('/api/notes.txt')), '401 read', '... and at the guard');
    my @cookies = $behind->get($request)->headers('Set-Cookie');
    like("@cookies", qr/^__Host-[^;]*;.*; Secure/, 'case 104: the cookie is for https only');

    like($path->get($request)->body, qr/name="password"/, 'an issuer with a path leaves the endpoints where they are');
    (my $bad = $request) =~ s/scope=read/scope=none/;
    is($path->get($bad)->answer->{iss}, 'https://api.example/t1', '... and is named in full');
    return $t->finish;
}

test_requirements();
test_documents();
test_https();
done_testing();
