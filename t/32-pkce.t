#!/usr/bin/perl
# PKCE: who must use it, which challenges pass, and what proves them.
use strict;
use warnings;
use Digest::SHA qw(sha256);
use FindBin;
use MIME::Base64 qw(encode_base64url);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

sub test_challenges {
    my ($t, $confidential, $public, $gpt) = @_;
    my %none = (code_challenge => undef, code_challenge_method => undef);
    my $good = (Test::GptOauth::Flow::pkce())[1];

    is($t->ask($confidential, {%none}), '302 invalid_request', 'case 68: a confidential client without a challenge');
    is($t->ask($public, {%none}), '302 invalid_request', 'case 68: a public client without a challenge');
    is($t->ask($gpt, {}), '200 sign-in', 'case 69: a GPT without a challenge');
    for my $client ($confidential, $public, $gpt) {
        my %challenge = (code_challenge => $good);
        my $name = $client->{name};
        is($t->ask($client, { %challenge, code_challenge_method => 'plain' }), '302 invalid_request', "case 70: plain, $name");
        is($t->ask($client, { %challenge, code_challenge_method => undef }), '302 invalid_request',
            "case 70: plain by default, $name");
        for my $method (qw(s256 S512 SHA256 none), 'S256 ', "S256\n", 'S256x') {
            is($t->ask($client, { %challenge, code_challenge_method => $method }), '302 invalid_request',
                "case 72: $method, $name");
        }
        is(
            $t->ask($client, { code_challenge => undef, code_challenge_method => 'S256' }), '302 invalid_request',
            "case 74: a method without a challenge, $name"
        );
        is(
            $t->ask($client, { code_challenge => '', code_challenge_method => 'S256' }), '302 invalid_request',
            "case 74: an empty challenge, $name"
        );
        for my $bad (
            substr($good, 1), "${good}A", substr($good, 0, 42) . '=', "$good=", substr($good, 0, 42) . '+',
            substr($good, 0, 42) . '/', substr($good, 0, 42) . 'B', " $good", substr($good, 0, 42) . "\xe9", 'x' x 4000
        ) {
            is(
                $t->ask($client, { code_challenge => $bad, code_challenge_method => 'S256' }), '302 invalid_request',
                "case 73: a malformed challenge, $name"
            );
        }
    }
}

sub test_verifiers {
    my ($t, $public) = @_;
    my $grant = $t->code_for($public);
    my $refused = sub {
        my ($name, $verifier) = @_;
        is($t->redeem($grant, { code_verifier => $verifier })->verdict, '400 invalid_grant', $name);
    };
    my $challenge = encode_base64url(sha256($grant->{verifier}));

    like($t->redeem($grant, { code_verifier => undef })->verdict, qr/^400 invalid_(?:grant|request)$/, 'case 76: no verifier');
    like($t->redeem($grant, { code_verifier => '' })->verdict, qr/^400 invalid_(?:grant|request)$/, 'case 77: an empty verifier');
    $refused->('case 81: the challenge as verifier', $challenge);
    $refused->('case 81: a verifier too short', substr $grant->{verifier}, 1);
    $refused->('case 81: a verifier too long', $grant->{verifier} . 'a');
    $refused->('case 81: a verifier in another case', $grant->{verifier} ^ (' ' x 43));
    $refused->('case 81: any other verifier', 'a' x 43);
    is($t->redeem($grant)->status, 200, 'case 76: the right verifier still works after all that');

    my ($one, $two) = map { $t->code_for($public) } 1, 2;
    is($t->redeem($one, { code_verifier => $two->{verifier} })->verdict, '400 invalid_grant',
        'case 82: the verifier of another code');
    is($t->redeem($two, { code_verifier => $one->{verifier} })->verdict, '400 invalid_grant', 'case 82: and the reverse');
    is($t->redeem($_)->status, 200, 'case 82: each with its own') for $one, $two;

    for my $bad ('a' x 42 . ' ', 'a' x 42 . "\xc3\xa9", 'a' x 42 . "\0", 'a' x 42 . "\n", 'a' x 42, 'a' x 129) {
        my $code = $t->code_for($public, verifier => $bad);
        like($t->redeem($code)->verdict, qr/^400 invalid_(?:grant|request)$/,
            'case 80: what no verifier may be, with the hash that fits');
    }
    # git-credential-oauth sends these; they are only hashed.
    my $wide = $t->code_for($public, verifier => 'abc+/=' x 8);
    is($t->redeem($wide)->status, 200, 'case 80: base64 is let pass');
}

sub test_downgrade {
    my ($t, $gpt) = @_;
    my $grant = $t->code_for($gpt);
    my $verifier = (Test::GptOauth::Flow::pkce())[0];
    is($t->redeem($grant, { code_verifier => $verifier })->verdict, '400 invalid_grant',
        'case 78: a verifier without a challenge');
    is($t->redeem($grant)->status, 200, 'case 78: the code is good without one');
    my $with = $t->code_for($gpt, verifier => $verifier);
    is($t->redeem($with, { code_verifier => undef })->verdict, '400 invalid_grant', 'case 76: a GPT that did send a challenge');
    is($t->redeem($with)->status, 200, 'case 69: a GPT with PKCE');
}

on_each_db({}, sub {
    my ($t) = @_;
    my $public = $t->client_add('public', public => 1);
    my $gpt = $t->client_add('gpt', gpt => 1);
    test_challenges($t, $t->client_add('confidential'), $public, $gpt);
    test_verifiers($t, $public);
    test_downgrade($t, $gpt);
});

done_testing;
