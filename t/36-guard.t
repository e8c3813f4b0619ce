#!/usr/bin/perl
# The guard: who gets in, what a refusal says, and what reaches the other side.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsInNjb3BlIjoicmVhZCJ9.';
my $file = '/api/notes.txt';

# Port A: another issuer. B: a backend that sends back the headers it got. C: a host without an issuer.
my $conf = <<'EOC';
Listen 127.0.0.1:%%PORT_A%%
Listen 127.0.0.1:%%PORT_B%%
Listen 127.0.0.1:%%PORT_C%%
Protocols h2c http/1.1
ScriptSock "%%DIR%%/cgisock"
ScriptAlias /cgi/ "%%DIR%%/cgi/"
ScriptAlias /opencgi/ "%%DIR%%/cgi/"
ProxyPass /backend/ http://127.0.0.1:%%PORT_B%%/
ProxyPass /withtoken/ http://127.0.0.1:%%PORT_B%%/
ProxyPass /nameless/ http://127.0.0.1:%%PORT_B%%/
ProxyPass /open/ http://127.0.0.1:%%PORT_B%%/
<Directory "%%DIR%%/cgi">
    Require all granted
</Directory>
<LocationMatch "^/(?:backend|withtoken|nameless|cgi|anyone)">
    AuthType GPTOAuth
    GPTOAuthResource http://localhost:%%PORT%%/other
    Require valid-user
</LocationMatch>
<Location /withtoken>
    GPTOAuthPassToken on
    GPTOAuthRequireAudience off
</Location>
<Location /nameless>
    GPTOAuthPassHeaders off
</Location>
<Location /strict>
    AuthType GPTOAuth
    GPTOAuthRequireAudience on
    Require oauth-scope read
</Location>
<Location /both>
    AuthType GPTOAuth
    Require oauth-scope read write
</Location>
<Location /either>
    AuthType GPTOAuth
    Require oauth-scope admin
    Require oauth-scope write
</Location>
<Location /all>
    AuthType GPTOAuth
    <RequireAll>
        Require oauth-scope read
        Require oauth-scope write
        Require user alice
    </RequireAll>
</Location>
<Location /bob>
    AuthType GPTOAuth
    Require user bob
</Location>
<Location /client>
    AuthType GPTOAuth
    Require oauth-client %%CLIENT%% other
</Location>
<Location /index>
    AuthType GPTOAuth
    Require oauth-scope read
    DirectoryIndex /cgi/env
    ErrorDocument 404 /api/notes.txt
    ErrorDocument 403 /write/notes.txt
</Location>
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName backend
    <Location />
        GPTOAuthPassHeaders on
    </Location>
    Header echo "^(?:[Xx][^a-z]|Authorization)"
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_C%%>
    ServerName off
    ProxyPass /open/ http://127.0.0.1:%%PORT_B%%/
</VirtualHost>
EOC

my @areas = qw(strict both either all bob client anyone index);

# "401 invalid_token read": status, error and scope of the challenge, which must be one well-formed line.
sub verdict {
    my ($response) = @_;
    my @lines = $response->headers('WWW-Authenticate');
    return $response->status unless @lines;
    return $response->status . ' with a malformed challenge'
        if @lines > 1 || $lines[0] !~ /^Bearer \w+="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(?:, \w+="[\x20-\x21\x23-\x5b\x5d-\x7e]*")*$/;
    my ($error) = $lines[0] =~ /error="([^"]*)"/;
    my ($scope) = $lines[0] =~ /scope="([^"]*)"/;
    return join ' ', grep { defined } $response->status, $error, $scope;
}

sub leaks { return $_[0]->body =~ /protected data/ ? 'leaks' : 'nothing' }

sub test_credentials {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my $token = $tokens->{access_token};
    my $get = sub { $t->http->get($_[0] // $file, headers => $_[1] // []) };

    my $none = $get->();
    is(verdict($none), '401 read', 'case 229: no credentials: a challenge without error, with the scope');
    is(verdict($get->($file, [ Authorization => 'Basic YTpi' ])), '401 read', 'case 233: another scheme is none');
    is(verdict($get->($file, [ Authorization => 'Bearerx y' ])), '401 read', 'case 233: a scheme that begins alike is another');
    my $body = $get->($file, [ Test::GptOauth::Flow::bearer($token) ]);
    is($body->status . $body->body, "200protected data\n", 'case 230: a good token');
    for my $scheme (qw(bearer BEARER bEaReR)) {
        is($get->($file, [ Authorization => "$scheme $token" ])->status, 200, "case 232: $scheme");
    }
    my %bad = (
        'nothing' => '', 'a word' => 'x', 'a prefix' => 'gpta_',
        'another tag' => substr($token, 0, -1) . ($token =~ /A$/ ? 'E' : 'A'),
        'one character less' => substr($token, 0, -1), 'one more' => "${token}A", 'a space inside' => "$token $token",
        'a comma' => "$token,$token",
        'quotes' => qq{"$token"}, 'injection' => qq{x", error="none", scope="all}, 'a refresh token' => $tokens->{refresh_token},
        'no ASCII' => "\xc3\xa9",
        'a NUL as text' => "$token%00", 'upper case' => uc $token, 'a very long one' => 'gpta_' . 'A' x 4000,
        'tabs' => "\t$token\tx", 'a backslash' => 'a\\',
    );
    for my $what (sort keys %bad) {
        my $response = $get->($file, [ Authorization => "Bearer $bad{$what}" ]);
        is(verdict($response), '401 invalid_token read', "cases 230 and 240: $what");
        is(leaks($response), 'nothing', 'case 249: the refusal is the whole answer');
    }
    my $twice = $t->http->get($file, headers => [ Test::GptOauth::Flow::bearer($token), Test::GptOauth::Flow::bearer($token) ]);
    is(verdict($twice), '401 invalid_token read', 'case 230: the header twice');
    is(verdict($get->($file, [ Authorization => "Bearer $_" ])), '401 invalid_token read', 'case 245: a JWT is no token')
        for $jwt, "${jwt}AAAA", 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA';

    Test::GptOauth::Secrets::put_into_url($token);
    is(verdict($get->("$file?access_token=$token")), '401 read', 'case 234: a token in the query is none');
    my $form = $t->http->post($file, "access_token=$token");
    is(verdict($form), '401 read', 'case 234: nor in a body');
    is($get->("$file?access_token=$token", [ Test::GptOauth::Flow::bearer($token) ])->status, 400,
        'case 236: in header and query');
    is($get->("$file?x=access_token=1", [ Test::GptOauth::Flow::bearer($token) ])->status, 200,
        'case 236: another parameter is none of ours');

    my $odd =
        $get->(qq{/api/%0d%0aX-Evil:%201?error=%22&scope=%0d%0aX-Evil:1&realm="}, [ Authorization => "Bearer x\tX-Evil: 1" ]);
    unlike($odd->head, qr/Evil/i, 'case 240: nothing of the request is in the answer');
    return $token;
}

sub test_requirements {
    my ($t, $client) = @_;
    my %token = map { $_ => $t->tokens_for($client, params => { scope => $_ })->{access_token} } 'read', 'write', 'read write',
        'hello';
    my $at = sub { my ($area, $scope) = @_; verdict($t->fetch("/$area/notes.txt", $token{$scope})) };

    is($at->('write', 'read'), '403 insufficient_scope write', 'case 237: too little scope');
    is($at->('both', 'read'), '403 insufficient_scope read write', 'case 237: with all the scopes that are needed');
    is($at->('both', 'read write'), 200, 'case 237: all of one line');
    is($at->('either', 'write'), 200, 'case 237: several lines are alternatives');
    is($at->('either', 'read'), '403 insufficient_scope admin', 'case 237: none of the alternatives');
    is($at->('all', 'read'), '403 insufficient_scope read write', 'case 237: inside RequireAll');
    is($at->('all', 'read write'), 200, 'case 237: all of RequireAll');
    is($at->('bob', 'read'), 403, 'case 237: Require user: who is known gains nothing by signing in again');
    is($at->('anyone', 'hello'), 200, 'case 237: Require valid-user');
    is($at->('client', 'hello'), 200, 'case 237: Require oauth-client');
    my $stranger = $t->tokens_for($t->client_add('stranger'))->{access_token};
    is(verdict($t->fetch('/client/notes.txt', $stranger)), 403, 'case 237: Require oauth-client, another client');

    for my $area (@areas) {
        my $none = $t->fetch("/$area/notes.txt");
        is($none->status, 401, "case 229: /$area without credentials");
        is(leaks($none), 'nothing', 'case 249: and nothing but the refusal');
    }
    is(leaks($t->fetch('/write/notes.txt', $token{read})), 'nothing', 'case 249: nor with too little scope');
    is($t->fetch('/write/absent.txt', $token{read})->status, 403, 'case 249: nor whether a file exists');
    is($t->fetch('/api/notes.txt', $token{read}, method => 'HEAD')->status, 200, 'HEAD passes like GET');
    is($t->fetch('/api/notes.txt', undef, method => 'HEAD')->status, 401, 'case 229: and is refused like it');
    is($t->fetch('/api/notes.txt', undef, method => 'OPTIONS')->status, 401, 'case 229: OPTIONS that is no preflight');
    my @preflight = (Origin => 'https://chat.openai.com', 'Access-Control-Request-Method' => 'GET');
    like($t->fetch('/api/notes.txt', undef, method => 'OPTIONS', headers => \@preflight)->status, qr/^20[04]$/,
        'a preflight carries no token');
    is($t->fetch('/api/notes.txt', undef, headers => \@preflight)->status, 401, 'case 229: GET with its headers does');

    my $hello = $t->hello($token{hello});
    is_deeply($hello->json, { message => 'Hello, alice!', user => 'alice', client => $client->{id}, scope => 'hello' }, 'hello');
    my $posted = $t->hello($token{hello}, method => 'POST', body => '{"name":"W\u00f6rld"}',
        headers => [ 'Content-Type' => 'application/json' ]);
    is($posted->json->{message}, "Hello, W\xf6rld!", 'hello by POST');
    is(verdict($t->hello($token{read})), '403 insufficient_scope hello', 'case 237: hello needs its scope');
    return \%token;
}

sub test_audience {
    my ($t, $client, $unbound) = @_;
    my $origin = 'http://localhost:' . $t->port;
    my $bound = $t->tokens_for($client, params => { scope => 'read write', resource => "$origin/api" });
    my $token = $bound->{access_token};
    is($t->fetch('/api/notes.txt', $token)->status, 200, 'case 238: a token at its resource');
    is($t->fetch('/api/hello', $token)->status, 403, 'case 238: an inner Location is the same resource');
    is(verdict($t->fetch('/write/notes.txt', $token)), '401 invalid_token write', 'case 238: at another resource');
    is(verdict($t->fetch('/strict/notes.txt', $token)), '401 invalid_token read', 'case 238: at a strict one');
    is($t->fetch('/api/notes.txt', $unbound)->status, 200, 'case 238: an unbound token is good where audience is not required');
    is(verdict($t->fetch('/strict/notes.txt', $unbound)), '401 invalid_token read', 'case 238: and is not where it is');
    my $strict = $t->tokens_for($client, params => { resource => "$origin/strict" });
    is($t->fetch('/strict/notes.txt', $strict->{access_token})->status, 200, 'case 238: a token for the strict one');
    my $next = $t->refresh($client, $bound->{refresh_token})->json->{access_token};
    is($t->fetch('/write/notes.txt', $next)->status, 401, 'case 238: a refresh widens nothing');
    is($t->ask($client, { resource => $_ }), '302 invalid_target', "case 238: resource $_")
        for 'https://other.example/api', "$origin/nothing", "$origin/api/hello", 'api', "$origin/api#x";
}

sub test_end {
    my ($t, $client) = @_;
    my %end = (
        'case 246: expired' => sub { $t->sql('UPDATE oauth_access_token SET expires_at = created_at - 1;') },
        'case 248: its grant is revoked' => sub { $t->gptoauth('grant', 'revoke', '--user', 'dave') },
        'case 248: its grant is gone' => sub { $t->sql("DELETE FROM oauth_grant WHERE username = 'dave';") },
        'case 248: its row is gone' => sub { $t->sql('DELETE FROM oauth_access_token;') },
        'case 248: its user is disabled' => sub { $t->gptoauth('user', 'disable', 'dave') },
        'case 248: its client is disabled' => sub { $t->gptoauth('client', 'disable', $client->{id}) },
        'case 242: its user has a name that cannot be one' =>
            sub { $t->sql("UPDATE oauth_grant SET username = 'a' || '\r\n' || 'X-Evil: 1';") },
        'case 242: its user has the name of a client' =>
            sub { $t->sql("UPDATE oauth_grant SET username = 'client:x' WHERE username = 'dave';") },
    );
    for my $name (sort keys %end) {
        my $token = $t->tokens_for($client, user => 'dave')->{access_token};
        ok($t->token_works($token), 'a token works, often enough to be kept anywhere') for 1 .. 3;
        $end{$name}->();
        my @refusals = map { $t->fetch($file, $token) } 1 .. 3;
        is(join(', ', map { verdict($_) } @refusals), join(', ', ('401 invalid_token read') x 3), $name);
        unlike(join('', map { $_->head } @refusals), qr/Evil/, 'case 242: nothing of a name gets into a header');
        $t->try_gptoauth('', @$_) for [ 'user', 'enable', 'dave' ], [ 'client', 'enable', $client->{id} ];
        $t->sql('DELETE FROM oauth_grant; DELETE FROM oauth_session;');
        delete $t->{browsers}{dave};
    }
    ok($t->try_gptoauth("long enough\n", 'user', 'add', $_)->{status}, 'case 242: such a user cannot be made')
        for "a\r\nX-Evil: 1", "a\tb", 'client:x', 'service:x', 'x' x 256, '', "\xff";
}

sub test_spoofing {
    my ($t, $client, $token) = @_;
    my @forged = map { ("$_" => 'mallory') }
        qw(X-OAuth-User X-Oauth-Client x-oauth-scope X_OAuth_User X-OAuth_User X_OAUTH_CLIENT x_oauth_scope X-OAUTH-USER);
    my $at = sub { $t->fetch($_[0], $_[1], headers => [@forged], @_[ 2 .. $#_ ]) };
    for my $target (qw(/open/plain.txt /opencgi/env /plain.txt)) {
        my $response = $at->($target);
        is($response->status, 200, "$target is open");
        unlike($response->head . $response->body, qr/mallory/i, "case 241: forged identity headers do not pass $target");
    }
    my $seen = $at->('/backend/plain.txt', $token);
    unlike($seen->head, qr/mallory/i, 'case 241: nor a guarded proxy');
    is(join(' ', map { $seen->header("X-OAuth-$_") // '-' } qw(User Client Scope)), "alice $client->{id} read",
        'case 241: the guard speaks there');
    is($seen->header('Authorization'), undef, 'case 290: the token does not reach the backend');
    my $with = $at->('/withtoken/plain.txt', $token);
    is($with->header('Authorization'), "Bearer $token", 'case 290: unless the admin wants it');
    my $nameless = $at->('/nameless/plain.txt', $token);
    unlike($nameless->head, qr/X.OAuth/i, 'case 241: with GPTOAuthPassHeaders off nothing is said, forged or true');
    my @preflight = (Origin => 'https://x.example', 'Access-Control-Request-Method' => 'GET');
    my $options = $t->fetch('/backend/plain.txt', undef, method => 'OPTIONS', headers => [ @forged, @preflight ]);
    unlike($options->head, qr/mallory/i, 'case 241: nor does OPTIONS carry them');
    my $cgi = $at->('/cgi/env', $token)->body;
    unlike($cgi, qr/mallory|Bearer/i, 'case 241: nor a guarded CGI');
    like($cgi, qr/^REMOTE_USER=alice$/m, 'the environment: REMOTE_USER');
    like($cgi, qr/^OAUTH_CLIENT_ID=\Q$client->{id}\E$/m, 'the environment: OAUTH_CLIENT_ID');
    like($cgi, qr/^OAUTH_SCOPE=read$/m, 'the environment: OAUTH_SCOPE');
    like($cgi, qr/^OAUTH_GRANT_ID=\S{22}$/m, 'the environment: OAUTH_GRANT_ID');
    my $index = $at->('/index/', $token);
    like($index->body, qr/^REMOTE_USER=alice$/m, 'case 241: the environment after an internal redirect');
    unlike($index->body, qr/mallory|Bearer/i, 'case 241: with nothing forged in it');
    is($t->fetch('/index/')->status, 401, 'case 249: which starts only behind the guard');
    is($t->fetch('/index/absent.txt', $token)->body, "protected data\n", 'an ErrorDocument that the token may see');
    is(leaks($t->fetch('/index/absent.txt')), 'nothing', 'case 249: and without a token it is not shown');
    my $off = Test::GptOauth::Http->new($t->port('C'));
    unlike($off->get('/open/plain.txt', headers => [@forged])->head, qr/mallory/i, 'case 318: nor do they pass a host without issuer');
    is($off->get('/oauth/authorize')->status, 404, 'case 252: where the module is not switched on, nothing is answered');
    like($off->get($file, headers => [ Test::GptOauth::Flow::bearer($token) ])->status, qr/^(?:401|403|500)$/,
        'case 252: and a guard without issuer lets nobody in');
}

sub test_paths {
    my ($t) = @_;
    for my $path (
        '//api/notes.txt', '/api//notes.txt', '/api/../api/notes.txt', '/%61pi/notes.txt', '/ap%69/notes.txt',
        '/./api/notes.txt', '/x/../api/notes.txt',
        '/api;x/notes.txt', '/API/notes.txt', '/api%2fnotes.txt', '/api/%2e/notes.txt', '/plain.txt/../api/notes.txt',
        '/api/notes.txt/', '/api/notes.txt%00',
        '/%2fapi/notes.txt', '\\api\\notes.txt', '/api/notes.txt?', '/api/notes.txt;x', '///api/./notes.txt'
    ) {
        my $response = $t->http->raw("GET $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        like($response->status, qr/^4\d\d$/, "case 244: $path");
        is(leaks($response), 'nothing', 'case 244: and shows nothing');
    }
    my $absolute =
        $t->http->raw("GET http://evil.example/api/notes.txt HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    is(verdict($absolute), '401 read', 'case 244: an absolute URL of another host');
}

sub test_vhosts {
    my ($t, $client, $token) = @_;
    my $other = Test::GptOauth::Http->new($t->port('A'));
    is(verdict($other->get($file, headers => [ Test::GptOauth::Flow::bearer($token) ])), '401 invalid_token read',
        "case 250: another issuer's token");
    is($t->fetch($file, $token)->status, 200, 'case 250: which is good at its own');
    my $grant = $t->code_for($client);
    my ($body) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($grant));
    is($other->post('/oauth/token', $body)->verdict, '400 invalid_grant', "case 250: another issuer's code");
    my $tokens = $t->redeem($grant)->json;
    ($body) = $t->token_body($client, { grant_type => 'refresh_token', refresh_token => $tokens->{refresh_token} });
    is($other->post('/oauth/token', $body)->verdict, '400 invalid_grant', "case 250: another issuer's refresh token");
    is($t->refresh($client, $tokens->{refresh_token})->status, 200, 'case 250: which did no harm');

    my ($session) = grep { /session/ } sort keys %{ $t->browser_of('alice')->cookies };
    my $browser = Test::GptOauth::Browser->new($t->port('A'));
    $browser->get($t->authorize_url($client));
    $browser->sign_in('alice', $t->user('alice'));
    my ($name) = grep { /session/ } sort keys %{ $browser->cookies };
    isnt($name, $session, "case 250: each issuer's cookies have a name of their own");
    $browser->cookies->{$name} = $t->browser_of('alice')->cookies->{$session};
    $browser->get($t->authorize_url($client));
    ok($browser->has_sign_in, "case 250: another issuer's session signs nobody in");
}

# httpd's default is TraceEnable On.
sub test_trace {
    my ($t, $token) = @_;
    for my $target ($file, '/backend/plain.txt', '/withtoken/plain.txt', '/cgi/env', '/index/', '/plain.txt', '/oauth/token') {
        for my $with (undef, $token) {
            my $response = $t->fetch($target, $with, method => 'TRACE', headers => [ Cookie => 'gpt=cookie', 'X-Sent' => 'sent' ]);
            is($response->status, 405, "case 315: TRACE $target " . ($with ? 'with a good token' : 'without a token'));
            unlike($response->head . $response->body, qr/gpta_|gpt=cookie|X-Sent|X-OAuth/i, 'case 315: ... echoes nothing');
        }
    }
    my $curl = Test::GptOauth::run({}, qw(curl -s --max-time 10 --http2-prior-knowledge -X TRACE -w), '%{http_code}', '-H', "Authorization: Bearer $token",
        'http://localhost:' . $t->port . $file);
    like($curl->{out}, qr/405\z/, 'case 315: over HTTP/2');
    unlike($curl->{out}, qr/gpta_/, 'case 315: ... it echoes nothing either');
    like($t->error_log, qr/GPT008: TRACE refused/, 'case 315: the log says it');
    return;
}

sub test_http2 {
    my ($t, $token) = @_;
    my $curl = sub {
        Test::GptOauth::run({}, qw(curl -s -o /dev/null --max-time 10 --http2-prior-knowledge -w),
            '%{http_version} %{http_code}', @_)->{out};
    };
    my $url = 'http://localhost:' . $t->port;
    is($curl->("$url$file"), '2 401', 'case 229: over HTTP/2');
    is($curl->('-H', "Authorization: Bearer $token", "$url$file"), '2 200', 'case 230: a good token over HTTP/2');
    is($curl->('-H', "Authorization: Bearer $token", "$url/write/notes.txt"), '2 403', 'case 237: too little scope over HTTP/2');
}

on_each_db({ start => 0, modules => [qw(cgid http2)] }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    $t->write_file('cgi/env', "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nenv\n");
    chmod 0755, $t->dir . '/cgi/env' or die;
    $t->write_file("htdocs/$_/notes.txt", "protected data\n") for @areas;
    unlink $t->dir . '/htdocs/index/notes.txt';
    (my $text = $conf) =~ s/%%CLIENT%%/$client->{id}/;
    $t->write_conf(conf => $text);
    $t->start;
    my $token = test_credentials($t, $client);
    test_requirements($t, $client);
    test_audience($t, $client, $token);
    test_spoofing($t, $client, $token);
    test_paths($t);
    test_vhosts($t, $client, $token);
    test_http2($t, $token);
    test_trace($t, $token);
    test_end($t, $client);
});

on_each_db({ conf => "<Location />\nAuthType GPTOAuth\nRequire oauth-scope admin\n</Location>\n" }, sub {
    my ($t) = @_;
    my $tokens = $t->tokens_for($t->client_add('notes'));
    is($t->http->get('/plain.txt')->status, 401, 'a guard over everything guards');
    ok($tokens->{access_token}, 'but for the endpoints, where a whole flow passed');
    is($t->ask($tokens->{client}, {}), '200 sign-in', 'and nobody is signed in there');
    my $with = $t->http->get($t->authorize_url($tokens->{client}),
        headers => [ Test::GptOauth::Flow::bearer($tokens->{access_token}) ]);
    is($t->outcome($tokens->{client}, $with), '200 sign-in', 'least of all by a bearer token');
});

done_testing;
