#!/usr/bin/perl
# The refresh chain: rotation, the grace for retries, replay, and all that ends it.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $refused = '400 invalid_grant';

# The time of the last rotation, moved into the past.
sub wait_for { my ($t, $seconds) = @_; return $t->sql("UPDATE oauth_grant SET rotated_at = rotated_at - $seconds;") }

sub test_rotation {
    my ($t, $public, $client) = @_;
    for my $one ($public, $client) {
        my $tokens = $t->tokens_for($one);
        my $response = $t->refresh($one, $tokens->{refresh_token});
        my $next = $response->json;
        is($response->status, 200, "case 150: $one->{name}: a refresh");
        isnt($next->{refresh_token}, $tokens->{refresh_token}, 'case 150: gives a new refresh token');
        isnt($next->{access_token}, $tokens->{access_token}, 'case 150: and a new access token');
        is($next->{scope}, 'read', 'case 150: with the scope');
        ok($t->token_works($next->{access_token}), 'case 150: that works');
        ok($t->token_works($tokens->{access_token}), 'case 166: the one before lives on to its end');
        my $last = $next;

        for my $turn (1 .. 5) {
            $last = $t->refresh($one, $last->{refresh_token})->json;
        }
        ok($t->token_works($last->{access_token}), 'case 150: the chain goes on');
    }
}

sub test_grace {
    my ($t, $public) = @_;
    my $tokens = $t->tokens_for($public);
    my $first = $t->refresh($public, $tokens->{refresh_token})->json;
    my $again = $t->refresh($public, $tokens->{refresh_token});
    is($again->status, 200, 'case 152: the previous token within the grace');
    is($again->json->{refresh_token}, $first->{refresh_token}, 'case 152: gives the same successor');
    isnt($again->json->{access_token}, $first->{access_token}, 'case 152: and an access token of its own');
    ok($t->token_works($_->{access_token}), 'case 152: both access tokens work') for $first, $again->json;
    wait_for($t, 110);
    is($t->refresh($public, $tokens->{refresh_token})->json->{refresh_token}, $first->{refresh_token},
        'case 156: a lost answer, retried late');
    my $second = $t->refresh($public, $first->{refresh_token});
    is($second->status, 200, 'case 156: the successor works');
    my $dead = $t->refresh($public, $tokens->{refresh_token});
    is($dead->verdict, $refused, 'case 153: the one before the previous is replay, also within the grace');
    ok(!$t->token_works($second->json->{access_token}), 'case 153: the family is dead');
    is($t->refresh($public, $second->json->{refresh_token})->verdict, $refused, 'case 153: chain and all');

    $tokens = $t->tokens_for($public);
    $first = $t->refresh($public, $tokens->{refresh_token})->json;
    wait_for($t, 121);
    is($t->refresh($public, $tokens->{refresh_token})->verdict, $refused, 'case 153: the previous one after the grace is replay');
    is($t->refresh($public, $first->{refresh_token})->verdict, $refused, 'case 153: which ends the chain');
    ok(!$t->token_works($_->{access_token}), 'case 153: and every access token of it') for $tokens, $first;

    $tokens = $t->tokens_for($public);
    $first = $t->refresh($public, $tokens->{refresh_token})->json;
    $t->gptoauth('grant', 'revoke', '--user', 'alice');
    is($t->refresh($public, $tokens->{refresh_token})->verdict, $refused, 'case 154: no grace for a grant that was revoked');
    is($t->refresh($public, $first->{refresh_token})->verdict, $refused, 'case 154: nor for its current token');
}

# A credential that gives tokens without end would be worth more than those that it was meant for.
sub test_repeats {
    my ($t, $public) = @_;
    my $tokens = $t->tokens_for($public);
    my $next = $t->refresh($public, $tokens->{refresh_token})->json;
    my @repeats = map { $t->refresh($public, $tokens->{refresh_token}) } 1 .. 400;
    my %verdict;
    $verdict{ $_->verdict }++ for @repeats;
    is_deeply(\%verdict, { 200 => 100, $refused => 300 }, 'case 312: 400 repeats within the grace give 100 access tokens');
    like($repeats[-1]->json->{error_description}, qr/newest/, 'case 312: the client is told which one to use');
    ok($t->token_works($repeats[99]->json->{access_token}), 'case 312: those that were given work');
    like($t->error_log, qr/of user alice was presented more than 100 times .* `gptoauth grant revoke` ends it/, 'case 312: the log tells, and what to do');
    my $last = $t->refresh($public, $next->{refresh_token});
    is($last->status, 200, 'case 312: the family lives');
    is($t->refresh($public, $next->{refresh_token})->json->{refresh_token}, $last->json->{refresh_token}, 'case 312: and the next grace has repeats of its own');
}

sub test_owner {
    my ($t, $public, $client) = @_;
    my $other = $t->client_add('other public', public => 1);
    my $tokens = $t->tokens_for($public);
    is($t->refresh($other, $tokens->{refresh_token})->verdict, $refused, 'case 157: the refresh token of another client');
    is($t->refresh($client, $tokens->{refresh_token})->verdict, $refused, 'case 157: from a confidential one');
    ok($t->token_works($tokens->{access_token}), 'case 157: kills nothing');
    my $next = $t->refresh($public, $tokens->{refresh_token});
    is($next->status, 200, 'case 157: and its owner goes on');
    wait_for($t, 1000);
    is($t->refresh($other, $tokens->{refresh_token})->verdict, $refused, 'case 157: an old one of another client');
    is($t->refresh($public, $next->json->{refresh_token})->status, 200, 'case 157: is not taken for replay by the owner');

    $client = $t->client_add('owner');
    $tokens = $t->tokens_for($client);
    my $generation = sub { $t->sql("SELECT generation FROM oauth_grant WHERE client_id = '$client->{id}';") };
    my $before = $generation->();
    is($t->refresh($client, $tokens->{refresh_token}, {}, auth => 'none')->verdict, '401 invalid_client',
        'case 158: without the secret');
    is($t->refresh({ %$client, secret => 'x' }, $tokens->{refresh_token})->verdict, '401 invalid_client',
        'case 158: with a wrong one');
    is($generation->(), $before, 'case 158: the token was not consumed');
    is($t->refresh($client, $tokens->{refresh_token}, {}, auth => 'basic')->status, 200, 'case 158: with it, by Basic');
}

sub test_scope {
    my ($t, $gpt) = @_;
    my $tokens = $t->tokens_for($gpt, params => { scope => 'read write' });
    my $narrow = $t->refresh($gpt, $tokens->{refresh_token}, { scope => 'read' })->json;
    is($narrow->{scope}, 'read', 'case 160: a narrower scope');
    is($t->fetch('/write/notes.txt', $narrow->{access_token})->status, 403, 'case 160: is what the token has');
    my $wide = $t->refresh($gpt, $narrow->{refresh_token})->json;
    is($wide->{scope}, 'read write', 'case 160: without scope all that was granted is back');
    my $response = $t->refresh($gpt, $wide->{refresh_token}, { scope => 'read write admin' });
    is($response->verdict, '400 invalid_scope', 'case 160: never more than was granted');
    is($t->refresh($gpt, $wide->{refresh_token}, { scope => 'nope' })->verdict, '400 invalid_scope',
        'case 160: nor anything else');
    $response = $t->refresh($gpt, $wide->{refresh_token}, { scope => '' });
    is($response->json->{scope}, 'read write', 'case 161: an empty scope is none');
    is(
        $t->refresh($gpt, $response->json->{refresh_token}, { resource => 'https://other.example/' })->verdict,
        '400 invalid_target',
        'case 160: a resource that was not granted'
    );
    is($t->refresh($gpt, $response->json->{refresh_token})->status, 200, 'case 160: rotates nothing');
}

sub test_end {
    my ($t) = @_;
    my $client = $t->client_add('ends');
    my %end = (
        'the user took it back' => sub { $t->gptoauth('grant', 'revoke', '--user', 'carol', '--client', 'ends') },
        'the password was reset' => sub { $t->gptoauth_stdin("another password\n", 'user', 'passwd', 'carol') },
        'the user is disabled' => sub { $t->gptoauth('user', 'disable', 'carol') },
        'the user is removed' => sub { $t->gptoauth('user', 'remove', 'carol') },
        'the client is disabled' => sub { $t->gptoauth('client', 'disable', 'ends') },
        'the grant has reached its last day' => sub { $t->sql('UPDATE oauth_grant SET expires_at = created_at - 1;') },
        'it was not used for long' => sub { $t->sql('UPDATE oauth_grant SET refresh_expires_at = created_at - 1;') },
    );
    for my $what (sort keys %end) {
        my $tokens = $t->tokens_for($client, user => 'carol');
        ok($t->token_works($tokens->{access_token}), 'case 162: access is given');
        $end{$what}->();
        like($t->refresh($client, $tokens->{refresh_token})->verdict, qr/^40[01] invalid_(?:grant|client)$/, "case 162: $what");
        ok(!$t->token_works($tokens->{access_token}), 'case 248: the access token is dead too')
            if $what =~ /^the (?:user|client|password)/;
        $t->try_gptoauth('', $_, 'enable', $_ eq 'user' ? 'carol' : 'ends') for qw(user client);
        $t->try_gptoauth('', 'user', 'remove', 'carol');
        delete $t->{$_}{carol} for qw(users browsers);
    }
}

sub test_kinds {
    my ($t, $client, $public) = @_;
    my $tokens = $t->tokens_for($client);
    my $code = $t->code_for($client);
    for my $row (
        [ 'an access token', $tokens->{access_token} ], [ 'a code', $code->{code} ], [ 'a client secret', $client->{secret} ],
        [ 'a word', 'x' ], [ 'a NUL', "\0" ], [ 'a token and a NUL', "$tokens->{refresh_token}\0" ], [ 'no UTF-8', "\xff" ],
        [ 'the prefix alone', 'gptr_' ], [ 'a long one', 'gptr_' . 'A' x 50000 ],
        [ 'one character less', substr $tokens->{refresh_token}, 0, -1 ]
    ) {
        my ($what, $value) = @$row;
        is($t->refresh($client, $value)->verdict, $refused, "case 164: $what as refresh token");
    }
    is($t->refresh($client, '')->verdict, '400 invalid_request', 'case 164: an empty one');
    for my $kind ($tokens->{refresh_token}, $code->{code}, $client->{secret}) {
        is($t->fetch('/api/notes.txt', $kind)->status, 401, 'case 164: at the API only access tokens pass');
    }
    # Changing any part of it: selector, generation, secret, tag.
    for my $at (8, 27, 40, -2) {
        my $bent = $tokens->{refresh_token};
        substr $bent, $at, 1, substr($bent, $at, 1) eq 'A' ? 'B' : 'A';
        is($t->refresh($client, $bent)->verdict, $refused, "case 164: bent at $at");
    }
    my $next = $t->refresh($client, $tokens->{refresh_token});
    is($next->status, 200, 'case 164: none of it did any harm');

    # A backup is restored: the row is older than the token in the client's hands.
    $client = $t->client_add('restored');
    $tokens = $t->tokens_for($client);
    $next = $t->refresh($client, $tokens->{refresh_token});
    $t->sql(  'UPDATE oauth_grant SET generation = generation - 1, secret_hash = previous_hash, previous_hash = NULL '
            . "WHERE client_id = '$client->{id}';");
    is($t->refresh($client, $next->json->{refresh_token})->verdict, $refused,
        'case 153: a token newer than the row is no replay');
    is($t->refresh($client, $tokens->{refresh_token})->status, 200, 'case 153: and kills nothing');

    my $without = $t->client_add('without');
    $t->sql("UPDATE oauth_client SET grant_types = 'authorization_code' WHERE id = '$without->{id}';");
    ok(!exists $t->tokens_for($without)->{refresh_token}, 'case 165: no refresh token for a client that may not refresh');

    my %seen;
    for my $number (1 .. 20) {
        my $token = $t->tokens_for($public)->{refresh_token};
        $seen{$_}++ for substr($token, 5, 21), substr($token, 33, 42);
        ok(length $token <= 2048 && $token =~ /^gptr_[A-Za-z0-9_-]+$/, 'case 168: a refresh token fits everywhere')
            if $number == 1;
    }
    is(scalar(keys %seen), 40, 'case 168: selector and secret never repeat');
}

on_each_db({}, sub {
    my ($t) = @_;
    my $public = $t->client_add('public', public => 1);
    my $client = $t->client_add('confidential');
    my $gpt = $t->client_add('gpt', gpt => 1);
    test_rotation($t, $public, $client);
    test_grace($t, $public);
    test_owner($t, $public, $client);
    test_scope($t, $gpt);
    test_end($t);
    test_kinds($t, $client, $public);
    test_repeats($t, $t->client_add('repeats', public => 1));
});

done_testing;
