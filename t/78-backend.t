#!/usr/bin/perl
# What a backend is told: who calls, whatever the caller writes beside it; none of the module's cookies; and all of its own.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;

my ($db) = dbs();
my $backend = Test::GptOauth::Backend->new;
my $scgi = Test::GptOauth::Backend->new(scgi => 1);

# Port A: a host without an issuer that has the same backend. B: a guard for this issuer. C: a host without an issuer which only the
# guarded Location /inner calls.
my $conf = <<'EOC';
Listen 127.0.0.1:%%PORT_A%%
Listen 127.0.0.1:%%PORT_B%%
Listen 127.0.0.1:%%PORT_C%%
Protocols h2c http/1.1
ScriptSock "%%DIR%%/cgisock"
ScriptAlias /cgi/ "%%DIR%%/cgi/"
ScriptAlias /opencgi/ "%%DIR%%/cgi/"
ProxyPass /guarded/ %%BACKEND%%/
ProxyPass /open/ %%BACKEND%%/
ProxyPass /inner/ http://127.0.0.1:%%PORT_C%%/
ProxyPass /scgi/ %%SCGI%%/
ProxyPass /openscgi/ %%SCGI%%/
<Directory "%%DIR%%/cgi">
    Require all granted
</Directory>
<Directory "%%DIR%%/htdocs">
    Options +Includes
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
</Directory>
<LocationMatch "^/(?:guarded|inner|cgi|scgi)/">
    AuthType GPTOAuth
    GPTOAuthResource http://localhost:%%PORT%%/guarded
    Require valid-user
</LocationMatch>
<Location /login>
    SetHandler gpt-oauth-authorize
</Location>
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName beside
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName localhost:%%PORT_B%%
    GPTOAuthIssuer http://localhost:%%PORT%% guard
    GPTOAuthResource http://localhost:%%PORT_B%%
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_C%%>
    ServerName inner
    <Location />
        GPTOAuthPassHeaders on
    </Location>
    ProxyPass / %%BACKEND%%/
</VirtualHost>
EOC
$conf =~ s/%%BACKEND%%/$backend->url/ge;
$conf =~ s/%%SCGI%%/$scgi->url/ge;

# ---- who calls

# "alice CLIENT read": what stands in the three headers or variables, each once; or the status, when the request came nowhere.
sub told {
    my ($response) = @_;
    return $response->status unless $response->status == 200;
    my @told;
    for my $name (qw(User Client Scope)) {
        push @told, join '+', $response->body =~ /^(?:X[-_]OAuth[-_]$name: |HTTP_X_OAUTH_\U$name\E=)(.*?)\r?$/mgi;
    }
    return join ' ', @told;
}

my @tricks = (
    [ Connection => 'X-OAuth-User;q=1' ], [ Connection => 'foo;X-OAuth-User' ], [ Connection => 'X-OAuth-User; X-OAuth-Scope ;X-OAuth-Client' ],
    [ Connection => 'a X-OAuth-User' ], [ Connection => 'X-OAuth-User X-OAuth-Scope' ], [ Connection => "\tX-OAuth-Client\t" ],
    [ Connection => '"a, X-OAuth-User' ], [ Connection => 'a="b, X-OAuth-User, c"' ], [ Connection => '"x"X-OAuth-User, "y;X-OAuth-Scope' ],
    [ Connection => ',;,X-OAuth-User' ], [ Connection => ';X-OAuth-User' ], [ Connection => ',,,x-oauth-user,,' ], [ Connection => 'X-OAuth-User:' ],
    [ Connection => 'close;X-OAuth-User' ], [ Connection => 'keep-alive, X-OAuth-User' ], [ Connection => 'a', Connection => 'X-OAuth-User' ],
    [ Connection => '"', Connection => 'X-OAuth-User', Connection => '"' ], [ Connection => "a,\r\n X-OAuth-User" ], [ Connection => '(x) X-OAuth-User' ],
    [ Connection => "X-OAuth-User\x0b" ], [ Connection => "x\x0cX-OAuth-User" ], [ Connection => "\xa0X-OAuth-User" ], [ Connection => 'X_OAuth_User, X_OAUTH-SCOPE' ],
    [ Connection => join ',', ('a') x 3000, 'X-OAuth-User' ], [ 'Proxy-Connection' => 'X-OAuth-User' ], [ 'Keep-Alive' => 'X-OAuth-User' ],
    [ TE => 'X-OAuth-User', Connection => 'TE' ], [ TE => 'trailers', Trailer => 'X-OAuth-User' ],
    [ Upgrade => 'X-OAuth-User', Connection => 'Upgrade' ], [ 'X-OAuth-User' => 'mallory' ], [ 'X-OAuth-User' => 'mallory', 'X-OAuth-User' => 'mallory' ],
    [ 'X_OAuth_User' => 'mallory' ], [ 'x-oauth_scope' => 'admin', 'X.OAuth.Client' => 'mallory' ], [ 'X-OAuth-User' => '' ],
);

sub test_identity {
    my ($t, $token, $alice) = @_;
    for my $target (qw(/guarded/ /inner/ /cgi/env /scgi/)) {
        is(told($t->fetch($target, $token)), $alice, "case 305: $target is told who calls");
        for my $headers (@tricks) {
            my $told = told($t->fetch($target, $token, headers => $headers));
            (my $name = substr "@$headers", 0, 60) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
            $told = $alice if $told eq '400';
            is($told, $alice, "case 305: ... or the request is refused: $name");
        }
        my $chunked = "POST $target HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
            . "Trailer: X-OAuth-User\r\n\r\n1\r\nx\r\n0\r\nX-OAuth-User: mallory\r\nConnection: X-OAuth-Scope\r\n\r\n";
        my $told = told($t->http->raw($chunked));
        is($told eq '411' ? $alice : $told, $alice, 'case 305: ... and no trailer says anything else');
    }
    my $curl = sub {
        my $result = Test::GptOauth::run({}, qw(curl -s --max-time 10 --http2-prior-knowledge), @_);
        return Test::GptOauth::Response->new('200', [], $result->{out});
    };
    my @h2 = map { ('-H', $_) } 'X-OAuth-User: mallory', 'X_OAuth_Scope: admin', 'TE: X-OAuth-User', 'Connection: X-OAuth-Client;q=1';
    my $url = 'http://localhost:' . $t->port;
    is(told($curl->(@h2, '-H', "Authorization: Bearer $token", "$url/guarded/")), $alice, 'case 305: over HTTP/2');
    is(told($curl->(@h2, "$url/open/")), '  ', 'case 305: and nobody is told anything where nothing is guarded');

    my @forged = map { ($_ => 'mallory') } qw(X-OAuth-User X-OAUTH-CLIENT x_oauth_scope X.OAuth.User);
    my $beside = Test::GptOauth::Http->new($t->port('A'));
    for my $target (qw(/open/ /opencgi/env /openscgi/)) {
        my $response = $beside->get($target, headers => [ @forged, 'X-Mine' => 'mine' ]);
        is($response->status, 200, "case 318: $target of the host without issuer");
        unlike($response->body, qr/mallory/, '... says nothing forged to the backend of both');
        like($response->body, qr/mine/, '... and passes the other headers');
    }
    like($t->error_log, qr/GPT009: X-OAuth-User or its like removed .* write GPTOAuthPassHeaders on/, 'case 318: the log says what was done');
    is(told(Test::GptOauth::Http->new($t->port('C'))->get('/', headers => [ 'X-OAuth-User' => 'guard' ])), 'guard  ',
        'case 318: unless the administrator knows who calls');
    return;
}

# ---- cookies

# What the other side sees of cookies; undef for none.
sub seen { return ($_[0]->body =~ /^(?:Cookie: |HTTP_COOKIE=)(.*?)\r?$/m)[0] }

sub test_cookies {
    my ($t, $token, $client) = @_;
    my %cookies = %{ $t->browser_of('alice')->cookies };
    my ($session) = map { "$_=$cookies{$_}" } grep { /session/ } sort keys %cookies;
    my ($form) = map { "$_=$cookies{$_}" } grep { /form/ } sort keys %cookies;
    my ($tag) = $session =~ /^gpt-oauth-session-([\w-]{8})=/;
    ok($form && $tag, 'a browser that has signed in has two cookies');
    my $known = "gpt-oauth-known-$tag=x";
    my @cases = (
        [ 'the first', "$session; a=1", 'a=1' ], [ 'the last', "a=1; $session", 'a=1' ], [ 'the middle', "a=1; $session; b=2", 'a=1; b=2' ],
        [ 'the only one', $session, undef ], [ 'the only ones', "$session; $form", undef ], [ 'both', "a=1; $session; b=2; $form; c=3", 'a=1; b=2; c=3' ],
        [ 'one more of the module', "a=1; $known; b=2", 'a=1; b=2' ], [ 'without spaces', "a=1;$session;b=2", 'a=1;b=2' ],
        [ 'twice', "$session; a=1; $session; b=2", 'a=1; b=2' ], [ 'as __Host-', "a=1; __Host-$session; b=2", 'a=1; b=2' ],
        [ 'behind a comma', "a=1, $session, b=2", 'a=1, b=2' ], [ 'behind a space', "a=1 $session b=2", 'a=1 b=2' ],
        [ 'inside of quotes', qq{a="1; $session; 2"; b=2}, 'a="1; 2"; b=2' ], [ 'empty', "a=1; gpt-oauth-session-$tag=; b=2", 'a=1; b=2' ],
        [ 'of odd company', qq{=; ;;  x = y ;$session;"q"=\\"; z}, qq{=; ;;  x = y ;"q"=\\"; z} ], [ 'no other', 'a=1;b= "2,3" ,; c;', 'a=1;b= "2,3" ,; c;' ],
        [ "another issuer's", 'gpt-oauth-session-AAAAAAAA=x; a=1', 'gpt-oauth-session-AAAAAAAA=x; a=1' ],
        [ 'a name that ends alike', "my-gpt-oauth-session-$tag=x; a=1", "my-gpt-oauth-session-$tag=x; a=1" ],
        [ 'a name that begins alike', "gpt-oauth-session-${tag}x=y; a=gpt-oauth-form-$tag", "gpt-oauth-session-${tag}x=y; a=gpt-oauth-form-$tag" ],
        [ 'trailing separators', "a=1; $session;  ", 'a=1' ], [ 'leading separators', " ;$session; a=1", ';a=1' ], [ 'a long one', "$session; " . 'a=b; ' x 1000, 'a=b; ' x 999 . 'a=b;' ],
    );
    for my $target (qw(/open/ /guarded/ /inner/ /opencgi/env /cgi/env /openscgi/ /scgi/ /page.shtml)) {
        for (@cases) {
            my ($name, $sent, $expected) = @$_;
            is(seen($t->fetch($target, $token, headers => [ Cookie => $sent ])), $expected, "case 306: $target, $name");
        }
        my $lines = seen($t->fetch($target, $token, headers => [ Cookie => "a=1; $session", Cookie => 'b=2', Cookie => $form ]));
        is($lines, 'a=1; b=2', "case 306: $target, in several lines");
    }
    is(seen(Test::GptOauth::Http->new($t->port('B'))->get('/open/', headers => [ Cookie => "a=1; $session" ])), 'a=1', 'case 306: at a guard too');
    my $curl = Test::GptOauth::run({}, qw(curl -s --max-time 10 --http2-prior-knowledge),
        (map { ('-H', "Cookie: $_") } 'a=1', $session, 'b=2', $form), 'http://localhost:' . $t->port . '/open/');
    is(seen(Test::GptOauth::Response->new('200', [], $curl->{out})), 'a=1; b=2', 'case 306: over HTTP/2, where browsers send them apart');
    unlike($t->fetch('/open/', undef, headers => [ Cookie => "$session; $form" ])->body, qr/gpt-oauth|\Q$session\E/, 'case 306: nor are they anywhere else');

    # The endpoints have them, wherever they are and however they came.
    my $asks = sub { my ($path, @lines) = @_; $t->outcome($client, $t->http->get($t->authorize_url($client) =~ s{^/oauth/authorize}{$path}r, headers => [ map { (Cookie => $_) } @lines ])) };
    for my $path (qw(/oauth/authorize /login)) {
        is($asks->($path, "a=1; $session; b=2"), '302 code', "case 306: $path knows the session");
        is($asks->($path, "a=1; $session", $form), '302 code', '... in several lines');
        is($asks->($path, "$session, $form"), '302 code', '... joined by somebody on the way');
        is($asks->($path, "$session; $session"), '200 sign-in', '... and believes none that comes twice');
    }
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client) =~ s{^/oauth/authorize}{/login}r);
    $browser->sign_in('alice', $t->user('alice'));
    is($browser->page->status, 303, 'case 306: the form of /login works with its cookies');
    return;
}

# Where nothing forbids it a browser sends them to the module's pages alone.
sub test_path {
    my ($t, $client) = @_;
    my @lines = map { $_->headers('Set-Cookie') } $t->http->get($t->authorize_url($client));
    is(join('|', map { /; (Path=[^;]*)/ } @lines), 'Path=/oauth', 'case 306: the path of a cookie');
    @lines = map { $_->headers('Set-Cookie') } $t->http->get($t->authorize_url($client) =~ s{^/oauth/authorize}{/login}r);
    is(join('|', map { /; (Path=[^;]*)/ } @lines), 'Path=/', 'case 306: ... of a page that stands elsewhere');
    my ($name) = map { /^([^=]+)/ } @lines;
    @lines = map { $_->headers('Set-Cookie') } $t->http->get($t->authorize_url($client), headers => [ Cookie => "$name=a; $name=b" ]);
    is(join('|', map { /; (Path=[^;]*)/, /; (Max-Age=0)/ } @lines), 'Path=/|Max-Age=0|Path=/oauth', 'case 306: who has both loses the one of elsewhere');
    return;
}

my $t = Test::GptOauth->new(db => $db, modules => [qw(cgid http2 include proxy_scgi)], conf => $conf, start => 0);
$t->write_file('cgi/env', "#!/bin/sh\ncat >/dev/null\necho 'Content-Type: text/plain'\necho\nenv\n");
chmod 0755, $t->dir . '/cgi/env' or die;
$t->write_file('htdocs/page.shtml', qq{<!--#include virtual="/opencgi/env" -->\n<!--#include virtual="/cgi/env" -->\n});
$t->start;
my $client = $t->client_add('notes');
my $token = $t->tokens_for($client)->{access_token};
test_identity($t, $token, "alice $client->{id} read");
test_cookies($t, $token, $client);
test_path($t, $client);
$t->finish;

# Where no host has an issuer the module touches nothing.
my $off = Test::GptOauth->new(db => $db, issuer => '', pages => '', conf => 'ProxyPass /open/ ' . $backend->url . '/');
my $untouched = $off->http->get('/open/', headers => [ 'X-OAuth-User' => 'somebody', Cookie => 'gpt-oauth-session-AAAAAAAA=x', Connection => 'a;b' ]);
is(told($untouched), 'somebody  ', 'case 252: without an issuer anywhere a header is anybody\'s');
is(seen($untouched), 'gpt-oauth-session-AAAAAAAA=x', '... and so is a cookie');
$off->finish;

done_testing;
