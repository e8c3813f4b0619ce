#!/usr/bin/perl
# Other origins: who is let read what, what a preflight learns, and that nothing is said where nothing should be.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

# Port B: a backend with opinions of its own about origins.
my $conf = <<'EOC';
Listen 127.0.0.1:%%PORT_B%%
GPTOAuthRegistration open
ProxyPass /proxied/ http://127.0.0.1:%%PORT_B%%/
ProxyPass /open/ http://127.0.0.1:%%PORT_B%%/
ProxyPass /silent/ http://127.0.0.1:%%PORT_B%%/
<Location /proxied>
    AuthType GPTOAuth
    Require oauth-scope read
    GPTOAuthAllowOrigin https://app.example http://localhost:6274
    GPTOAuthAllowOrigin https://chat.openai.com
    ErrorDocument 403 /plain.txt
</Location>
<Location /proxied/write>
    Require oauth-scope write
</Location>
<Location /proxied/any>
    GPTOAuthAllowOrigin *
</Location>
<Location /open>
    GPTOAuthAllowOrigin *
</Location>
<Location /silent>
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
<Location /hello>
    SetHandler gpt-oauth-hello
    GPTOAuthAllowOrigin https://app.example
</Location>
<Directory "%%DIR%%/htdocs/api">
    Options +MultiViews
</Directory>
<Location /extended>
    GPTOAuthAllowOrigin https://app.example
    Header merge Access-Control-Allow-Headers X-Mine
</Location>
<Location /login>
    SetHandler gpt-oauth-authorize
    GPTOAuthAllowOrigin *
</Location>
<Location /fetch-token>
    SetHandler gpt-oauth-token
</Location>
<Location /oauth>
    GPTOAuthAllowOrigin https://app.example
</Location>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName backend
    Header always set Access-Control-Allow-Origin https://evil.example
    Header always set Access-Control-Allow-Credentials true
    Header set Access-Control-Expose-Headers X-Total
    Header set Vary Accept
    RedirectMatch 404 ^/gone
</VirtualHost>
EOC

my $mine = 'https://app.example';
my @lists = (
    [ 'Access-Control-Allow-Headers', 'Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, '
        . 'Last-Event-ID, openai-conversation-id, openai-ephemeral-user-id' ],
    [ 'Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' ],
    [ 'Access-Control-Max-Age', '7200' ],
);

# "* " or "https://app.example Origin": what an answer says about origins, and Vary. Each header at most once, never credentials.
sub says {
    my ($response) = @_;
    my @names = $response->head =~ /^(Access-Control-[\w-]+)/mig;
    my %seen;
    return 'credentials' if grep { /Credentials/i } @names;
    return "twice: @names" if grep { $seen{ lc $_ }++ } @names;
    return join ' ', $response->header('Access-Control-Allow-Origin') // '-', $response->header('Vary') // ();
}

sub from { my ($origin) = @_; return [ defined $origin ? (Origin => $origin) : () ] }

sub preflight {
    my ($t, $url, $origin, @more) = @_;
    return $t->fetch($url, undef, method => 'OPTIONS',
        headers => [ @{ from($origin) }, 'Access-Control-Request-Method' => 'PUT', 'Access-Control-Request-Headers' => 'authorization', @more ]);
}

sub test_origins {
    my ($t, $token) = @_;
    my @cases = ([ $mine, $mine ], [ 'http://localhost:6274', 'http://localhost:6274' ], [ 'https://chat.openai.com', 'https://chat.openai.com' ]);
    push @cases, [ $_, '-' ] for undef, 'null', '*', 'https://APP.example', 'HTTPS://app.example', 'http://app.example', 'https://app.example/',
        'https://app.example:443', 'https://app.example.evil.example', 'https://evil.example', 'https://app.exampl', 'https://x.app.example',
        'http://localhost', 'http://localhost:62740', 'https://app.example, https://evil.example', '';
    for my $case (@cases) {
        my ($origin, $answer) = @$case;
        my $name = defined $origin ? "Origin: $origin" : 'no Origin';
        my $fetched = $t->fetch('/proxied/plain.txt', $token, headers => from($origin));
        is($fetched->status . ' ' . says($fetched), "200 $answer Accept,Origin", "$name: the answer is for exactly the origins that are named");
        next unless defined $origin;
        my $asked = preflight($t, '/proxied/plain.txt', $origin);
        is($asked->status . ' ' . says($asked), "204 $answer Origin", "$name: so is the preflight");
    }
    my $twice = $t->fetch('/proxied/plain.txt', $token, headers => [ Origin => 'https://evil.example', Origin => $mine ]);
    is(says($twice), '- Accept,Origin', 'two Origin headers are none');
    return;
}

sub test_answers {
    my ($t, $token) = @_;
    my $fetched = $t->fetch('/proxied/plain.txt', $token, headers => from($mine));
    is($fetched->body, "plain\n", 'the backend answers');
    is($fetched->header('Access-Control-Expose-Headers'), 'WWW-Authenticate, Mcp-Session-Id, X-Total', 'a page may read what the client needs, and what the backend says');
    for my $case (
        [ 'no token', 401, '/proxied/plain.txt', undef ],
        [ 'a bad token', 401, '/proxied/plain.txt', 'x' ],
        [ 'too little scope, with an ErrorDocument', 403, '/proxied/write', $token ],
        [ 'nothing there', 404, '/proxied/gone', $token ],
    ) {
        my ($name, $status, $url, $with) = @$case;
        my $response = $t->fetch($url, $with, headers => from($mine));
        like($response->status . ' ' . says($response), qr/^$status \Q$mine\E (?:Accept,)?Origin$/, "$name: an error can be read like any answer");
        is(($response->header('Access-Control-Expose-Headers') // '') =~ /^WWW-Authenticate\b/ ? 'exposed' : 'hidden', 'exposed', '... with its challenge');
    }
    my $any = $t->fetch('/proxied/any/plain.txt', undef, headers => from('https://evil.example'));
    is($any->status . ' ' . says($any), '401 *', '*: every origin, and no Vary');
    is(says($t->fetch('/open/plain.txt', undef)), '* Accept', '*: without Origin too');
    is($t->fetch('/silent/plain.txt', $token, headers => from($mine))->header('Access-Control-Allow-Origin'), 'https://evil.example',
        'without the directive the backend speaks for itself');
    is(says($t->fetch('/silent/plain.txt', undef, headers => from($mine))), '-', '... and the guard says nothing');
    is(says($t->fetch('/api/notes.txt', $token, headers => from($mine))), '-', 'a guard without the directive says nothing');
    return;
}

sub test_preflights {
    my ($t, $token) = @_;
    my $asked = preflight($t, '/proxied/plain.txt', $mine);
    is($asked->header($_->[0]), $_->[1], "$_->[0] of a preflight") for @lists;
    is($asked->header('Access-Control-Expose-Headers'), undef, '... and nothing that is for answers');
    is($asked->header('WWW-Authenticate'), undef, 'a preflight is not asked for a token');
    my $refused = preflight($t, '/proxied/plain.txt', 'https://evil.example');
    unlike($refused->head, qr/^Access-Control/mi, 'another origin learns nothing');
    is(preflight($t, '/proxied/gone', $mine)->status, 204, 'a preflight is not passed on to the backend');
    is(preflight($t, '/open/gone', $mine)->status, 204, '... where nothing guards neither');
    is(says(preflight($t, '/hello', $mine)), "$mine Origin", "hello goes by its Location");
    is(says(preflight($t, '/hello', 'https://evil.example')), '- Origin', '... for all origins');
    is($t->fetch('/open/gone', undef, method => 'OPTIONS', headers => from($mine))->status, 404, 'OPTIONS that is no preflight is');
    is($t->fetch('/proxied/plain.txt', undef, method => 'OPTIONS', headers => from($mine))->status, 401, '... and wants a token');
    unlike(preflight($t, '/silent/plain.txt', $mine)->head, qr/^(?:Access-Control|Vary)/mi, 'without the directive a preflight is a bare 204');
    is(preflight($t, '/silent/plain.txt', $mine)->status, 204, '... yet 204');
    $t->write_file('htdocs/api/folder/file.txt', '');
    my %told = map { (preflight($t, "/api/$_", $mine)->status => 1) } qw(folder folder/ folder/file.txt folder/file notes nothing nothing/more);
    is(join(' ', keys %told), 204, 'a preflight does not tell what is there behind a guard');
    like(preflight($t, '/extended', $mine)->header('Access-Control-Allow-Headers'), qr/openai-ephemeral-user-id, X-Mine$/, 'mod_headers has the last word');
    return;
}

sub test_endpoints {
    my ($t) = @_;
    for my $url (
        qw(/oauth/token /oauth/revoke /oauth/register /fetch-token /.well-known/oauth-authorization-server /.well-known/oauth-authorization-server/none
        /.well-known/oauth-protected-resource /.well-known/oauth-protected-resource/api /.well-known/oauth-protected-resource/none)
    ) {
        is(says($t->http->request($_, $url, headers => from('https://x.example'))), '*', "case 225: $_ $url may be read by every page") for qw(GET POST);
        my $asked = preflight($t, $url, 'https://x.example');
        is($asked->status . ' ' . says($asked), '204 *', "case 225: a preflight at $url");
    }
    my $token = preflight($t, '/oauth/token', 'https://x.example');
    is($token->status, 204, 'a preflight at the token endpoint');
    is($token->header($_->[0]), $_->[1], "... $_->[0]") for @lists;
    for my $url (qw(/oauth/authorize /oauth/introspect /oauth/anything /login)) {
        for my $origin ($mine, 'https://x.example') {
            unlike($t->http->request($_, $url, headers => from($origin))->head, qr/^Access-Control/mi, "case 38: $_ $url is for no page of another origin")
                for qw(GET HEAD POST OPTIONS);
            unlike(preflight($t, $url, $origin)->head, qr/^Access-Control/mi, "case 38: nor is a preflight at $url");
        }
    }
    return;
}

on_each_db({ cache => 'off', conf => $conf, modules => ['negotiation'] }, sub {
    my ($t) = @_;
    my $token = $t->tokens_for($t->client_add('notes'), params => { scope => 'read' })->{access_token};
    test_origins($t, $token);
    test_answers($t, $token);
    test_preflights($t, $token);
    test_endpoints($t);
    $t->sql('ALTER TABLE oauth_access_token RENAME TO hidden;');
    my $down = $t->fetch('/proxied/plain.txt', $token, headers => from($mine));
    is($down->status . ' ' . says($down), "503 $mine Origin", 'a database out of order: the page sees why');
});

done_testing;
