#!/usr/bin/perl
# Sign-ins of httpd's own at the authorization endpoint, by real modules: client certificates and forms. A user counts when somebody
# vouches for him, and a refusal stays one.
use strict;
use warnings;
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Certificates;

my $db = (dbs())[0];
my $hash = '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=';    # of "password", which is also what FakeBasicAuth sends

# ---- certificates

my $user_name = 'SSLUserName SSL_CLIENT_S_DN_CN';
my $authority = 'SSLCACertificateFile "%%DIR%%/ca.pem"';
my $basic = <<'EOC';
    AuthType Basic
    AuthName "Staff"
    AuthUserFile "%%DIR%%/passwords"
    Require valid-user
EOC
my $at = sub { "<Location /oauth/authorize>\n" . join("\n", @_) . "\n</Location>" };

# Virtual hosts, a port each.
my %hosts = (
    A => "SSLVerifyClient optional_no_ca\n$user_name",
    B => "SSLVerifyClient optional_no_ca\n$user_name\n$authority",
    C => "SSLVerifyClient optional\n$user_name\n$authority",
    D => "SSLVerifyClient require\n$user_name\n$authority",
    E => "SSLVerifyClient optional_no_ca\n$user_name\n$authority\n" . $at->($basic),
    F => "SSLVerifyClient optional_no_ca\n$user_name\n$authority\n" . $at->($basic, 'Allow from all', 'Satisfy any'),
    G => "SSLVerifyClient optional_no_ca\nSSLOptions +FakeBasicAuth\n$authority\n" . $at->($basic),
    H => "SSLVerifyClient optional\nSSLOptions +FakeBasicAuth\n$authority\n" . $at->($basic),
    I => "SSLVerifyClient optional_no_ca\n$user_name\nGPTOAuthUserName env:SSL_CLIENT_S_DN_CN\n" . $at->('SSLOptions +StdEnvVars'),
    L => "SSLVerifyClient optional_no_ca\n$user_name\n$authority\n" . $at->('SSLVerifyClient optional'),
    J => "SSLVerifyClient optional_no_ca\n$user_name\n$authority\nRewriteEngine on\n"
        . "<Location /go>\nOptions +FollowSymLinks\nRewriteEngine on\nRewriteRule ^ /oauth/authorize\n</Location>",
);

sub tls_conf {
    my $conf = "SSLSessionCache none\n";
    for my $host (sort keys %hosts) {
        my $port = "%%PORT_$host%%";
        $conf .= <<"EOC";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    ServerName localhost:$port
    Protocols h2 http/1.1
    SSLEngine on
    SSLCertificateFile "%%DIR%%/server.pem"
    SSLCertificateKeyFile "%%DIR%%/server.key"
    GPTOAuthIssuer https://localhost:$port
    <Location /api/hello>
        AuthType GPTOAuth
        Require valid-user
        SetHandler gpt-oauth-hello
    </Location>
    $hosts{$host}
</VirtualHost>
EOC
    }
    return $conf;
}

# certificate: the name of one; cookies: the name of a file that keeps them.
sub tls {
    my ($t, $host, $url, %opt) = @_;
    my $dir = $t->dir;
    my @curl = (qw(curl -sik --max-time 20 --raw), $opt{http} // '--http1.1', '-c', "$dir/cookies", '-b', "$dir/cookies");
    push @curl, '--cert', "$dir/$opt{certificate}.pem", '--key', "$dir/$opt{certificate}.key" if $opt{certificate};
    push @curl, map { ('-H', $_) } @{ $opt{headers} // [] };
    push @curl, '--data', $opt{body} if defined $opt{body};
    my $got = Test::GptOauth::run({}, @curl, 'https://localhost:' . $t->port($host) . $url);
    return Test::GptOauth::Response->new('000 no response', [], '') if $got->{status};
    $got->{out} =~ s{^HTTP/2 }{HTTP/1.1 };
    return Test::GptOauth::Http::take_response(\$got->{out}, 'GET', 1);
}

sub fresh { my ($t) = @_; unlink $t->dir . '/cookies'; return }

sub signed_in {
    my ($t, $client, $host, $certificate, %opt) = @_;
    fresh($t);
    local $t->{issuer} = 'https://localhost:' . $t->port($host);
    my $response = tls($t, $host, $t->authorize_url($client), certificate => $certificate, %opt);
    my ($name) = $response->body =~ /Signed in as <strong><bdi>([^<]+)/;
    return join ' as ', $t->outcome($client, $response), $name // ();
}

# What a second connection sees that goes on with the TLS session of the first.
sub resumed {
    my ($t, $client, $host, $certificate, $version) = @_;
    local $t->{issuer} = 'https://localhost:' . $t->port($host);
    my ($dir, $url) = ($t->dir, $t->authorize_url($client));
    my $http = "GET $url HTTP/1.1\r\nHost: localhost:" . $t->port($host) . "\r\nConnection: close\r\n\r\n";
    my @connect = (qw(timeout 20 openssl s_client -ign_eof), "-$version", '-connect', 'localhost:' . $t->port($host));
    Test::GptOauth::run({ stdin => $http }, @connect, '-cert', "$dir/$certificate.pem", '-key', "$dir/$certificate.key", '-sess_out', "$dir/session");
    my $out = Test::GptOauth::run({ stdin => $http }, @connect, '-sess_in', "$dir/session")->{out};
    my $is_resumed = $out =~ /^Reused, /m ? 'resumed' : 'anew';
    $out =~ s{^.*?(?=HTTP/1\.1 \d)}{}s;
    return "$is_resumed, " . $t->outcome($client, Test::GptOauth::Http::take_response(\$out, 'GET', 1));
}

# The whole flow; answers the token's user.
sub user_of_certificate {
    my ($t, $client, $host, $certificate) = @_;
    local $t->{issuer} = 'https://localhost:' . $t->port($host);
    my ($verifier, $challenge) = Test::GptOauth::Flow::pkce();
    my @as = (certificate => $certificate);
    fresh($t);
    my $browser = $t->browser;
    $browser->{page} = tls($t, $host, $t->authorize_url($client, code_challenge => $challenge, scope => 'hello'), @as);
    my $form = $browser->consent_form or return $t->outcome($client, $browser->page);
    my $body = Test::GptOauth::Http::form(%{ $form->{fields} }, decision => 'allow');
    my $answer = tls($t, $host, '/oauth/authorize', @as, body => $body)->answer;
    my $grant = { code => $answer->{code}, redirect_uri => $client->{redirect_uri}, verifier => $verifier };
    ($body) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($grant));
    my $token = secret(tls($t, $host, '/oauth/token', @as, body => $body)->json->{access_token});
    return tls($t, $host, '/api/hello', @as, headers => ["Authorization: Bearer $token"])->json->{user};
}

sub test_certificates {
    my $t = Test::GptOauth->new(db => $db, conf => tls_conf(), modules => [qw(ssl socache_shmcb http2 access_compat)], start => 0);
    make_certificate($t->dir, 'server', '/CN=localhost');
    make_certificate($t->dir, 'ca', '/CN=Test authority');
    make_certificate($t->dir, 'alice', '/CN=alice', by => 'ca');
    make_certificate($t->dir, 'self', '/CN=alice');
    make_certificate($t->dir, 'other', '/CN=Other authority');
    make_certificate($t->dir, 'foreign', '/CN=alice', by => 'other');
    $t->write_file('passwords', "/CN=alice:$hash\nalice:$hash\n");
    $t->start;
    my $client = $t->client_add('notes');

    for my $forged (qw(self foreign)) {
        my $before = length $t->error_log;
        is(signed_in($t, $client, 'A', $forged), '200 sign-in', "case 332: optional_no_ca: a certificate ($forged) of alice signs nobody in");
        like(substr($t->error_log, $before), qr/GPT028: the user .?alice.? is ignored: mod_ssl did not verify the certificate \(\S.*\); write SSLVerifyClient optional or require/,
            'case 332: ... and the log says what to write');
        is(signed_in($t, $client, 'B', $forged), '200 sign-in', "case 332: ... nor where there is an authority ($forged)");
        is(signed_in($t, $client, 'A', $forged, http => '--http2'), '200 sign-in', "case 332: ... nor over HTTP/2 ($forged)");
        is(signed_in($t, $client, 'E', $forged), '401 page', "case 332: ... where AuthType asks, it asks ($forged)");
        is(signed_in($t, $client, 'F', $forged), '200 sign-in', "case 332: ... and where Satisfy lets everybody in, nobody is signed in ($forged)");
        is(signed_in($t, $client, 'G', $forged), '200 sign-in', "case 332: ... nor by FakeBasicAuth ($forged)");
        is(signed_in($t, $client, $_, $forged), '0 in another type', "case 332: where mod_ssl verifies, it does not come so far ($_, $forged)") for 'C', 'D', 'H';
    }
    is(resumed($t, $client, 'B', 'self', $_), 'resumed, 200 sign-in', "case 332: ... nor on a connection that goes on with its session ($_)") for qw(tls1_2 tls1_3);
    is(resumed($t, $client, 'L', 'self', 'tls1_2'), 'resumed, 200 sign-in', 'case 332: ... nor where one Location alone lets it in');
    is(resumed($t, $client, 'C', 'alice', $_), 'resumed, 200 consent', "case 332: ... which one of the authority does ($_)") for qw(tls1_2 tls1_3);
    fresh($t);
    my $detour = tls($t, 'J', $t->authorize_url($client) =~ s{^/oauth/authorize}{/go}r, certificate => 'self');
    is($t->outcome($client, $detour), '200 sign-in', 'case 332: nor where an internal redirect brought the request');
    is(signed_in($t, $client, 'E', 'self', headers => [ 'Authorization: Basic ' . encode_base64('alice:password', '') ]), '200 sign-in',
        'case 332: ... and what FakeBasicAuth would send does not count either');
    is(signed_in($t, $client, 'E', undef, headers => [ 'Authorization: Basic ' . encode_base64('alice:password', '') ]), '200 consent as alice',
        'case 332: ... but without a certificate the password is one');

    is(signed_in($t, $client, $_, 'alice'), '200 consent as alice', "case 332: a certificate of the authority does sign in ($_)") for 'B' .. 'F';
    is(signed_in($t, $client, $_, 'alice', http => '--http2'), '200 consent as alice', "case 332: ... over HTTP/2 too ($_)") for 'B', 'D';
    is(signed_in($t, $client, $_, 'alice'), '200 consent as /CN=alice', "case 332: ... and by FakeBasicAuth ($_)") for 'G', 'H';
    is(user_of_certificate($t, $client, $_, 'alice'), 'alice', "case 332: ... up to a token ($_)") for 'C', 'D';
    is(signed_in($t, $client, $_), '200 sign-in', "without a certificate there is the sign-in page ($_)") for 'A' .. 'C';

    # Somebody else's password beside the certificate: the page must not call him by its name.
    fresh($t);
    local $t->{issuer} = 'https://localhost:' . $t->port('I');
    my $browser = $t->browser;
    $browser->{page} = tls($t, 'I', $t->authorize_url($client), certificate => 'self');
    my $form = $browser->form_with('password');
    my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form ? $form->{fields} : {} }, username => 'carol', password => $t->user('carol') }));
    like(tls($t, 'I', '/oauth/authorize', certificate => 'self', body => $body)->body, qr/Signed in as <strong><bdi>carol</,
        'case 332: nor does it say how a user is called');
    return $t->finish;
}

# ---- mod_auth_form

my $form_conf = <<'EOC';
<Location /oauth/authorize>
    AuthType form
    AuthName "Staff"
    AuthFormProvider file
    AuthUserFile "%%DIR%%/passwords"
    Session on
    SessionCookieName staff path=/;HttpOnly
    Require valid-user
    %%LOGIN%%
</Location>
<Location /sign-in>
    SetHandler form-login-handler
    AuthType form
    AuthName "Staff"
    AuthFormProvider file
    AuthUserFile "%%DIR%%/passwords"
    Session on
    SessionCookieName staff path=/;HttpOnly
</Location>
<Location /login.shtml>
    Options +Includes
    SetOutputFilter INCLUDES
    ForceType text/html
</Location>
EOC
my $inline = 'ErrorDocument 401 /login.html';
my $apart = 'AuthFormLoginRequiredLocation "/login.shtml?%{escape:%{REQUEST_URI}?%{QUERY_STRING}}"';
my $fields = '<input name="httpd_username"><input type="password" name="httpd_password">';

sub test_form {
    my ($name, $login, $more, @modules) = @_;
    my $conf = ($more // '') . "\n" . $form_conf =~ s/%%LOGIN%%/$login/r;
    my $t = Test::GptOauth->new(db => $db, conf => $conf, start => 0, modules => [qw(session session_cookie request auth_form include), @modules]);
    $t->write_file('passwords', "carol:$hash\n");
    $t->write_file('htdocs/login.html', "<form method=\"post\" action=\"\">$fields</form>\n");
    $t->write_file('htdocs/login.shtml', "<form method=\"post\" action=\"/sign-in\">$fields<input type=\"hidden\" name=\"httpd_location\" "
            . "value=\"<!--#echo decoding=\"url\" encoding=\"entity\" var=\"QUERY_STRING\" -->\"></form>\n");
    $t->start;
    my $client = $t->client_add('notes');
    my ($verifier, $challenge) = Test::GptOauth::Flow::pkce();
    my $url = $t->authorize_url($client, code_challenge => $challenge, scope => 'hello');
    my $browser = $t->browser;

    my $ask = sub { $browser->follow($browser->get($url)); return $browser->form_with('httpd_password') };
    my $answer = sub { return $browser->follow($browser->submit($ask->(), httpd_username => 'carol', httpd_password => $_[0])) };
    ok($ask->(), "$name: mod_auth_form asks who it is");
    my $denied = $answer->('wrong!');
    ok(!$browser->has_consent && !$browser->has_sign_in, "$name: a wrong password leads nowhere: " . $denied->status);
    my $page = $answer->('password');
    is($t->outcome($client, $page), '200 consent', "$name: the right one leads to the consent page");
    like($page->body, qr/Signed in as <strong><bdi>carol</, '... in the right name');
    my $code = $browser->decide('allow');
    is($t->outcome($client, $code), '303 code', '... and from there to a code');
    my $grant = { code => $code->answer->{code}, redirect_uri => $client->{redirect_uri}, verifier => $verifier };
    is($t->hello($t->redeem($grant, {}, client => $client)->json->{access_token})->json->{user}, 'carol', '... whose token is hers');
    is($t->outcome($client, $browser->get($url)), '302 code', '... and next time nothing is asked for');

    my $other = $t->client_add('other');
    my $post = sub { $t->outcome($other, $browser->request('POST', '/oauth/authorize' . $_[0], body => $_[1])) };
    my $query = $t->authorize_url($other) =~ s/.*\?//r;
    is($post->('', $query), '200 consent', "$name: a request by POST is in its body");
    is($post->("?$query", ''), '200 consent', '... or in the query, if the body has none');
    is($post->('', 'a=b'), '400 page', '... and somewhere it must be');
    is($t->http->post("/oauth/authorize?$query", 'a=b')->status, $login eq $apart ? 302 : 401, '... and for nobody without a sign-in');
    return $t->finish;
}

# ---- refusals

sub test_error_documents {
    my $t = Test::GptOauth->new(db => $db, start => 0, modules => [qw(access_compat)]);
    my $client = $t->client_add('notes');
    my $request = $t->authorize_url($client);
    my @targets = ($request, $request =~ s{^/oauth/authorize}{/connect}r, qw(/oauth/token /oauth/revoke /oauth/introspect /oauth/register
        /oauth/none /.well-known/oauth-authorization-server /.well-known/oauth-protected-resource /.well-known/openid-configuration
        /openapi.json /hello));
    my $conf = "GPTOAuthRegistration open\nGPTOAuthOpenAPI \"%%DIR%%/openapi.json\"\n";
    $conf .= "<Location /hello>\nSetHandler gpt-oauth-hello\n</Location>\n<Location /connect>\nSetHandler gpt-oauth-authorize\n</Location>\n";
    my $document = sub { my ($status, $target) = @_; return "ErrorDocument $status \"$target\"" };
    for my $i (0 .. $#targets) {
        $conf .= "<Location /unknown$i>\n$basic" . $document->(401, $targets[$i]) . "\n</Location>\n"
            . "<Location /denied$i>\nRequire all denied\n" . $document->(403, $targets[$i]) . "\n</Location>\n"
            . "<Location /none$i>\n" . $document->(404, $targets[$i]) . "\n</Location>\n";
    }
    $conf .= $at->($basic, $document->(401, $request));
    $t->write_file('openapi.json', '{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/x":{"get":{"operationId":"x","responses":{}}}}}');
    $t->write_file('passwords', "carol:$hash\n");
    $t->write_conf(conf => $conf);
    $t->start;
    my @as = (headers => [ Authorization => 'Basic ' . encode_base64('carol:password', '') ]);
    my $browser = $t->browser;
    is($t->outcome($client, $browser->get($request, @as)), '200 consent', 'somebody signs in');
    my $body = Test::GptOauth::Http::form(%{ $browser->consent_form->{fields} }, decision => 'allow');
    is($t->outcome($client, $browser->request('POST', '/oauth/authorize', body => $body, @as)), '303 code', '... and allows it once for all');
    is($t->outcome($client, $browser->get($request, @as)), '302 code', '... so that nothing is asked for');
    for my $i (0 .. $#targets) {
        my $name = $targets[$i] =~ s/\?.*//r;
        for my $case ([ 401, "/unknown$i" ], [ 403, "/denied$i", @as ], [ 404, "/none$i", @as ]) {
            my ($status, $target, @options) = @$case;
            for my $method (qw(GET HEAD POST OPTIONS)) {
                my $response = $browser->request($method, $target, @options);
                next if $method eq 'OPTIONS' && $status == 404;    # httpd answers it for a file that is not there
                is($response->status, $status, "$name as ErrorDocument of $method: $status stays $status");
                is($response->location, undef, '... and leads nowhere');
                is(join('|', $response->headers('WWW-Authenticate')), $status == 401 ? 'Basic realm="Staff"' : '', '... with its challenge') if $status == 401;
            }
        }
    }
    my $before = $t->sql('SELECT count(*) FROM oauth_code;');
    my $wrong = $t->http->get($request, headers => [ Authorization => 'Basic ' . encode_base64('carol:wrong', '') ]);
    is($wrong->status, 401, 'a wrong password at the endpoint whose ErrorDocument is the endpoint');
    unlike($wrong->body, qr/name="decision"|carol/, '... is no sign-in');
    is($t->sql('SELECT count(*) FROM oauth_code;'), $before, '... and makes no code');
    like($t->error_log, qr/GPT029: gpt-oauth-authorize cannot be an ErrorDocument: the error 401 is answered as if none were set; point ErrorDocument/, 'the log says what to write');
    return $t->finish;
}

test_certificates();
test_error_documents();
test_form('inline login', $inline);
test_form('a login page apart', $apart, 'SessionCryptoPassphrase sesame', 'session_crypto');
test_form('inline login with a kept body', "$inline\nKeptBodySize 4096");
done_testing();
