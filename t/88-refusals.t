#!/usr/bin/perl
# What the guard's refusals look like: JSON for programs, a page for people, and the administrator's ErrorDocument before either.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

# Port A: an issuer that is https, called in clear. B: no issuer, where the main server's sections
# are in force all the same.
my $conf = <<'EOC';
Listen 127.0.0.1:%%PORT_A%%
Listen 127.0.0.1:%%PORT_B%%
<Location /keys>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require valid-user
</Location>
<Location /hkeys>
    AuthType GPTOAuth
    GPTOAuthCredentials header:X-API-Key
    Require valid-user
</Location>
<Location /bob>
    AuthType GPTOAuth
    Require user bob
</Location>
<Location /near>
    AuthType GPTOAuth
    <RequireAll>
        Require ip 192.0.2.1
        Require valid-user
    </RequireAll>
</Location>
<Location /explained>
    AuthType GPTOAuth
    Require oauth-scope write
    ErrorDocument 401 "ask the administrator"
    ErrorDocument 403 /plain.txt
</Location>
<Location /away>
    AuthType GPTOAuth
    Require oauth-scope write
    ErrorDocument 403 https://help.example/
</Location>
<Location /lost>
    AuthType GPTOAuth
    Require valid-user
    ErrorDocument 401 /nowhere.html
</Location>
<Location /loop>
    AuthType GPTOAuth
    Require valid-user
    ErrorDocument 401 /api/notes.txt
</Location>
<Location /inner>
    AuthType GPTOAuth
    Require valid-user
</Location>
RewriteEngine on
<Directory "%%DIR%%/htdocs/inner">
    Options +FollowSymLinks
    RewriteEngine on
    RewriteBase /inner/
    RewriteRule ^from$ /inner/closed.txt
</Directory>
<Location /default>
    AuthType GPTOAuth
    Require valid-user
    ErrorDocument 401 default
</Location>
Header always set X-Always yes
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost
    GPTOAuthIssuer https://localhost
    <Location /api>
        AuthType GPTOAuth
        Require valid-user
    </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName nobody
</VirtualHost>
EOC

# "401 invalid_token": status and error of an answer that is JSON; what else it is otherwise.
sub json_verdict {
    my ($response) = @_;
    my $type = $response->header('Content-Type') // 'without a type';
    return $response->status . " $type" if $type ne 'application/json;charset=UTF-8';
    my $json = eval { JSON::PP::decode_json($response->body) } or return 'no JSON: ' . $response->body;
    return 'more than is wanted' if join(' ', sort keys %$json) ne 'error error_description';
    return 'an odd description' if $json->{error_description} !~ /^[\x20-\x21\x23-\x5b\x5d-\x7e]{20,}\.$/;
    return $response->status . " $json->{error}";
}

sub description { my ($response) = @_; return (eval { JSON::PP::decode_json($response->body) } // {})->{error_description} // '' }

# Each refusal: what it is, where, with which headers, what the JSON says, and a pattern of what people read.
sub refusals {
    my ($token) = @_;
    my @bearer = Test::GptOauth::Flow::bearer($token);
    my @key = Test::GptOauth::Flow::bearer('gok_' . 'x' x 43);
    return (
        [ 'no token', '/api/notes.txt', [], '401 invalid_token', qr/needs an access token in the Authorization header \(Bearer\); none was sent/ ],
        [ 'a dead token', '/api/notes.txt', [ Test::GptOauth::Flow::bearer('goa_dead') ], '401 invalid_token', qr/access token/ ],
        [ 'two credentials', '/api/notes.txt?access_token=x', \@bearer, '400 invalid_request', qr/in the header and in the URL/ ],
        [ 'too little scope', '/write/notes.txt', \@bearer, '403 insufficient_scope', qr/more than the user has allowed/ ],
        [ 'another user', '/bob', \@bearer, '403 access_denied', qr/may not use this address/ ],
        [ 'another network', '/near', \@bearer, '403 access_denied', qr/may not use this address/ ],
        [ 'no key', '/keys', [], '401 invalid_token', qr/needs a key in the Authorization header \(Bearer\); none was sent/ ],
        [ 'no key in a header', '/hkeys', [], '401 invalid_token', qr/needs a key in the header X-API-Key; none was sent/ ],
        [ 'a wrong key', '/keys', \@key, '403 access_denied', qr/The key is wrong, or no longer valid/ ],
        [ 'a wrong key in a header', '/hkeys', [ 'X-API-Key' => 'wrong' ], '403 access_denied', qr/The key is wrong, or no longer valid/ ],
        [ 'where ErrorDocument says default', '/default', [], '401 invalid_token', qr/none was sent/ ],
    );
}

sub is_explained {
    my ($http, $what, $path, $headers, $wanted, $words) = @_;
    for my $accept (undef, '*/*', 'application/json', 'application/json, text/event-stream', 'text/html;q=0.5, application/json') {
        my $response = $http->get($path, headers => [ @$headers, defined $accept ? (Accept => $accept) : () ]);
        is(json_verdict($response), $wanted, "$what: JSON for Accept " . ($accept // '(none)'));
        like(description($response), $words, '... which says what is wrong');
    }
    my $response = $http->get($path, headers => [ @$headers, Accept => $browser ]);
    is($response->status . ' ' . ($response->header('Content-Type') // ''), (split / /, $wanted)[0] . ' text/html;charset=UTF-8', "$what: a page for a browser");
    like($response->body, qr{<h1>.+</h1>.*$words.*</html>\s*\z}s, '... which says it too');
    like($response->header('Content-Security-Policy') // '', qr/default-src 'none'/, '... as strict as all pages');
    is($response->header('Cache-Control'), 'no-store', '... and for nobody else');
    is($http->get($path, headers => $headers)->header('Cache-Control'), 'no-store', '... nor is the JSON');
    $response = $http->request(HEAD => $path, headers => $headers);
    is($response->status . ' ' . ($response->header('Content-Type') // '') . $response->body, (split / /, $wanted)[0] . ' application/json;charset=UTF-8', "$what: HEAD");
    $response = $http->request(POST => $path, body => '{"a": 1}', headers => [ @$headers, 'Content-Type' => 'application/json' ]);
    is(json_verdict($response), $wanted, "$what: POST");
    is($http->get('/plain.txt')->status, 200, '... and the connection goes on');
    return;
}

sub test_error_documents {
    my ($t, $token) = @_;
    my $response = $t->http->get('/explained/x');
    is($response->status . ' ' . $response->body, '401 ask the administrator', "an administrator's text stays");
    like($response->header('WWW-Authenticate') // '', qr/^Bearer /, '... with the challenge');
    $response = $t->http->get('/explained/x', headers => [ Test::GptOauth::Flow::bearer($token) ]);
    is($response->status . ' ' . $response->body, "403 plain\n", 'and so does his document');
    is($response->header('Content-Type'), 'text/plain', '... of its own type');
    $response = $t->http->get('/api/notes.txt');
    is($response->header('X-Always'), 'yes', 'headers that are always set are set');
    $response = $t->http->get('/api/missing', headers => [ Test::GptOauth::Flow::bearer($token) ]);
    is($response->status . ' ' . $response->header('Content-Type'), '404 text/html; charset=iso-8859-1', 'what is not of the guard is as httpd has it');
    return;
}

sub test_redirects {
    my ($t, $token) = @_;
    my @bearer = (headers => [ Test::GptOauth::Flow::bearer($token) ]);
    my $response = $t->http->get('/away/x', @bearer);
    is($response->status . ' ' . ($response->location // ''), '302 https://help.example/', 'an ErrorDocument elsewhere is a redirect');
    unlike($response->body . $response->head, qr/access_denied|Content-Security-Policy/, '... and nothing else');
    is(json_verdict($t->http->get('/lost/x')), '401 invalid_token', 'where an ErrorDocument is missing, the refusal is as without one');
    is(json_verdict($t->http->get('/loop/x')), '401 invalid_token', '... and where it is guarded itself');
    $response = $t->http->get('/inner/from', @bearer);
    is($response->status . ' ' . $response->header('Content-Type'), '403 text/html; charset=iso-8859-1', 'who is let in and then refused by somebody else is told so by him');
    return;
}

sub test_hosts {
    my ($t) = @_;
    my ($clear, $nobody) = map { Test::GptOauth::Http->new($t->port($_)) } qw(A B);
    is(json_verdict($clear->get('/api/x')), '403 invalid_request', 'in clear');
    like(description($clear->get('/api/x')), qr/https/, '... it says that https is wanted');
    is(json_verdict($nobody->get('/api/x')), '500 server_error', 'without an issuer');
    like($nobody->get('/api/x', headers => [ Accept => $browser ])->body, qr/<h1><bdi>Not set up yet/, '... for people, too');
    return;
}

sub test_throttle {
    my ($t) = @_;
    $t->begin_window(30);
    my $response;
    for my $number (1 .. 120) {
        $response = $t->http->get('/keys', headers => [ Test::GptOauth::Flow::bearer("wrong$number") ]);
        last if $response->status == 429;
    }
    is(json_verdict($response), '429 invalid_token', 'too many wrong keys');
    like(description($response), qr/Too many wrong keys/, '... it says so');
    like($response->header('Retry-After') // '', qr/^[1-9]\d*$/, '... and when to come again');
    return;
}

# The database is away: every one of these is for callers who cannot know it.
sub test_down {
    my ($t, $client, $token) = @_;
    $t->stop;
    $t->write_file('dbd.conf', $t->is_pgsql ? "DBDriver pgsql\nDBDParams \"host=127.0.0.1 port=1 dbname=x connect_timeout=2 tcp_user_timeout=3000\"\nDBDMin 0\n" : "DBDriver sqlite3\nDBDParams %%DIR%%/db/none/x\nDBDMin 0\n");
    $t->start;
    my $response = $t->http->get('/api/notes.txt', headers => [ Test::GptOauth::Flow::bearer($token) ]);
    is(json_verdict($response), '503 temporarily_unavailable', 'without its database the guard says so');
    like($response->header('Retry-After') // '', qr/^[1-9]\d*$/, '... and when to come again');
    $response = $t->http->get('/api/notes.txt', headers => [ Test::GptOauth::Flow::bearer($token), Accept => $browser ]);
    like($response->body, qr{<h1><bdi>Not available at the moment</bdi></h1>}, '... in a page, too');
    is(json_verdict($t->http->get('/api/notes.txt')), '401 invalid_token', 'who has no token is told so all the same');
    my ($body, @headers) = $t->token_body($client, { grant_type => 'refresh_token', refresh_token => 'gor_x' });
    is(json_verdict($t->http->request(POST => '/oauth/token', body => $body, headers => \@headers)), '503 temporarily_unavailable', 'so does the token endpoint');
    $response = $t->http->get($t->authorize_url($client));
    is($response->status . ' ' . ($response->header('Content-Type') // ''), '503 text/html;charset=UTF-8', 'and the authorization endpoint, in a page');
    return;
}

on_each_db({ conf => $conf, start => 0, no_dump => 1, allow => [qr/AH00636|AH00632/] }, sub {
    my ($t) = @_;
    chmod 0600, $t->write_file('htdocs/inner/closed.txt', "for nobody\n");
    $t->start;
    my $client = $t->client_add('app');
    my $token = $t->tokens_for($client, params => { scope => 'read' })->{access_token};
    is_explained($t->http, @$_) for refusals($token);
    test_error_documents($t, $token);
    test_redirects($t, $token);
    test_hosts($t);
    test_throttle($t);
    test_down($t, $client, $token);
});
done_testing();
