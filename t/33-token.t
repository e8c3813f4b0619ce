#!/usr/bin/perl
# The token endpoint: HTTP, client authentication, and the shape of its answers.
use strict;
use warnings;
use FindBin;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $endpoint = '/oauth/token';
my $jwt = 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4Iiwic3ViIjoieCIsImp0aSI6IjEifQ.AAAA';
my @assertion = (client_assertion_type => 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion => $jwt);

sub form { return Test::GptOauth::Http::form(@_) }
sub params { return Test::GptOauth::Flow::redeem_params(@_) }
sub basic { return Test::GptOauth::Flow::basic(@_) }

sub test_http {
    my ($t, $client) = @_;
    my $grant = $t->code_for($client);
    my ($body) = $t->token_body($client, params($grant));
    Test::GptOauth::Secrets::put_into_url($grant->{code}, $grant->{verifier}, $client->{secret});

    for my $method (qw(GET HEAD PUT DELETE)) {
        my $response = $t->http->request($method, "$endpoint?$body");
        is($response->status, 405, "case 108: $method is refused");
        like($response->header('Allow') // '', qr/\bPOST\b/, 'case 108: with what is allowed');
    }
    my ($without) = $t->token_body($client, params($grant), auth => 'none');
    is(
        $t->http->post("$endpoint?client_secret=$client->{secret}", $without)->verdict, '401 invalid_client',
        'case 109: a secret in the query is none'
    );
    is(
        $t->http->post("$endpoint?$body", '')->verdict =~ /^40[01] invalid_(?:client|request)$/ ? 'refused' : 'taken', 'refused',
        'case 109: parameters in the query are none'
    );
    is($t->http->post("$endpoint?code=x&client_id=y", $body . '&')->status, 200,
        'case 109: nor do they disturb those of the body');

    $grant = $t->code_for($client);
    ($body) = $t->token_body($client, params($grant));
    my %type = (
        'text/plain' => 'text', 'multipart/form-data; boundary=x' => 'multipart',
        'application/x-www-form-urlencodedx' => 'a longer one',
        'application/xml' => 'XML', '' => 'an empty one'
    );
    for my $type (sort keys %type) {
        my $response = $t->http->post($endpoint, $body, headers => [ 'Content-Type' => $type ]);
        is($response->verdict, '400 invalid_request', "case 110: media type $type{$type}");
    }
    is($t->http->post($endpoint, $body, headers => [ 'Content-Type' => undef ])->verdict, '400 invalid_request',
        'case 110: none at all');
    for my $header (qw(X-HTTP-Method-Override X-HTTP-Method X-Method-Override)) {
        is($t->http->get($endpoint, headers => [ $header => 'POST' ])->status, 405, "case 277: $header is ignored");
    }
    is(
        $t->http->post($endpoint, $body, headers => [ 'Content-Type' => 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' ])
            ->status,
        200, 'case 110: a charset and upper case are fine, and the code was not used up'
    );

    $grant = $t->code_for($client);
    my %json = (%{ params($grant) }, client_id => $client->{id}, client_secret => $client->{secret});
    is(
        $t->http->post($endpoint, JSON::PP::encode_json(\%json), headers => [ 'Content-Type' => 'application/json' ])->status,
        200,
        'case 110: JSON is accepted'
    );
    my $options = $t->http->request('OPTIONS', $endpoint);
    like($options->status, qr/^20[04]$/, 'case 110: OPTIONS asks for no authentication');
}

sub test_grant_types {
    my ($t, $client, $public) = @_;
    my $verdict = sub { $t->token_request($client, {@_})->verdict };
    is($verdict->(), '400 invalid_request', 'case 112: no grant_type');
    is($verdict->(grant_type => ''), '400 invalid_request', 'case 112: an empty grant_type');
    is($verdict->(grant_type => $_), '400 unsupported_grant_type', "cases 112 and 172: grant_type $_") for 'foo', 'implicit',
        'Authorization_code', 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    is(
        $verdict->(grant_type => 'password', username => 'alice', password => $t->user('alice')), '400 unsupported_grant_type',
        'cases 112 and 172: grant_type password'
    );
    is($verdict->(grant_type => 'client_credentials'), '400 unauthorized_client',
        'case 113: client_credentials of an ordinary client');
    like(
        $t->token_request($public, { grant_type => 'client_credentials' })->verdict, qr/^40[01] (?:unauthorized|invalid)_client$/,
        'cases 113 and 169: client_credentials of a public client'
    );

    my $without = $t->client_add('without refresh');
    my $tokens = $t->tokens_for($without);
    $t->sql("UPDATE oauth_client SET grant_types = 'authorization_code' WHERE id = '$without->{id}';");
    is($t->refresh($without, $tokens->{refresh_token})->verdict, '400 unauthorized_client', 'case 113: refresh_token taken away');
    $t->sql("UPDATE oauth_client SET grant_types = 'refresh_token' WHERE id = '$without->{id}';");
    is($t->ask($without, {}), '302 unauthorized_client',
        'case 113: authorization_code taken away, at the authorization endpoint');
}

sub test_duplicates {
    my ($t, $client, $other) = @_;
    my $grant = $t->code_for($client);
    my ($body) = $t->token_body($client, params($grant));
    for my $name (qw(code client_id client_secret grant_type redirect_uri code_verifier)) {
        my ($value) = $body =~ /(?:^|&)$name=([^&]*)/;
        is($t->http->post($endpoint, "$body&$name=x")->verdict, '400 invalid_request', "case 114: another $name behind");
        is($t->http->post($endpoint, "$name=x&$body")->verdict, '400 invalid_request', "case 114: another $name in front");
        is($t->http->post($endpoint, "$body&$name=$value")->verdict, '400 invalid_request', "case 114: $name twice");
    }
    my $json = sprintf '{"grant_type":"authorization_code","code":"%s","code":"x","client_id":"%s","client_secret":"%s"}',
        $grant->{code}, $client->{id}, $client->{secret};
    is(
        $t->http->post($endpoint, $json, headers => [ 'Content-Type' => 'application/json' ])->verdict, '400 invalid_request',
        'case 114: a name twice in JSON'
    );
    is(
        $t->http->post($endpoint, "code=%ff&$body&client_id=x")->verdict, '400 invalid_request',
        'case 114: a code that cannot be read hides no other fault'
    );
    is($t->redeem($grant)->status, 200, 'case 114: none of these used the code up');
}

sub test_authentication {
    my ($t, $client, $other, $public) = @_;
    my $grant = $t->code_for($client);
    my $verdict = sub {
        my ($authorization, %more) = @_;
        my @headers = defined $authorization ? (Authorization => $authorization) : ();
        return $t->http->post($endpoint, form(Test::GptOauth::Http::pairs({ %{ params($grant) }, %more })), headers => \@headers);
    };
    my ($id, $secret) = @$client{qw(id secret)};
    my $basic = basic($id, $secret);

    is($verdict->(undef, client_id => $id, client_secret => "${secret}x")->verdict, '401 invalid_client',
        'case 116: a wrong secret');
    is($verdict->(undef, client_id => $id, client_secret => $other->{secret})->verdict, '401 invalid_client',
        "case 116: another's");
    is($verdict->(undef, client_id => $id, client_secret => lc $secret)->verdict, '401 invalid_client',
        'case 116: in lower case');
    is($verdict->(undef, client_id => $id)->verdict, '401 invalid_client', 'case 158: no secret at all');
    is($verdict->(undef)->verdict, '401 invalid_client', 'case 116: no client at all');
    my %malformed = (
        'bad base64' => 'Basic !!!!', 'no colon' => 'Basic ' . encode_base64("$id", ''), 'nothing' => 'Basic',
        'empty' => 'Basic ',
        'bad percent-encoding' => basic('%zz', $secret), 'NUL in the id' => basic("$id\0x", $secret),
        'NUL in the secret' => basic($id, "$secret\0"), 'an encoded NUL' => basic("$id%00x", $secret),
        'no UTF-8' => basic("\xff\xfe", $secret), 'only a colon' => basic('', ''),
        'no id' => basic('', $secret), 'another scheme' => 'Bearer ' . $secret,
        'a very long one' => basic($id, 'x' x 6000), 'two credentials' => "$basic, $basic",
    );
    for my $how (sort keys %malformed) {
        my $response = $verdict->($malformed{$how});
        is($response->verdict, '401 invalid_client', "case 118: Basic, $how");
        like($response->header('WWW-Authenticate') // '', qr/^Basic /, 'case 118: with a challenge');
    }
    is($verdict->($basic, client_secret => $secret)->verdict, '400 invalid_request', 'case 120: Basic and a secret in the body');
    is($verdict->($basic, @assertion)->verdict, '400 invalid_request', 'case 120: Basic and an assertion');
    like(
        $verdict->($basic, client_id => $other->{id})->verdict, qr/^40[01] invalid_(?:request|client)$/,
        'case 121: Basic of one client, client_id of another'
    );
    like(
        $verdict->(basic(@$other{qw(id secret)}), client_id => $id)->verdict, qr/^40[01] invalid_(?:request|client)$/,
        'case 121: and the reverse'
    );
    is($verdict->(undef, client_id => $id, client_secret => '')->verdict, '401 invalid_client',
        'case 125: an empty secret in the body');
    is($verdict->(basic($id, ''))->verdict, '401 invalid_client', 'case 125: an empty secret in Basic');
    is($verdict->($basic, client_id => $id)->status, 200, 'case 122: Basic with the same client_id in the body');

    $grant = $t->code_for($client);
    my $hex = sub {
        join '', map { sprintf '%%%02x', ord } split //, $_[0];
    };
    is($verdict->(basic($hex->($id), $hex->($secret)))->status, 200, 'case 117: Basic with everything percent-encoded');
    $grant = $t->code_for($client);
    is($verdict->('bAsIc  ' . encode_base64("$id:$secret", ''))->status, 200, 'case 117: Basic as it is, in odd case');

    $grant = $t->code_for($public);
    is($verdict->(undef, client_id => $public->{id}, client_secret => 'x')->verdict, '401 invalid_client',
        'case 124: a public client with a secret');
    is($verdict->(basic($public->{id}, 'x'))->verdict, '401 invalid_client', 'case 124: the same by Basic');
    is($verdict->(undef, client_id => $public->{id})->status, 200, 'case 124: without one');

    my $pinned = $t->client_add('pinned');
    $t->sql("UPDATE oauth_client SET auth_method = 'client_secret_basic' WHERE id = '$pinned->{id}';");
    $grant = $t->code_for($pinned);
    is($t->redeem($grant)->verdict, '401 invalid_client', 'case 126: pinned to Basic, secret in the body');
    like($t->redeem($grant)->json->{error_description}, qr/^The secret is right, but this client has to send it in the Authorization header/, '... is told so');
    unlike($t->redeem($grant, { client_secret => $pinned->{secret} =~ s/.$//r })->json->{error_description}, qr/is right/, '... unless the secret is wrong');
    is($t->redeem($grant, {}, auth => 'basic')->status, 200, 'case 126: pinned to Basic, by Basic');
}

# White space that came along when somebody copied it.
sub test_pasted {
    my ($t, $client) = @_;
    my ($token, $params);
    my $fresh = sub { $params = params($t->code_for($client)); return };
    for my $blank (' ', "\n", "\r\n", "\t") {
        $fresh->();
        my %pasted = (client_id => "$client->{id}$blank", client_secret => "$blank$client->{secret}$blank");
        my $answer = $t->http->post($endpoint, { %$params, %pasted, code => "$blank$params->{code}$blank" });
        is($answer->status, 200, 'id, secret and code with white space around them');
        $token = $answer->json->{refresh_token};
        $answer = $t->http->post($endpoint, { grant_type => 'refresh_token', refresh_token => "$token$blank" },
            headers => [ Authorization => basic("$client->{id}$blank", "$client->{secret}$blank") ]);
        is($answer->status, 200, '... so does a refresh token, and Basic');
        is($t->http->post('/oauth/revoke', { token => $answer->json->{access_token} . $blank, %pasted })->status, 200, '... and a token to revoke');
        is($t->hello($answer->json->{access_token})->status, 401, '... which is revoked then');
    }
    for my $end ("\n", "\r\n") {
        $fresh->();
        my ($body) = $t->token_body($client, $params);
        is($t->http->post($endpoint, $body . $end)->status, 200, 'the end of a line behind the last value');
    }
    $fresh->();
    is($t->http->post($endpoint, { %$params, client_id => $client->{id}, client_secret => substr($client->{secret}, 0, 9) . ' ' . substr($client->{secret}, 9) })->verdict,
        '401 invalid_client', 'white space in the middle is another secret');
    return;
}

sub test_assertions {
    my ($t, $client) = @_;
    my $trap = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no port: $!\n";
    my $url = 'http://127.0.0.1:' . $trap->sockport . '/jwks.json';
    my $assertion = join '.',
        map { my $text = encode_base64($_, ''); $text =~ tr{+/=}{-_}d; $text } qq({"alg":"RS256","jku":"$url","x5u":"$url"}),
        qq({"iss":"$client->{id}","sub":"$client->{id}","jti":"1"}), 'signature';
    my %params = (grant_type => 'refresh_token', refresh_token => 'x', client_id => $client->{id}, @assertion);
    for my $value ($jwt, $assertion, $assertion) {
        is($t->http->post($endpoint, { %params, client_assertion => $value })->verdict, '401 invalid_client',
            'case 130: an assertion is refused');
    }
    is(
        $t->http->post($endpoint, { %params, client_secret => $client->{secret} })->verdict, '400 invalid_request',
        'cases 120 and 130: also beside a secret'
    );
    ok(
        $t->try_gptoauth('', 'client', 'add', 'jwks', '--redirect', 'https://rp.example/cb', '--jwks-uri', $url)->{status},
        'case 132: no client has a jwks_uri'
    );
    ok(!IO::Select->new($trap)->can_read(0.2), 'case 132: no URL that a client gives is fetched');
}

sub test_shapes {
    my ($t, $client) = @_;
    my $unknown = $t->http->post($endpoint,
        form(grant_type => 'authorization_code', code => 'x', client_id => 'nope', client_secret => 'y'));
    my $wrong = $t->http->post($endpoint,
        form(grant_type => 'authorization_code', code => 'x', client_id => $client->{id}, client_secret => 'y'));
    is($unknown->body, $wrong->body, 'case 128: an unknown client and a wrong secret look alike');
    is($unknown->status, $wrong->status, 'case 128: in the status, too');

    my @errors = (
        $unknown, $t->http->get($endpoint), $t->token_request($client, {}), $t->token_request($client, { grant_type => 'x"\\' }),
        $t->token_request($client, { grant_type => 'authorization_code', code => 'x' }), $t->http->post($endpoint, "a=\xff"),
        $t->http->post($endpoint, 'x' x 70000),
        $t->http->post($endpoint, '{', headers => [ 'Content-Type' => 'application/json' ])
    );
    for my $response (@errors) {
        my $what = $response->verdict;
        like($response->header('Content-Type') // '', qr{^application/json}, "case 133: $what is JSON");
        like(
            $response->error, qr/^(?:invalid_(?:request|client|grant|scope|target)|unauthorized_client|unsupported_grant_type)$/,
            "case 133: $what has a registered error"
        );
        like($response->json->{error_description} // '', qr/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/,
            "case 133: $what has a plain description");
        like($response->header('Cache-Control') // '', qr/no-store/, "case 133: $what is not stored");
        like($response->header('Pragma') // '', qr/no-cache/, "case 133: $what is not stored by old caches");
    }
    my $response = $t->redeem($t->code_for($client, params => { scope => 'read write' }));
    my $json = $response->json;
    is($response->status, 200, 'case 134: success');
    is($response->header('Content-Type'), 'application/json;charset=UTF-8', 'case 134: its media type');
    like($response->header('Cache-Control') // '', qr/no-store/, 'case 134: it is not stored');
    like($response->header('Pragma') // '', qr/no-cache/, 'case 134: nor by old caches');
    is(join(' ', sort keys %$json), 'access_token expires_in refresh_token scope token_type', 'case 134: its members');
    is($json->{token_type}, 'Bearer', 'case 134: token_type');
    like($response->body, qr/"expires_in":3600[,}]/, 'case 134: expires_in is a number');
    is($json->{scope}, 'read write', 'case 134: scope is always told');
    like($json->{access_token}, qr/^gpta_[A-Za-z0-9_-]{54}$/, 'case 134: the access token');
    like($json->{refresh_token}, qr/^gptr_[A-Za-z0-9_-]{80}$/, 'case 134: the refresh token');
}

sub test_guessing {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my %seen;
    my $last;
    $t->begin_window(20);
    for my $number (1 .. 150) {
        $last =
            $t->token_request({ %$client, secret => "wrong$number" }, { grant_type => 'refresh_token', refresh_token => 'x' });
        $seen{ $last->verdict }++;
    }
    is(join(', ', sort keys %seen), '401 invalid_client, 429 invalid_client', 'case 129: many wrong secrets are slowed down');
    like($last->header('Retry-After') // '', qr/^[1-9]\d*$/, 'cases 129 and 278: with Retry-After');
    like($last->header('Content-Type') // '', qr/json/, 'case 278: in JSON');
    my $response = $t->refresh($client, $tokens->{refresh_token});
    is($response->status, 200, 'cases 129 and 278: the right secret is served all the while');
    for my $number (1 .. 310) {
        $last = $t->refresh($client, "wrong$number");
    }
    is($last->verdict, '429 invalid_grant', 'case 278: so are many wrong refresh tokens');
    is($t->refresh($client, $response->json->{refresh_token})->status, 200, 'case 278: and the right one is served');
    like($t->error_log, qr/GPT130: .*invalid_client: .*answered 429.*GPT131: .*invalid_grant: .*answered 429/s, 'the log has a code for each');
}

# Both are good until the new one is used.
sub test_new_secret {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my $new = { %$client, secret => secret($t->gptoauth_json('client', 'secret', $client->{id})->{client_secret}) };
    for my $one ($client, $client, $new, $new) {
        my $answer = $t->refresh($one, $tokens->{refresh_token});
        is($answer->status, 200, 'after a change of the secret the old one works, and the new one');
        $tokens = $answer->json;
    }
    is($t->refresh($client, $tokens->{refresh_token})->verdict, '401 invalid_client', 'the old secret has ended when the new one was used');
    is($t->redeem($t->code_for($new))->status, 200, 'the new one goes on');
    return;
}

on_each_db({}, sub {
    my ($t) = @_;
    my ($client, $other) = map { $t->client_add($_) } qw(notes other);
    my $public = $t->client_add('public', public => 1);
    test_http($t, $client);
    test_grant_types($t, $client, $public);
    test_duplicates($t, $client, $other);
    test_authentication($t, $client, $other, $public);
    test_pasted($t, $client);
    test_assertions($t, $client);
    test_shapes($t, $client);
    test_new_secret($t, $t->client_add('changed'));
    test_guessing($t, $t->client_add('guessed'));
});

done_testing;
