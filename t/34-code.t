#!/usr/bin/perl
# Redeeming a code: who may, when, how often, and what a failed attempt changes (nothing).
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $refused = '400 invalid_grant';

sub test_binding {
    my ($t, $client, $other, $public, $gpt) = @_;
    for my $one ($client, $public, $gpt) {
        my $tokens = $t->tokens_for($one);
        ok($t->token_works($tokens->{access_token}), "case 136: $one->{name}: code to tokens, and they work");
    }
    my $basic = $t->redeem($t->code_for($client), {}, auth => 'basic');
    is($basic->status, 200, 'case 136: with Basic');

    my $grant = $t->code_for($client);
    is($t->redeem($grant, {}, client => $other)->verdict, $refused, 'case 138: the code of another client');
    is($t->redeem($grant, {}, client => $public)->verdict, $refused, 'case 138: taken by a public client');
    my $response = $t->redeem($grant);
    is($response->status, 200, 'case 138: its owner can still redeem it');
    ok($t->token_works($response->json->{access_token}), 'case 138: and the grant is unaffected');

    my $two = $t->client_add('two', redirect => [ 'https://rp.example/cb', 'https://rp.example/cb2' ]);
    $grant = $t->code_for($two);
    is($t->redeem($grant, { redirect_uri => 'https://rp.example/cb2' })->verdict, $refused, 'case 140: another registered URI');
    is($t->redeem($grant, { redirect_uri => 'https://rp.example/cb/' })->verdict, $refused, 'case 140: a slash more');
    is($t->redeem($grant, { redirect_uri => 'https://RP.example/cb' })->verdict, $refused, 'case 140: another case');
    is($t->redeem($grant)->status, 200, 'case 140: the right one');

    $grant = $t->code_for($gpt);
    is($t->redeem($grant, { redirect_uri => undef })->verdict, $refused, 'case 141: left out without PKCE');
    is($t->redeem($grant)->status, 200, 'case 141: sent without PKCE');
    $grant = $t->code_for($client);
    is($t->redeem($grant, { redirect_uri => undef })->status, 200, 'case 141: with PKCE it may be left out');

    my %without = (redirect_uri => undef);
    $grant = $t->code_for($client, params => {%without});
    is($t->redeem($grant, { redirect_uri => 'https://rp.example/other' })->verdict, $refused,
        'case 142: another one though none was sent');
    is($t->redeem($grant, { redirect_uri => $client->{redirect_uri} })->status, 200,
        'case 142: the registered one though none was sent');
    $grant = $t->code_for($client, params => {%without});
    is($t->redeem($grant)->status, 200, 'case 142: none, and none was sent');
}

sub test_time {
    my ($t, $client) = @_;
    my $grant = $t->code_for($client);
    my $lifetime = $t->sql('SELECT max(expires_at - created_at) FROM oauth_code WHERE spent_at IS NULL;');
    is($lifetime, 60, 'case 137: a code lives for a minute');
    $t->sql('UPDATE oauth_code SET expires_at = created_at - 1;');
    is($t->redeem($grant)->verdict, $refused, 'case 137: an expired code');
    $t->sql('UPDATE oauth_code SET expires_at = created_at + 60;');
    is($t->redeem($grant)->status, 200, 'case 137: the same code in time');
    $grant = $t->code_for($client);
    $t->sql('UPDATE oauth_grant SET expires_at = created_at - 1;');
    is($t->redeem($grant)->verdict, $refused, 'case 137: a grant that has ended');
}

sub test_replay {
    my ($t, $client, $other, $public) = @_;
    my $tokens = $t->tokens_for($client);
    my $grant = $tokens->{grant};
    is($t->redeem($grant, {}, client => $other)->verdict, $refused, 'case 144: a spent code from another client');
    is($t->redeem($grant, {}, client => $public)->verdict, $refused, 'case 144: from a public one');
    is($t->redeem($grant, {}, auth => 'none')->verdict, '401 invalid_client', 'case 144: without authentication');
    is($t->redeem($grant, { code_verifier => 'a' x 43 })->verdict, $refused, 'case 144: with a wrong verifier');
    is($t->redeem($grant, { code_verifier => undef })->status, 400, 'case 144: without a verifier');
    ok($t->token_works($tokens->{access_token}), 'case 144: none of them revoked anything');
    my $next = $t->refresh($client, $tokens->{refresh_token});
    is($next->status, 200, 'case 144: the chain goes on');

    is($t->redeem($grant)->verdict, $refused, 'case 144: a spent code from its proven owner');
    ok(!$t->token_works($tokens->{access_token}), 'case 144: kills the access token');
    ok(!$t->token_works($next->json->{access_token}), 'case 144: and the later one');
    is($t->refresh($client, $next->json->{refresh_token})->verdict, $refused, 'case 144: and the chain');

    $tokens = $t->tokens_for($public);
    is($t->redeem($tokens->{grant}, { code_verifier => 'a' x 43 })->verdict, $refused,
        'case 144: a public client cannot replay without the verifier');
    ok($t->token_works($tokens->{access_token}), 'case 144: and revokes nothing');
    is($t->redeem($tokens->{grant})->verdict, $refused, 'case 144: with the verifier it is its owner');
    ok(!$t->token_works($tokens->{access_token}), 'case 144: and the grant is dead');
}

sub test_failures {
    my ($t, $client, $public) = @_;
    my $grant = $t->code_for($client);
    my ($body) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($grant));
    is($t->http->post('/oauth/token', $body, headers => [ 'Content-Type' => 'text/plain' ])->status, 400,
        'case 145: a wrong media type');
    is($t->redeem($grant, { resource => 'https://other.example/' })->verdict, '400 invalid_target', 'case 145: a wrong resource');
    is($t->redeem($grant, { resource => 'x#y' })->verdict, '400 invalid_target', 'case 145: no resource at all');
    is($t->redeem($grant, {}, auth => 'none')->status, 401, 'case 145: no secret');
    is($t->redeem($grant)->status, 200, 'case 145: none of these burnt the code');

    $grant = $t->code_for($public);
    is($t->redeem($grant, { code_verifier => "wrong$_" . 'a' x 40 })->verdict, $refused, "case 146: wrong verifier $_")
        for 1 .. 6;
    is($t->redeem($grant)->status, 200, 'case 146: nor did they');
}

sub test_garbage {
    my ($t, $client, $public) = @_;
    my $tokens = $t->tokens_for($client);
    my $good = $t->code_for($client);
    my %garbage = (
        'a word' => 'x', 'a NUL' => "\0", 'a code with a NUL behind' => "$good->{code}\0",
        'a code and NUL and more' => "$good->{code}\0x",
        'no UTF-8' => "\xff\xfe", 'a very long one' => 'gptc_' . 'A' x 50000, 'a prefix' => 'gptc_',
        'another tag' => flip($good->{code}, -1),
        'another body' => flip($good->{code}, 20), 'one character less' => substr($good->{code}, 0, -1),
        'one more' => "$good->{code}A",
        'a space within' => "gptc_ " . substr($good->{code}, 5), 'upper case' => uc $good->{code}, 'an access token' => $tokens->{access_token},
        'a refresh token' => $tokens->{refresh_token}, 'a client secret' => $client->{secret}, 'a quote' => q{' OR 1=1 --},
        'a format' => '%s%n%d',
    );
    for my $what (sort keys %garbage) {
        is($t->redeem($good, { code => $garbage{$what} })->verdict, $refused, "case 148: $what as code");
    }
    is($t->redeem($good, { code => undef })->verdict, '400 invalid_request', 'case 148: no code');
    is($t->redeem($good, { code => '' })->verdict, '400 invalid_request', 'case 148: an empty code');
    is($t->redeem($good)->status, 200, 'case 148: the code itself');

    my $response = $t->redeem($t->code_for($client), { scope => 'read write admin' });
    is($response->json->{scope}, 'read', 'case 149: scope in a code exchange gives nothing');
    is($t->fetch('/write/notes.txt', $response->json->{access_token})->status, 403,
        'case 149: the token has what was consented to');
}

# The text with another character of base64url at a place.
sub flip {
    my ($text, $at) = @_;
    substr $text, $at, 1, substr($text, $at, 1) eq 'A' ? 'E' : 'A';
    return $text;
}

sub test_changes_meanwhile {
    my ($t) = @_;
    my $client = $t->client_add('meanwhile');
    my %change = (
        'the client is disabled' => [ 'client', 'disable', 'meanwhile' ],
        'the user is disabled' => [ 'user', 'disable', 'bob' ],
        'the grant is revoked' => [ 'grant', 'revoke', '--user', 'bob' ],
    );
    for my $what (sort keys %change) {
        my $grant = $t->code_for($client, user => 'bob');
        $t->gptoauth(@{ $change{$what} });
        like($t->redeem($grant)->verdict, qr/^40[01] invalid_(?:grant|client)$/, "case 162: $what between Allow and redemption");
        my ($kind, $verb, $name) = @{ $change{$what} };
        $t->gptoauth($kind, 'enable', $name) if $verb eq 'disable';
        delete $t->{browsers}{bob};
    }
    my $grant = $t->code_for($client, user => 'bob');
    $t->gptoauth('client', 'remove', 'meanwhile');
    like($t->redeem($grant)->verdict, qr/^40[01] invalid_(?:grant|client)$/,
        'case 162: the client is removed between Allow and redemption');
}

on_each_db({}, sub {
    my ($t) = @_;
    my ($client, $other) = map { $t->client_add($_) } qw(confidential other);
    my $public = $t->client_add('public', public => 1);
    my $gpt = $t->client_add('gpt', gpt => 1);
    test_binding($t, $client, $other, $public, $gpt);
    test_time($t, $client);
    test_replay($t, $client, $other, $public);
    test_failures($t, $client, $public);
    test_garbage($t, $client, $public);
    test_changes_meanwhile($t);
});

done_testing;
