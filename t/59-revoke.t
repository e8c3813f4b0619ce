#!/usr/bin/perl
# Revocation by the client (RFC 7009): what ends with what, what stays, and that the answer tells nothing.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Configuration qw($other_issuer);

my $endpoint = '/oauth/revoke';
my $refused = '400 invalid_grant';
my $many = 50;

# Everything that an answer says, but for the time of day and what becomes of the connection.
sub whole {
    my ($response) = @_;
    my $head = join '', grep { !/^(?:Date|Connection|Keep-Alive):/i } map { "$_\n" } sort split /\n/, $response->head;
    return join "\n", $response->status, $head, $response->body;
}

sub lives { my ($t, $client, $token) = @_; return $t->refresh($client, $token)->status == 200 }
sub wait_for { my ($t, $seconds) = @_; return $t->sql("UPDATE oauth_grant SET rotated_at = rotated_at - $seconds;") }

sub test_refresh_token {
    my ($t, @clients) = @_;
    for my $client (@clients) {
        my $kind = $client->{public} ? 'a public client' : 'a confidential client';
        my $case = $client->{public} ? 'case 181' : 'case 174';
        my $first = $t->tokens_for($client);
        my $other = $t->tokens_for($client);
        my $second = $t->refresh($client, $first->{refresh_token})->json;
        my $response = $t->revoke($client, { token => $second->{refresh_token} });
        is($response->status, 200, "$case: $kind revokes a refresh token");
        is($response->body, '', "$case: the answer is empty");
        like($response->header('Cache-Control') // '', qr/no-store/, "$case: and is not stored");
        ok(!$t->token_works($_->{access_token}), "$case: every access token of the family is dead") for $first, $second;
        is($t->refresh($client, $second->{refresh_token})->verdict, $refused, "$case: and the chain");
        is($t->refresh($client, $first->{refresh_token})->verdict, $refused, 'case 154: no grace for what was revoked');
        ok($t->token_works($other->{access_token}), "$case: another grant of the same user and client lives");
        ok(lives($t, $client, $other->{refresh_token}), "$case: with its chain");
        is($t->revoke($client, { token => $second->{refresh_token} })->status, 200, "$case: once more is no error");
        my ($line) = grep { /GPT014: client \Q$client->{id}\E revoked grant/ } split /\n/, $t->error_log;
        like($line // '', qr/revoked grant [\w-]{22} of user alice, with all its tokens/, "$case: the log says what ended");
    }
    my ($client) = @clients;

    my $first = $t->tokens_for($client);
    my $second = $t->refresh($client, $first->{refresh_token})->json;
    is($t->revoke($client, { token => $first->{refresh_token} })->status, 200, 'case 174: the previous link of the chain');
    ok(!$t->token_works($second->{access_token}), 'case 174: ends the family');
    is($t->refresh($client, $second->{refresh_token})->verdict, $refused, 'cases 154 and 174: with its newest token');
    is($t->refresh($client, $first->{refresh_token})->verdict, $refused, 'case 154: and the previous one has no grace any more');

    $first = $t->tokens_for($client);
    $second = $t->refresh($client, $first->{refresh_token})->json;
    wait_for($t, 1000);
    is($t->revoke($client, { token => $first->{refresh_token} })->status, 200, 'case 174: the same after the grace');
    is($t->refresh($client, $second->{refresh_token})->verdict, $refused, 'case 174: ends the family');

    $first = $t->tokens_for($client);
    $second = $t->refresh($client, $first->{refresh_token})->json;
    my $third = $t->refresh($client, $second->{refresh_token})->json;
    is($t->revoke($client, { token => $first->{refresh_token} })->status, 200, 'case 174: an older link');
    is($t->refresh($client, $third->{refresh_token})->verdict, $refused, 'case 174: ends the family, too');

    # A backup is restored: the row is older than the token in the client's hands.
    $client = $t->client_add('restored');
    $first = $t->tokens_for($client);
    $second = $t->refresh($client, $first->{refresh_token})->json;
    $t->sql('UPDATE oauth_grant SET generation = generation - 1, secret_hash = previous_hash, previous_hash = NULL '
            . "WHERE client_id = '$client->{id}';");
    is($t->revoke($client, { token => $second->{refresh_token} })->status, 200, 'case 176: a link that is not known yet');
    ok(lives($t, $client, $first->{refresh_token}), 'case 176: ends nothing');
    return;
}

sub test_access_token {
    my ($t, $client) = @_;
    my $first = $t->tokens_for($client);
    my $second = $t->refresh($client, $first->{refresh_token})->json;
    my $response = $t->revoke($client, { token => $first->{access_token} }, auth => 'basic');
    is($response->status . $response->body, '200', 'case 174: an access token, by Basic');
    ok(!$t->token_works($first->{access_token}), 'case 174: is dead');
    ok($t->token_works($second->{access_token}), 'case 174: alone');
    ok(lives($t, $client, $second->{refresh_token}), 'case 174: its grant goes on');
    like($t->error_log, qr/GPT014: client \Q$client->{id}\E revoked an access token of grant [\w-]{22}/, 'case 174: the log says so');
    return;
}

sub test_hints {
    my ($t, $client) = @_;
    for my $hint (qw(access_token refresh_token foo), '', "\xff") {
        for my $kind (qw(access_token refresh_token)) {
            my $tokens = $t->tokens_for($client);
            my $response = $t->revoke($client, [ token => $tokens->{$kind}, token_type_hint => $hint ]);
            my $what = sprintf 'case 178: the hint %s with %s', $hint eq "\xff" ? 'that cannot be read' : "'$hint'", $kind =~ tr/_/ /r;
            if ($hint eq "\xff") {
                is($response->verdict, '400 invalid_request', $what);
                next;
            }
            is($response->status, 200, $what);
            ok(!$t->token_works($tokens->{access_token}), 'case 178: it is found all the same');
            is(lives($t, $client, $tokens->{refresh_token}), $kind eq 'access_token', 'case 178: for what it is');
        }
    }
    return;
}

# Nothing of this ends anything, and nobody can tell it from a token that ended.
sub test_nothing {
    my ($t, $client, $public) = @_;
    my $usual = whole($t->revoke($client, { token => $t->tokens_for($client)->{refresh_token} }));
    my $own = $t->tokens_for($client);
    my $others = $t->tokens_for($public);
    my $code = $t->code_for($client);
    my $elsewhere = Test::GptOauth::Http->new($t->port('A'));
    my $bent = $own->{refresh_token} =~ s/(.)$/$1 eq 'A' ? 'Q' : 'A'/er;
    my $expired = $t->tokens_for($client);
    my @tokens = (
        [ 'a word', 'zzz' ], [ 'a NUL', "\0" ], [ 'no UTF-8', "\xff" ], [ 'the prefix alone', 'gpta_' ],
        [ 'a long one', 'gptr_' . 'A' x 50000 ], [ 'a bent one', $bent ], [ 'one that never was', $own->{access_token} =~ s/_.{9}/_AAAAAAAAA/r ],
        [ 'a code', $code->{code} ], [ 'the client secret', $client->{secret} ],
        [ "another client's access token", $others->{access_token} ], [ "another client's refresh token", $others->{refresh_token} ],
    );
    for (@tokens) {
        my ($what, $token) = @$_;
        is(whole($t->revoke($client, { token => $token })), $usual, "case 176: $what is answered like any other");
    }
    for my $kind (qw(access_token refresh_token)) {
        my ($body) = $t->token_body($client, { token => $own->{$kind} });
        is(whole($elsewhere->post($endpoint, $body)), $usual, "case 176: another issuer's $kind is answered like any other");
    }
    ok($t->token_works($_->{access_token}), 'case 176: none of it ended an access token') for $own, $others;
    ok(lives($t, $client, $own->{refresh_token}), 'case 176: nor a grant of this client');
    ok(lives($t, $public, $others->{refresh_token}), "case 176: nor another client's");
    is($t->redeem($code)->status, 200, 'case 176: nor a code');

    is(whole($t->revoke($public, { token => $own->{access_token} })), $usual, "case 181: a public client with another's token");
    ok($t->token_works($own->{access_token}), 'case 181: ends nothing');

    $t->sql('UPDATE oauth_access_token SET expires_at = created_at - 10; UPDATE oauth_grant SET refresh_expires_at = created_at - 10;');
    is(whole($t->revoke($client, { token => $expired->{$_} })), $usual, "case 176: an expired $_ is answered like any other")
        for qw(access_token refresh_token);
    return;
}

sub test_callers {
    my ($t, $client, $public) = @_;
    my $tokens = $t->tokens_for($client);
    my $token = $tokens->{refresh_token};
    for my $kind (qw(access_token refresh_token)) {
        is($t->revoke($client, { token => $tokens->{$kind} }, auth => 'none')->verdict, '401 invalid_client', "case 180: $kind, without the secret");
        is($t->revoke({ %$client, secret => 'x' }, { token => $tokens->{$kind} })->verdict, '401 invalid_client', "case 180: $kind, with a wrong one");
        is($t->revoke({ %$client, secret => $client->{secret} =~ s/^gpts_(.)/'gpts_' . ($1 eq 'A' ? 'B' : 'A')/er }, { token => $tokens->{$kind} }, auth => 'basic')->verdict,
            '401 invalid_client', "case 180: $kind, with a wrong one by Basic");
    }
    is($t->http->post($endpoint, { token => $token })->verdict, '401 invalid_client', 'case 180: without a client');
    is($t->http->post($endpoint, { token => $token }, headers => [ Test::GptOauth::Flow::bearer($tokens->{access_token}) ])->verdict,
        '401 invalid_client', 'case 180: the token is no authentication');
    is($t->revoke({ id => 'nope', public => 1 }, { token => $token })->verdict, '401 invalid_client', 'case 180: an unknown client');
    is($t->revoke({ %$public, secret => 'x' }, { token => $token }, auth => 'post')->verdict, '401 invalid_client',
        'case 181: a public client with a secret');
    is($t->revoke($client, { token => $token }, auth => 'basic', headers => [ Authorization => 'Basic x' ])->verdict, '401 invalid_client',
        'case 180: two headers');
    my $challenge = $t->revoke($client, { token => $token }, auth => 'none')->header('WWW-Authenticate');
    like($challenge // '', qr/^Basic realm=/, 'case 180: with a challenge');
    ok($t->token_works($tokens->{access_token}), 'case 180: none of it ended the access token');
    ok(lives($t, $client, $token), 'case 180: nor the grant');

    is($t->revoke($client, {})->verdict, '400 invalid_request', 'case 177: no token');
    is($t->revoke($client, { token => '' })->verdict, '400 invalid_request', 'case 177: an empty one');
    is($t->revoke($client, [ token => 'a', token => 'b' ])->verdict, '400 invalid_request', 'case 177: two of them');

    $tokens = $t->tokens_for($client);
    $token = $tokens->{refresh_token};
    Test::GptOauth::Secrets::put_into_url($token, $client->{secret});
    my ($query) = $t->token_body($client, { token => $token });
    for my $method (qw(GET HEAD PUT DELETE)) {
        my $response = $t->http->request($method, "$endpoint?$query&callback=alert");
        is($response->status, 405, "case 182: $method");
        like($response->header('Allow') // '', qr/\bPOST\b/, 'case 182: with what is allowed');
        unlike($response->body, qr/alert/, 'case 182: and no script');
    }
    is($t->http->post("$endpoint?$query", '')->verdict, '401 invalid_client', 'case 182: parameters in the URL are none');
    ok($t->token_works($tokens->{access_token}), 'case 182: none of it ended the token');
    is($t->http->request('OPTIONS', $endpoint)->status, 204, 'case 182: OPTIONS asks for nothing');
    is($t->http->post($endpoint, 'x', headers => [ 'Content-Type' => 'text/plain' ])->verdict, '400 invalid_request', 'case 182: another media type');
    my $json = JSON::PP::encode_json({ token => $token, client_id => $client->{id}, client_secret => $client->{secret} });
    is($t->http->post($endpoint, $json, headers => [ 'Content-Type' => 'application/json' ])->status, 200, 'case 174: JSON is taken, too');
    ok(!$t->token_works($tokens->{access_token}), 'case 174: and means the same');

    $client = $t->client_add('disabled later');
    $tokens = $t->tokens_for($client);
    $t->gptoauth('client', 'disable', $client->{id});
    is($t->revoke($client, { token => $tokens->{refresh_token} })->verdict, '401 invalid_client', 'case 180: a disabled client');
    return;
}

sub test_database {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    for my $tables ([qw(access_token grant)], ['client']) {
        $t->sql("ALTER TABLE oauth_$_ RENAME TO lost_$_;") for @$tables;
        for my $kind (qw(access_token refresh_token)) {
            my $response = $t->revoke($client, { token => $tokens->{$kind} });
            is($response->verdict, '503 temporarily_unavailable', "case 184: without @$tables, $kind");
            like($response->header('Retry-After') // '', qr/^\d+$/, 'case 184: with Retry-After');
        }
        $t->sql("ALTER TABLE lost_$_ RENAME TO oauth_$_;") for @$tables;
    }
    ok($t->token_works($tokens->{access_token}), 'case 184: nothing had ended');
    is($t->revoke($client, { token => $tokens->{refresh_token} })->status, 200, 'case 184: later it can be done');
    ok(!$t->token_works($tokens->{access_token}), 'case 184: and is');
    return;
}

# "1 x 200, 49 x 400 invalid_grant"
sub tally {
    my %count;
    $count{ $_->verdict }++ for @_;
    return join ', ', map { "$count{$_} x $_" } sort keys %count;
}

sub request {
    my ($t, $target, $client, $params) = @_;
    my ($body, @headers) = $t->token_body($client, $params);
    return [ 'POST', $target, body => $body, headers => \@headers ];
}

sub test_races {
    my ($t, $client) = @_;
    for my $round (1 .. 3) {
        my $tokens = $t->tokens_for($client);
        my $refresh = request($t, '/oauth/token', $client, { grant_type => 'refresh_token', refresh_token => $tokens->{refresh_token} });
        my $revoke = request($t, $endpoint, $client, { token => $tokens->{refresh_token} });
        # Round 1: the revocation in the middle; then many; then by an access token beside it.
        my @requests = ($refresh) x ($many - 1);
        splice @requests, $many / 2, 0, $revoke;
        @requests = map { $_ % 2 ? $refresh : $revoke } 1 .. $many if $round == 2;
        push @requests, request($t, $endpoint, $client, { token => $tokens->{access_token} }) if $round == 3;
        my @responses = $t->http->parallel(\@requests);
        my @odd = grep { $_->verdict !~ /^(?:200|400 invalid_grant)$/ } @responses;
        is(tally(@odd), '', 'case 174: refresh against revocation: nothing but success and invalid_grant');
        my @won = grep { $_->body ne '' && $_->status == 200 } @responses;
        is(scalar(grep { $t->token_works($_->json->{access_token}) } @won), 0,
            sprintf 'case 174: %d refreshes came before, and none of their access tokens lives', scalar @won);
        my %chain = map { $_->json->{refresh_token} => 1 } @won;
        is(scalar(grep { lives($t, $client, $_) } $tokens->{refresh_token}, sort keys %chain), 0, 'case 174: nor does the chain');
        ok(!$t->token_works($tokens->{access_token}), 'case 174: nor the first access token');
    }
    # The code that gave it all is presented again, the token refreshed and revoked at the same moment.
    my $tokens = $t->tokens_for($client);
    my @kinds = (
        request($t, '/oauth/token', $client, Test::GptOauth::Flow::redeem_params($tokens->{grant})),
        request($t, '/oauth/token', $client, { grant_type => 'refresh_token', refresh_token => $tokens->{refresh_token} }),
        request($t, $endpoint, $client, { token => $tokens->{refresh_token} }),
    );
    my @responses = $t->http->parallel([ map { $kinds[ $_ % 3 ] } 1 .. $many ]);
    is(tally(grep { $_->verdict !~ /^(?:200|400 invalid_grant)$/ } @responses), '', 'case 174: replay, refresh and revocation at once');
    my @won = grep { $_->body ne '' && $_->status == 200 } @responses;
    is(scalar(grep { $t->token_works($_->json->{access_token}) || lives($t, $client, $_->json->{refresh_token}) } @won), 0,
        'case 174: leave nothing alive');

    # Codes are redeemed while what they gave is revoked at once, by clients that think better of it.
    my @grants = map { $t->code_for($client, user => 'carol') } 1 .. 19;    # of one user 20 live
    my $old = $t->tokens_for($client, user => 'carol');
    my @requests = map { request($t, '/oauth/token', $client, Test::GptOauth::Flow::redeem_params($_)) } @grants;
    @responses = $t->http->parallel([ map { ($_, request($t, $endpoint, $client, { token => $old->{refresh_token} })) } @requests ]);
    is(tally(@responses), '38 x 200', 'case 174: redemptions of other codes of the user go on beside a revocation');
    my @new = map { $_->json } grep { $_->body ne '' } @responses;
    @responses = $t->http->parallel([ map { request($t, $endpoint, $client, { token => $_->{refresh_token} }) } @new, @new ]);
    is(tally(@responses), '38 x 200', 'case 174: each is revoked twice at once');
    is(scalar(grep { $t->token_works($_->{access_token}) } @new, $old), 0, 'case 174: and is dead');
    return;
}

on_each_db({ conf => $other_issuer }, sub {
    my ($t) = @_;
    my $client = $t->client_add('confidential');
    my $public = $t->client_add('public', public => 1);
    test_refresh_token($t, $client, $public);
    test_access_token($t, $client);
    test_hints($t, $client);
    test_nothing($t, $client, $public);
    test_callers($t, $client, $public);
    test_database($t, $client);
    test_races($t, $client);
});

done_testing;
