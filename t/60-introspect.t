#!/usr/bin/perl
# Introspection (RFC 7662): who may ask, what a good token is said to be, and that all others look alike.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Configuration qw($other_issuer);
use Test::GptOauth::Faults qw(without_table);

my $endpoint = '/oauth/introspect';
my $inactive = '{"active":false}';

# Everything that an answer says, but for the time of day and what becomes of the connection.
sub whole {
    my ($response) = @_;
    my $head = join '', grep { !/^(?:Date|Connection|Keep-Alive):/i } map { "$_\n" } sort split /\n/, $response->head;
    return join "\n", $response->status, $head, $response->body;
}

sub test_active {
    my ($t, $server, $client) = @_;
    my $base = $t->issuer;
    my $tokens = $t->tokens_for($client, params => { scope => 'read write offline_access' });
    my $response = $t->introspect($server, { token => $tokens->{access_token} });
    my $json = $response->json;
    is($response->status . ' ' . $response->header('Content-Type'), '200 application/json;charset=UTF-8', 'case 186: a good token');
    like($response->header('Cache-Control') // '', qr/no-store/, 'case 186: the answer is not stored');
    is($response->header('Access-Control-Allow-Origin'), undef, 'case 186: and is for no page in a browser');
    my ($iat, $exp) = delete @$json{qw(iat exp)};
    is_deeply($json, {
        active => JSON::PP::true, iss => $base, client_id => $client->{id}, sub => 'alice', username => 'alice',
        scope => 'offline_access read write', token_type => 'Bearer'
    }, 'case 186: what it is');
    is($exp, $iat + 3600, 'case 186: when it ends');
    cmp_ok(abs(time - $iat), '<', 60, 'case 186: and when it began');
    like($response->body, qr/"exp":\d+\b/, 'case 186: times are numbers');
    is($t->introspect($server, { token => $tokens->{access_token} }, auth => 'basic')->json->{active}, JSON::PP::true, 'case 186: by Basic');
    for my $hint (qw(access_token refresh_token foo)) {
        is($t->introspect($server, { token => $tokens->{access_token}, token_type_hint => $hint })->json->{active}, JSON::PP::true,
            "case 186: whatever is hinted: $hint");
    }
    my $narrow = $t->refresh($client, $tokens->{refresh_token}, { scope => 'read' })->json;
    is($t->introspect($server, { token => $narrow->{access_token} })->json->{scope}, 'read', 'case 186: the scope of the token, not of its grant');

    my $bound = $t->tokens_for($client, params => { resource => "$base/api" });
    is($t->introspect($server, { token => $bound->{access_token} })->json->{aud}, "$base/api", 'case 186: the resource that it is for');
    my $grant = $t->code_for($client);
    my %params = %{ Test::GptOauth::Flow::redeem_params($grant) };
    my $double = $t->token_request($client, [ %params, resource => "$base/write", resource => "$base/api" ])->json;
    is_deeply($t->introspect($server, { token => $double->{access_token} })->json->{aud}, [ "$base/api", "$base/write" ], 'case 186: several resources');
    $t->user("zo\xc3\xab");
    my $umlaut = $t->tokens_for($client, user => "zo\xc3\xab");
    is($t->introspect($server, { token => $umlaut->{access_token} })->json->{username}, "zo\x{eb}", 'case 186: a name beyond ASCII');
    return;
}

# The states of a token that all look alike.
sub test_inactive {
    my ($t, $server, $client) = @_;
    my $is = sub {
        my ($token, $what) = @_;
        my $response = $t->introspect($server, { token => $token });
        is($response->body, $inactive, "case 186: $what is not active");
        return whole($response);
    };
    my $unknown = $is->('zzz', 'a word');
    my $same = sub { my ($token, $what) = @_; is($is->($token, $what), $unknown, "case 186: $what is answered like a word"); return };
    my $tokens = $t->tokens_for($client);
    my $token = $tokens->{access_token};
    my $code = $t->code_for($client);
    $same->(@$_) for [ "\0", 'a NUL' ], [ "\xff", 'no UTF-8' ], [ 'gpta_', 'the prefix alone' ], [ 'gpta_' . 'A' x 50000, 'a long one' ],
        [ $token . 'A', 'a character more' ], [ substr($token, 0, -1), 'a character less' ], [ substr($token, 0, 9) . ' ' . substr($token, 9), 'a space within' ],
        [ $code->{code}, 'a code' ], [ $client->{secret}, 'a client secret' ], [ $server->{secret}, 'the own secret' ];
    my $refresh = whole($t->introspect($server, { token => $tokens->{refresh_token}, token_type_hint => 'refresh_token' }));
    is($refresh, $unknown, 'case 190: a refresh token is not active for a resource server');
    is($t->introspect($server, { token => $token })->json->{active}, JSON::PP::true, 'case 190: its access token is');

    my ($body) = $t->token_body($server, { token => $token });
    is(whole(Test::GptOauth::Http->new($t->port('A'))->post($endpoint, $body)), $unknown, "case 186: another issuer's is answered like a word");

    my %end = (
        expired => sub { $t->sql('UPDATE oauth_access_token SET expires_at = created_at - 1;') },
        'of a revoked grant' => sub { $t->gptoauth('grant', 'revoke', '--user', 'carol') },
        'revoked by its client' => sub { $t->revoke($client, { token => $_[0]{access_token} }) },
        'of a disabled user' => sub { $t->gptoauth('user', 'disable', 'carol') },
        'of a disabled client' => sub { $t->gptoauth('client', 'disable', $client->{id}) },
        'of a user with the name of a service account' => sub { $t->sql("UPDATE oauth_grant SET username = 'client:x' WHERE username = 'carol';") },
    );
    for my $what (sort keys %end) {
        my $ended = $t->tokens_for($client, user => 'carol');
        is($t->introspect($server, { token => $ended->{access_token} })->json->{active}, JSON::PP::true, 'case 186: a good one');
        $end{$what}->($ended);
        $same->($ended->{access_token}, "one $what");
        $t->gptoauth($_, 'enable', $_ eq 'user' ? 'carol' : $client->{id}) for qw(user client);
    }
    $client = $t->client_add('removed later');
    $tokens = $t->tokens_for($client);
    $t->gptoauth('client', 'remove', $client->{id});
    $same->($tokens->{access_token}, 'one of a client that is gone');
    return;
}

sub test_audience {
    my ($t, $server, $client) = @_;
    my $base = $t->issuer;
    my $notes = $t->client_add('notes api', resource_server => 1, resource => "$base/api/");
    my $tokens = sub { $t->tokens_for($client, params => { resource => $_[0] })->{access_token} };
    my $answer = sub { $t->introspect($notes, { token => $_[0] }) };
    is($answer->($tokens->("$base/api"))->json->{active}, JSON::PP::true, 'case 186: a token for this resource server');
    is($answer->($t->tokens_for($client)->{access_token})->json->{active}, JSON::PP::true, 'case 186: one that is bound to no resource');
    my $other = $answer->($tokens->("$base/write"));
    is($other->body, $inactive, 'case 186: one for another resource is not active');
    is(whole($other), whole($answer->('zzz')), 'case 186: and is answered like a word');
    is($t->introspect($server, { token => $tokens->("$base/write") })->json->{aud}, "$base/write",
        'case 186: who has no resource is told for which one it is');
    return;
}

sub test_callers {
    my ($t, $server, $client) = @_;
    my $other = $t->client_add('other');
    my $public = $t->client_add('public', public => 1);
    my $gpt = $t->client_add('gpt', gpt => 1);
    my $service = $t->client_add('robot', service => 1);
    my $token = $t->tokens_for($client)->{access_token};
    my $publics = $t->tokens_for($public)->{access_token};

    # Each once with a good token and once with none: the two answers must not differ.
    my $refused = sub {
        my ($verdict, $what, $ask) = @_;
        my ($good, $bad) = map { $ask->($_) } $token, 'zzz';
        is($good->verdict, $verdict, $what);
        is(whole($good), whole($bad), "$what: the token makes no difference");
        return $good;
    };
    my $none = $refused->('401 invalid_client', 'case 185: nobody', sub { $t->http->post($endpoint, { token => $_[0] }) });
    like($none->header('WWW-Authenticate') // '', qr/^Basic realm=/, 'case 185: with a challenge');
    $refused->('401 invalid_client', 'case 185: a resource server without its secret', sub { $t->introspect($server, { token => $_[0] }, auth => 'none') });
    $refused->('401 invalid_client', 'case 185: with a wrong one', sub { $t->introspect({ %$server, secret => 'x' }, { token => $_[0] }) });
    $refused->('401 invalid_client', "case 185: with another client's", sub { $t->introspect({ %$server, secret => $client->{secret} }, { token => $_[0] }) });
    $refused->('401 invalid_client', 'case 185: a public client', sub { $t->introspect($public, { token => $_[0] }) });
    is($t->introspect($public, { token => $publics })->verdict, '401 invalid_client', 'case 185: not even about its own token');
    is($t->http->post($endpoint, { token => $token }, headers => [ Test::GptOauth::Flow::bearer($token) ])->status, 401, 'case 185: the bearer of the token');

    for ([ $client, 'the client of the token' ], [ $other, 'another client' ], [ $gpt, 'a GPT' ], [ $service, 'a service account' ]) {
        my ($who, $what) = @$_;
        $refused->('403 access_denied', "case 188: $what", sub { $t->introspect($who, { token => $_[0] }) });
    }
    my $refresh = $t->tokens_for($client)->{refresh_token};
    is($t->introspect($client, { token => $refresh })->verdict, '403 access_denied', 'case 190: the client, about its refresh token');

    my $key = sub { my ($name, @more) = @_; return secret($t->gptoauth_json('key', 'add', $name, @more)->{service_key}) };
    my %key = (good => $key->('good', '--introspect'), plain => $key->('plain'), revoked => $key->('revoked', '--introspect'),
        elsewhere => $key->('elsewhere', '--introspect', '--issuer', 'http://localhost:' . $t->port('A')));
    $t->gptoauth('key', 'revoke', 'revoked');
    my $by_key = sub { my ($header, %more) = @_; return sub { $t->http->post($endpoint, { token => $_[0], %more }, headers => [ Authorization => $header ]) } };
    my $basic = sub { Test::GptOauth::Flow::basic(@_) };
    for my $way ("Bearer $key{good}", "bearer  $key{good}", $basic->('anything', $key{good}), $basic->($key{good}, '')) {
        my $answer = $by_key->($way);
        is($answer->($token)->json->{active}, JSON::PP::true, 'case 185: a service key that may, as ' . ($way =~ /^(\w+)/)[0]);
        is($answer->('zzz')->body, $inactive, 'case 186: is told of no other token');
    }
    my $wrong = $refused->('401 invalid_token', 'case 185: a revoked key', $by_key->("Bearer $key{revoked}"));
    like($wrong->header('WWW-Authenticate') // '', qr/^Bearer realm="[^"]+", error="invalid_token"$/, 'case 185: with a challenge');
    $refused->('401 invalid_token', 'case 185: a key that never was', $by_key->('Bearer ' . $key{good} =~ s/_.{9}/_AAAAAAAAA/r));
    $refused->('401 invalid_token', "case 185: another issuer's key", $by_key->("Bearer $key{elsewhere}"));
    $refused->('401 invalid_token', 'case 185: a client secret as key', $by_key->("Bearer $server->{secret}"));
    $refused->('401 invalid_client', 'case 185: an empty one', $by_key->('Bearer'));
    $refused->('403 access_denied', 'case 185: a key that may not', $by_key->("Bearer $key{plain}"));
    $refused->('400 invalid_request', 'case 120: a key and a client secret',
        $by_key->("Bearer $key{good}", client_id => $server->{id}, client_secret => $server->{secret}));

    my $gone = $t->client_add('disabled', resource_server => 1);
    $t->gptoauth('client', 'disable', $gone->{id});
    $refused->('401 invalid_client', 'case 185: a disabled resource server', sub { $t->introspect($gone, { token => $_[0] }) });

    Test::GptOauth::Secrets::put_into_url($token, $server->{secret});
    my ($query) = $t->token_body($server, { token => $token });
    for my $method (qw(GET HEAD PUT DELETE)) {
        my $response = $t->http->request($method, "$endpoint?$query");
        is($response->status, 405, "case 189: $method");
        like($response->header('Allow') // '', qr/\bPOST\b/, 'case 189: with what is allowed');
        unlike($response->body, qr/active/, 'case 189: and no answer');
    }
    is($t->http->post("$endpoint?$query", '')->verdict, '401 invalid_client', 'case 189: parameters in the URL are none');
    is($t->http->request('OPTIONS', $endpoint)->status, 204, 'case 189: OPTIONS asks for nothing');
    is($t->introspect($server, $_->[1])->verdict, '400 invalid_request', "case 189: $_->[0]")
        for [ 'no token', {} ], [ 'an empty one', { token => '' } ], [ 'two', [ token => 'a', token => 'b' ] ];

    # A resource server gets no tokens itself.
    is($t->token_request($server, { grant_type => $_ })->verdict, '400 unauthorized_client', "case 113: $_ of a resource server")
        for qw(client_credentials authorization_code refresh_token);
    is($t->http->get("/oauth/authorize?response_type=code&client_id=$server->{id}")->status, 400, 'nor does it ask users');
    return;
}

sub test_database {
    my ($t, $server, $client) = @_;
    my $token = $t->tokens_for($client)->{access_token};
    for my $table (qw(access_token grant client)) {
        my $response = without_table($t, "oauth_$table", sub { $t->introspect($server, { token => $token }) });
        is($response->verdict, '503 temporarily_unavailable', "case 284: without $table nothing is said of a token");
        like($response->header('Retry-After') // '', qr/^\d+$/, 'case 284: with Retry-After');
    }
    is($t->introspect($server, { token => $token })->json->{active}, JSON::PP::true, 'case 284: and later it is');
    return;
}

sub test_command {
    my ($t) = @_;
    my $json = $t->gptoauth_json('client', 'add', 'shown', '--resource-server', '--resource', 'HTTPS://API.example:443/');
    secret($json->{client_secret});
    is_deeply([ @$json{qw(kind resource grant_types scope redirect_uris)} ], [ 'resource-server', 'https://api.example', '', '', [] ],
        'client add --resource-server');
    like($t->gptoauth('client', 'show', 'shown'), qr{^Kind +resource-server\nResource +https://api\.example$}m, 'client show tells what it is');
    my @wrong = (
        [ 'a GPT besides', qr/exclude each other/, '--gpt' ],
        [ 'a service account besides', qr/exclude each other/, '--service' ],
        [ 'public besides', qr/exclude each other/, '--public' ],
        [ 'a redirect URI', qr/--redirect/, '--redirect', 'https://rp.example/cb' ],
        [ 'a scope', qr/--scope/, '--scope', 'read' ],
        [ 'a resource that is none', qr/is not a resource/, '--resource', 'notes' ],
    );
    for (@wrong) {
        my ($what, $sentence, @more) = @$_;
        my $got = $t->try_gptoauth('', 'client', 'add', 'refused', '--resource-server', @more);
        ok($got->{status} && $got->{err} =~ $sentence, "refused: $what") or diag($got->{err});
    }
    my $got = $t->try_gptoauth('', qw(client add refused --gpt --resource https://api.example));
    like($got->{err}, qr/--resource needs --resource-server/, 'refused: a resource of any other client');
    $got = $t->try_gptoauth('', qw(client redirect shown https://rp.example/cb));
    like($got->{err}, qr/no user signs in/, 'refused: a redirect URI later');
    return;
}

on_each_db({ conf => $other_issuer }, sub {
    my ($t) = @_;
    my $server = $t->client_add('resource server', resource_server => 1);
    my $client = $t->client_add('notes');
    test_active($t, $server, $client);
    test_inactive($t, $server, $client);
    test_audience($t, $server, $client);
    test_callers($t, $server, $client);
    test_database($t, $server, $client);
    test_command($t);
});

done_testing;
