#!/usr/bin/perl
# From the schema of long ago, with what lives in it, to today's: nobody is refused afterwards, by a server that was not started anew.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Schema;

# What 0003 and whatever came after it made is taken back: as it was, with today's rows.
my @before = (
    'DROP INDEX oauth_code_expires', 'DROP INDEX oauth_session_expires', 'DROP INDEX oauth_session_user', 'DROP INDEX oauth_grant_app', 'DROP INDEX oauth_consent_ended', 'DROP INDEX oauth_consent_client', 'DROP INDEX oauth_grant_created',
    'DROP INDEX oauth_client_listed', 'DROP INDEX oauth_user_disabled', 'DROP INDEX oauth_grant_client_created', 'DROP INDEX oauth_service_key_named',
    'CREATE INDEX oauth_grant_client ON oauth_grant (client_id)', 'CREATE UNIQUE INDEX oauth_service_key_name ON oauth_service_key (issuer, name)',
    'DROP TABLE oauth_browser', 'DROP TABLE oauth_throttle', 'DROP INDEX oauth_user_folded', 'DROP INDEX oauth_client_unused',
    'ALTER TABLE oauth_user DROP COLUMN folded', 'ALTER TABLE oauth_client DROP COLUMN let_in_at', 'ALTER TABLE oauth_client DROP COLUMN application_type', 'ALTER TABLE oauth_grant DROP COLUMN repeats',
    map({ "ALTER TABLE oauth_$_" } map({ "client DROP COLUMN $_" } qw(client_uri policy_uri tos_uri)), 'grant DROP COLUMN redirect_uri', map({ "consent DROP COLUMN $_" } qw(given ends_at asked)), map { "session DROP COLUMN $_" } qw(public_id seen_at browser)),
    q{UPDATE oauth_setting SET value = '2' WHERE name = 'schema'}
);
my %before = (
    pgsql => [ 'DROP FUNCTION oauth_tell CASCADE', 'DROP INDEX oauth_access_token_ended',
        'CREATE INDEX oauth_access_token_expires ON oauth_access_token USING brin (expires_at)' ],
    sqlite => [ map({ "DROP TRIGGER oauth_$_" } qw(token_update token_delete grant_update grant_delete client_update client_delete
        user_insert user_update user_delete key_update key_delete session_named)), 'DROP TABLE oauth_revocation' ],
);

my $today = () = glob "$FindBin::Bin/../sql/sqlite3/*.sql";

my $conf = <<'EOC';
GPTOAuthRegistration open
EOC

# What schema 6 held of consents: what was asked in scope, and in given what was given.
sub test_consents {
    my ($t) = @_;
    take_back_newest($t);
    $t->sql("$_;") for 'DELETE FROM oauth_consent', 'ALTER TABLE oauth_consent DROP COLUMN asked', q{UPDATE oauth_setting SET value = '7' WHERE name = 'schema'};
    my $hash = $t->is_pgsql ? q{sha256('%s')} : q{CAST(substr('%s' || hex(zeroblob(16)), 1, 32) AS BLOB)};
    for my $row ([ 'a part', q{'read'} ], [ 'all', q{'read write'} ], [ 'before 0006', 'NULL' ]) {
        my ($who, $given) = @$row;
        $t->sql('INSERT INTO oauth_consent (consent_hash, issuer, username, client_id, redirect_uri, scope, created_at, given) '
            . sprintf "SELECT $hash, 'i', '%s', 'c', '', 'read write', 1, %s;", $who, $who, $given);
    }
    $t->gptoauth('migrate');
    my $read = sub { return join ', ', map { $t->sql("SELECT $_[0] FROM oauth_consent WHERE username = '$_';") } 'a part', 'all', 'before 0006' };
    is($read->('scope'), 'read, read write, read write', 'a module from before finds of consents what was given');
    is($read->('COALESCE(given, scope)'), 'read, read write, read write', '... as does this one');
    is($read->('COALESCE(asked, scope)'), 'read write, read write, read write', '... with what was asked');
    return;
}

on_each_db({ conf => $conf, allow => [qr/has schema 2 and mod_gpt_oauth needs $today/] }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    my $public = $t->client_add('notes on a phone', public => 1);
    my $register = sub { return $t->http->post('/oauth/register', $_[0], headers => [ 'Content-Type' => 'application/json' ])->json->{client_id} };
    my $id = $register->('{"client_name":"Guest","redirect_uris":["https://guest.example/cb"],"token_endpoint_auth_method":"none"}');
    my $guest = { id => $id, name => 'Guest', redirect_uri => 'https://guest.example/cb', public => 1 };
    my @tokens = map { $t->tokens_for($_) } $client, $public, $guest;
    my @codes = map { $t->code_for($_) } $client, $public, $guest;
    my $unused = $register->('{"redirect_uris":["https://unused.example/cb"]}');
    my $now = int time;
    $t->sql("INSERT INTO oauth_user (name, created_at, disabled_at) VALUES ('Mallory', $now, $now)");
    my $browser = $t->browser_of('alice');

    $t->stop;
    take_back_newest($t);
    $t->sql("$_;") for @{ $before{ $t->db } }, @before;
    $t->start;
    is($t->fetch('/api/notes.txt', $tokens[0]{access_token})->status, 503, 'a schema of long ago is not served from');
    $t->gptoauth('migrate');
    is($t->sql(q{SELECT value FROM oauth_setting WHERE name = 'schema';}), $today, 'the schema of today');
    ok($t->token_works($_->{access_token}), "$_->{client}{name}: an access token goes on") for @tokens;
    is($t->redeem($_)->status, 200, "$_->{client}{name}: a code is redeemed") for @codes;
    for my $old (@tokens) {
        my $next = $t->refresh($old->{client}, $old->{refresh_token});
        is($next->status, 200, "$old->{client}{name}: a refresh token goes on");
        is($t->refresh($old->{client}, $old->{refresh_token})->status, 200, '... and again in the grace');
        ok($t->token_works($next->json->{access_token}), '... to a token that works');
    }
    is($t->outcome($client, $browser->get($t->authorize_url($client))), '302 code', 'a session goes on');
    like($t->sql('SELECT public_id FROM oauth_session;'), qr/^[0-9a-f]{32}$/, '... and has an id by which it can be ended');
    $t->sql(q{INSERT INTO oauth_session (session_hash, issuer, username, created_at, expires_at) SELECT } . ($t->is_pgsql ? q{sha256('x')} : q{zeroblob(32)}) . qq{, 'i', 'alice', $now, $now;});
    is($t->sql('SELECT count(DISTINCT public_id) FROM oauth_session WHERE length(public_id) = 32;'), 2, '... as has one of a module before');
    is($t->ask($_), '200 sign-in', "$_->{name} may ask as before") for $client, $public, $guest;
    my $known = join ' ', map { $t->sql("SELECT CASE WHEN let_in_at IS NULL THEN 'unused' ELSE 'used' END FROM oauth_client WHERE id = '$_';") }
        $guest->{id}, $unused;
    is($known, 'used unused', 'case 310: whom somebody has let in is told from those whom nobody has');
    is($t->sql(q{SELECT folded FROM oauth_user WHERE name = 'Mallory';}), 'mallory', 'case 328: who was disabled is so in every spelling');
    is($t->sql('SELECT count(*) FROM oauth_grant WHERE repeats > 0;'), 3, 'case 312: repeats are counted from now on');
    test_consents($t);
});

done_testing();
