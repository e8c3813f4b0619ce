#!/usr/bin/perl
# What strangers could make of open registration: a redirector, and a database full of clients.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $cb = 'https://evil.example/cb';

sub register {
    my ($t, %metadata) = @_;
    my $body = JSON::PP->new->utf8->encode({ token_endpoint_auth_method => 'none', redirect_uris => [$cb], %metadata });
    return $t->http->post('/oauth/register', $body, headers => [ 'Content-Type' => 'application/json' ]);
}

sub client_of {
    my ($response) = @_;
    my $json = $response->json;
    return { id => $json->{client_id}, public => 1, redirect_uri => $json->{redirect_uris}[0], name => $json->{client_name} };
}

sub test_size {
    my ($t) = @_;
    my $uri = sub { my ($number, $size) = @_; my $start = "https://evil.example/$number/"; return $start . 'x' x ($size - length $start) };
    is(register($t, redirect_uris => [ map { $uri->($_, 2048) } 1 .. 16 ])->verdict, '400 invalid_redirect_uri', 'case 310: 16 URIs of 2 KB');
    is(register($t, redirect_uris => [ map { $uri->($_, 1024) } 1 .. 4 ], client_name => 'y' x 255)->verdict, '201', 'case 310: 4 KB in all are well');
    is(register($t, redirect_uris => [ map({ $uri->($_, 1024) } 1 .. 3), $uri->(4, 1025) ])->verdict, '400 invalid_redirect_uri', 'case 310: and a byte more is not');
    is(register($t, redirect_uris => [ ($uri->(1, 2048)) x 3 ])->verdict, '400 invalid_redirect_uri', 'case 310: nor is one URI again and again');
    my $bytes = $t->is_pgsql ? 'octet_length(CAST(c AS text)) FROM oauth_client c' : 'length(id) + length(name) + length(redirect_uris) + length(scope) + length(grant_types) + length(issuer) + 200 FROM oauth_client';
    cmp_ok((sort { $b <=> $a } split /\n/, $t->sql("SELECT $bytes;"))[0], '<', 8192, 'case 310: no row takes 8 KB');
    return;
}

# Rows as registration makes them, of which the first was seen longest ago.
sub insert {
    my ($t, $prefix, $count, %opt) = @_;
    my ($number, $id) = $t->is_pgsql ? ("generate_series(1, $count) AS n", "'$prefix' || n") : ("(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < $count) SELECT n FROM s) AS s", "'$prefix' || n");
    my ($issuer, $ago) = ($opt{issuer} // $t->issuer, $opt{ago} // 86400);
    my $now = time - $ago;
    $t->sql('INSERT INTO oauth_client (id, name, is_public, is_gpt, auth_method, redirect_uris, scope, grant_types, source, created_at, seen_at, issuer) '
            . "SELECT $id, 'flood', 1, 0, 'none', '$cb', '', 'authorization_code', 'registered', $now + n, $now + n, '$issuer' FROM $number;");
    return;
}

sub test_ceiling {
    my ($t) = @_;
    my $used = client_of(register($t, client_name => 'used'));
    my $tokens = $t->tokens_for($used);
    my $before = client_of(register($t, client_name => 'let in by a module of before'));
    my $its = $t->tokens_for($before);
    my $disabled = client_of(register($t, client_name => 'disabled'));
    $t->gptoauth('client', 'disable', $disabled->{id});
    $t->sql("UPDATE oauth_client SET seen_at = seen_at - 3 * 86400 WHERE id IN ('$used->{id}', '$before->{id}', '$disabled->{id}');");
    $t->sql("UPDATE oauth_client SET let_in_at = NULL WHERE id = '$before->{id}';");
    my $admin = $t->client_add('by hand');
    my $count = sub { my ($where) = @_; return $t->sql("SELECT count(*) FROM oauth_client WHERE $where;") };
    insert($t, 'other', 100, issuer => 'https://other.example', ago => 2 * 86400);
    insert($t, 'flood', 10000 - $count->("source = 'registered' AND let_in_at IS NULL AND disabled_at IS NULL AND issuer = '${\ $t->issuer }'"));

    my $first = client_of(register($t, client_name => 'one more'));
    my $second = client_of(register($t, client_name => 'and another'));
    is($count->("id IN ('flood1')"), 0, 'case 310: of 10,001 clients that nobody uses the oldest goes');
    is($count->("id IN ('flood2', 'flood3')"), 2, 'case 310: and no more than one for each that comes');
    is($t->ask($_), '200 sign-in', "case 310: $_->{name} is there") for $first, $second, $admin;
    is($count->("issuer = 'https://other.example'"), 100, 'case 310: another issuer has clients of its own');
    is($count->("id = '$disabled->{id}'"), 1, 'case 310: who is disabled stays');
    is($t->refresh($used, $tokens->{refresh_token})->status, 200, 'case 310: who has a living grant never goes');
    is($t->refresh($before, $its->{refresh_token})->status, 200, 'case 310: nor does one whom an older module let in');

    my $browser = $t->open_request($t->authorize_url({ id => 'flood2', redirect_uri => $cb, public => 1 }));
    $browser->decide('allow');
    is($browser->page->status, 303, 'the oldest one is let in');
    register($t, client_name => "new $_") for 1 .. 3;
    is($count->("id = 'flood2'"), 1, 'case 310: and stays then');
    is($count->("id IN ('flood3', 'flood4')"), 0, 'case 310: where others go');
    return;
}

# Clients in use that were not seen for long stand in the way of nobody.
sub test_purge {
    my ($t) = @_;
    my $count = sub { my ($prefix) = @_; return $t->sql("SELECT count(*) FROM oauth_client WHERE id LIKE '$prefix%';") };
    my $end = time + 86400;
    insert($t, 'inuse', 1500, ago => 20 * 86400);
    insert($t, 'dead', 30, ago => 10 * 86400);
    $t->sql('INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at) '
            . "SELECT id, issuer, id, 'bob', 'read', '', created_at, $end, $end FROM oauth_client WHERE id LIKE 'inuse%';");
    $t->gptoauth('purge');
    is($count->('dead'), 0, 'case 310: purge gets beyond 1,500 that are in use');
    is($count->('inuse'), 1500, 'case 310: which stay');
    $t->sql("UPDATE oauth_client SET seen_at = seen_at - 20 * 86400 WHERE id IN ('inuse1', 'inuse2', 'inuse3', 'inuse4', 'inuse5', 'inuse6', 'inuse7', 'inuse8', 'inuse9', 'inuse10', 'inuse11');");
    insert($t, 'dead', 5, ago => 10 * 86400);
    register($t, client_name => "after $_") for 1 .. 2;
    is($count->('dead'), 0, 'case 310: as registrations do, ten at a time');
    $t->sql("DELETE FROM oauth_$_->[0] WHERE $_->[1] LIKE 'inuse%';") for [ grant => 'client_id' ], [ client => 'id' ];
    return;
}

on_each_db({ conf => 'GPTOAuthRegistration open' }, sub {
    my ($t) = @_;
    test_size($t);
    test_purge($t);
    test_ceiling($t);
});

done_testing;
