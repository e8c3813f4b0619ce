#!/usr/bin/perl
# What users and the administrator see of sessions, grants and tokens, and end.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

sub show { my ($t, $token) = @_; return JSON::PP::decode_json($t->gptoauth_stdin("$token\n", qw(token show --json))) }

# Signs in from a browser that says what it is.
sub signed_in {
    my ($t, $client, $name, $agent) = @_;
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my %fields = (%{ $browser->form_with('password')->{fields} }, username => $name, password => $t->user($name));
    $browser->request('POST', '/oauth/authorize', body => Test::GptOauth::Http::form(Test::GptOauth::Http::pairs(\%fields)), headers => [ 'User-Agent' => $agent ]);
    return $browser;
}

sub asks_for_password { my ($t, $client, $browser) = @_; $browser->get($t->authorize_url($client)); return $browser->has_sign_in ? 1 : 0 }

sub test_sessions {
    my ($t, $client) = @_;
    my ($one, $two, $bobs) = (signed_in($t, $client, 'alice', $firefox), signed_in($t, $client, 'alice', 'curl/8'), signed_in($t, $client, 'bob', ''));
    my @sessions = @{ $t->gptoauth_json(qw(user sessions alice)) };
    is(join(' ', sort map { $_->{browser} // 'unknown' } @sessions), 'Firefox unknown', 'sessions of a user, with the family of the browser');
    is(join(' ', sort keys %{ $sessions[0] }), 'browser created_at expires_at issuer seen_at session_id', '... and what else is told');
    my $people = $t->gptoauth(qw(user sessions alice));
    like($people, qr/^[\w-]{22} +\Q${\$t->issuer}\E +Firefox +\d{4}-\d\d-\d\d \d\d:\d\d UTC/m, '... and for people');
    for my $cookie (map { values %{ $_->cookies } } $one, $two) {
        unlike($people, qr/\Q$cookie\E/, '... nothing of it is a cookie');
    }
    $t->sql('UPDATE oauth_session SET created_at = created_at - 7200, seen_at = NULL;');
    asks_for_password($t, $client, $one) for 1 .. 2;
    my ($seen, $unseen) = sort { $b->{seen_at} <=> $a->{seen_at} } @{ $t->gptoauth_json(qw(user sessions alice)) };
    cmp_ok($seen->{seen_at} - $seen->{created_at}, '>=', 7200, 'a session is seen');
    is($unseen->{seen_at}, $unseen->{created_at}, '... where it is used');
    $t->sql('UPDATE oauth_session SET seen_at = seen_at - 1800;');
    my $before = $t->sql('SELECT max(seen_at) FROM oauth_session;');
    asks_for_password($t, $client, $one);
    is($t->sql('SELECT max(seen_at) FROM oauth_session;'), $before, '... exact to an hour');
    like($t->gptoauth(qw(user signout ALICE)), qr/^2 sessions of user "ALICE" are ended/, 'signout, in all spellings');
    is(join('', map { asks_for_password($t, $client, $_) } $one, $two, $bobs), '110', '... ends all of one user');
    is($t->gptoauth_json(qw(user signout alice))->{signed_out}, 0, '... once');
    is($t->gptoauth(qw(user sessions alice)), "The user is not signed in anywhere.\n", 'no sessions');
    return;
}

sub test_tokens {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my $id = $t->sql("SELECT id FROM oauth_grant WHERE client_id = '$client->{id}' AND revoked_at IS NULL ORDER BY used_at DESC LIMIT 1;");
    my $access = show($t, $tokens->{access_token});
    is_deeply([ @$access{qw(kind state grant_id client_id client_name username issuer)} ], [ 'an access token', 'valid', $id, $client->{id}, 'notes', 'alice', $t->issuer ], 'token show: an access token');
    is($access->{expires_at} - $access->{created_at}, $tokens->{expires_in}, '... and when it ends');
    is(join(' ', @{ show($t, $tokens->{refresh_token}) }{qw(kind state grant_id)}), "a refresh token valid $id", 'a refresh token');
    my $next = $t->refresh($client, $tokens->{refresh_token})->json;
    is(show($t, $tokens->{refresh_token})->{state}, 'replaced', '... that was used');
    is(show($t, $next->{refresh_token})->{state}, 'valid', '... and the next one');
    my $code = $t->code_for($client);
    is(show($t, $code->{code})->{state}, 'valid', 'a code');
    $t->redeem($code);
    is(show($t, $code->{code})->{state}, 'used', '... that was redeemed');
    my $key = $t->key_add('backend');
    is(join(' ', @{ show($t, $key) }{qw(kind state name)}), 'a service key valid backend', 'a service key');
    $t->gptoauth(qw(user disable alice));
    is(show($t, $next->{access_token})->{state}, 'user disabled', 'of a user who is disabled');
    $t->gptoauth(qw(user enable alice));
    $t->gptoauth(qw(client disable notes));
    is(show($t, $next->{access_token})->{state}, 'client disabled', 'of a client that is');
    $t->gptoauth(qw(client enable notes));
    $t->gptoauth('grant', 'revoke', $id);
    is(show($t, $next->{$_})->{state}, 'revoked', "$_ of a grant that is revoked") for qw(access_token refresh_token);

    my @refused = ([ 'nothing of ours', 'password', 'no token' ], [ 'a token of another server', 'gpta_' . 'A' x 54, 'not issued by this server' ],
        [ 'a client secret', $client->{secret}, 'client secret' ], [ 'nothing', '', 'could not be read' ]);
    for (@refused) {
        my ($name, $token, $sentence) = @$_;
        my $got = $t->try_gptoauth("$token\n", qw(token show));
        ok($got->{status} == 1 && $got->{out} eq '' && $got->{err} =~ /$sentence/, "token show: $name") or diag($got->{out}, $got->{err});
    }
    my $said = $t->gptoauth_stdin("$next->{access_token}\n", qw(token show));
    like($said, qr/^is +an access token\nstate +revoked\n.*^ends +\d{4}/ms, 'for people');
    unlike($said, qr/gpta_/, '... without the token');
    $t->sql('DELETE FROM oauth_access_token;');
    like($t->try_gptoauth("$next->{access_token}\n", qw(token show))->{err}, qr/in the database no more/, 'a token that was deleted');
    return;
}

# More grants than one user may have with one client end from the longest unused on, and the memory of this httpd with them.
sub test_many {
    my ($t, $client) = @_;
    my $first = $t->tokens_for($client);
    my $kept = $t->tokens_for($client);
    ok($t->token_works($_->{access_token}), 'a grant lives') for $first, $kept;
    $t->sql("UPDATE oauth_grant SET used_at = used_at - 100 WHERE id = '" . show($t, $first->{access_token})->{grant_id} . q{';});
    my $live = sub { return $t->sql("SELECT count(*) FROM oauth_grant WHERE client_id = '$client->{id}' AND revoked_at IS NULL;") };
    $t->code_for($client) while $live->() < 20;
    ok($t->token_works($first->{access_token}), 'as long as there are twenty');
    $t->code_for($client);
    is($live->(), 20, 'one more makes room for itself');
    ok(!$t->token_works($first->{access_token}), '... at the cost of the one longest unused, at once');
    ok($t->token_works($kept->{access_token}), '... and no other');
    return;
}

on_each_db({}, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    test_sessions($t, $client);
    test_tokens($t, $client);
    test_many($t, $t->client_add('on many machines', public => 1));
});

done_testing;
