#!/usr/bin/perl
# More than fits in one step: lists go on page by page up to --limit, revocation, removal and purge by the thousand, each to its end.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $now = int time;

# Rows 1 to $count: SELECT of the columns, with i as the number.
sub insert {
    my ($t, $into, $select, $count) = @_;
    return $t->sql("INSERT INTO $into WITH RECURSIVE numbered (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbered WHERE i < $count) SELECT $select FROM numbered;");
}

sub hash_of { my ($t, $prefix) = @_; return $t->is_pgsql ? "sha256(('$prefix' || i)::bytea)" : 'randomblob(32)' }

sub add_grants {
    my ($t, $client, $count, $created_at) = @_;
    insert($t, 'oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at)',
        "'$client-' || i, 'https://a.example', '$client', 'user' || i, 'read', '', $created_at, $now + 90000, $now + 80000", $count);
    insert($t, 'oauth_consent (consent_hash, issuer, username, client_id, redirect_uri, scope, created_at)',
        hash_of($t, $client) . ", 'https://a.example', 'user' || i, '$client', 'https://c.example/cb', 'read', $now", $count);
    return;
}

sub count { my ($t, $from) = @_; return $t->sql("SELECT count(*) FROM $from;") }

# Every one of $all once, in the order of the list, with and without --limit.
sub test_list {
    my ($t, $all, $field, @command) = @_;
    my @names = map { $_->{$field} } @{ $t->gptoauth_json(@command) };
    my %once = map { $_ => 1 } @names;
    is(scalar @names . ' ' . keys %once, "$all $all", "@command: all of them, each once");
    for my $limit (1, 1000, 1001) {
        my $result = $t->try_gptoauth('', @command, '--json', '--limit', $limit);
        is_deeply([ map { $_->{$field} } @{ JSON::PP::decode_json($result->{out}) } ], [ @names[ 0 .. $limit - 1 ] ], "@command --limit $limit");
        is($result->{err}, "gptoauth: there are more than these $limit; --limit shows as many as you say\n", '... says that there are more');
    }
    my $result = $t->try_gptoauth('', @command, '--limit', $all);
    is(($result->{out} =~ tr/\n//) . $result->{err}, $all + 1, "@command --limit $all: a table with one header, and no more");
    return;
}

sub test_lists {
    my ($t) = @_;
    insert($t, 'oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at)',
        q{'c' || i, 'Client ' || (i % 7), 0, 0, '', '', 'authorization_code', CASE WHEN i % 2 = 0 THEN 'registered' ELSE 'document' END, 1}, 2100);
    insert($t, 'oauth_user (name, created_at, disabled_at)', "'user' || i, 1, 1", 2000);
    insert($t, 'oauth_service_key (key_hash, name, issuer, scope, introspect, created_at)',
        hash_of($t, 'key') . q{, 'key' || (i / 2), CASE WHEN i % 2 = 0 THEN 'https://a.example' ELSE 'https://b.example' END, '', 0, 1}, 2001);
    insert($t, 'oauth_throttle (issuer, kind, name, address, began_at, until_at)', "'https://a.example', 'user', 'user' || i, '', $now, $now + 900", 1500);
    test_list($t, 2102, 'client_id', qw(client list));
    test_list($t, 2000, 'name', qw(user list));
    test_list($t, 1500, 'username', qw(throttle list));
    $t->write_file('dbd.conf', "DBDriver " . ($t->is_pgsql ? 'pgsql' : 'sqlite3') . "\nDBDParams \"$t->{db_params}\"\n");
    my @keys = map { "$_->{name} $_->{issuer}" } @{ $t->gptoauth_json(qw(key list)) };
    is(scalar @keys, 2001, 'key list: those of all issuers');
    is(join("\n", @keys), join("\n", sort @keys), '... by name and issuer');
    is(scalar @{ $t->gptoauth_json(qw(key list --issuer https://b.example)) }, 1001, 'key list of one issuer');
    for my $limit ('0', '-1', 'all', '10x') {
        my $result = $t->try_gptoauth('', qw(user list --limit), $limit);
        is("$result->{status} $result->{err}", "1 gptoauth: --limit $limit is not a number of lines, 1 or more\n", "--limit $limit");
    }
    return;
}

# Of many at the same second, too.
sub test_grants {
    my ($t, $heavy, $other) = @_;
    test_list($t, 2600, 'grant_id', qw(grant list));
    test_list($t, 2500, 'grant_id', qw(grant list --client Heavy));
    my @times = map { $_->{created_at} } @{ $t->gptoauth_json(qw(grant list --client Heavy)) };
    is(join(' ', @times), join(' ', sort { $b <=> $a } @times), 'grant list: the latest first');
    is(scalar @{ $t->gptoauth_json(qw(grant list --user user7)) }, 2, 'grant list of a user');
    is_deeply($t->gptoauth_json(qw(grant revoke --client Heavy --user user9)), { revoked => 1 }, 'grant revoke of both');
    is(count($t, 'oauth_consent WHERE username = ' . q{'user9'}), 1, '... forgets one consent');
    is_deeply($t->gptoauth_json(qw(grant revoke --client Heavy)), { revoked => 2499 }, 'grant revoke: all of them');
    is(count($t, 'oauth_grant WHERE revoked_at IS NULL'), 100, '... and no others');
    is(count($t, "oauth_consent WHERE client_id = '$heavy'") . ' ' . count($t, 'oauth_consent'), '0 100', '... with what was consented to');

    $t->sql('UPDATE oauth_grant SET revoked_at = NULL;');
    $t->gptoauth(qw(client remove Heavy));
    is(count($t, "oauth_client WHERE id = '$heavy'") . ' ' . count($t, 'oauth_grant'), '0 100', 'client remove: with all grants, and no others');
    return;
}

# What is dead is spread among what lives.
sub test_purge {
    my ($t) = @_;
    $t->sql("DELETE FROM oauth_$_;") for qw(grant consent throttle);
    add_grants($t, 'purged', 12_500, "$now - i / 100");
    $t->sql("UPDATE oauth_grant SET $_->[0] = $now - 90000 WHERE id LIKE '%$_->[1]';") for [ revoked_at => 1 ], [ expires_at => 3 ], [ ends_at => 5 ];
    $t->sql("UPDATE oauth_grant SET $_->[0] = $now - 80000 WHERE id LIKE '%$_->[1]';") for [ revoked_at => 2 ], [ ends_at => 6 ];
    insert($t, 'oauth_access_token (token_hash, issuer, grant_id, scope, resource, created_at, expires_at)',
        hash_of($t, 'token') . ", 'https://a.example', 'purged-1', '', '', 1, $now - CASE WHEN i % 3 = 0 THEN 1000 ELSE 7200 END", 3600);
    insert($t, 'oauth_session (session_hash, issuer, username, created_at, expires_at)', hash_of($t, 'session') . ", 'https://a.example', 'user1', 1, $now + CASE WHEN i % 2 = 0 THEN 1000 ELSE -1 END", 2200);
    insert($t, 'oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at, seen_at)',
        "'old' || i, 'Old', 0, 0, '', '', '', 'document', 1, $now - 8 * 86400", 20);
    $t->sql("UPDATE oauth_consent SET client_id = 'old1' WHERE username LIKE 'user%1';");
    is($t->gptoauth_json('purge')->{deleted}, 3750 + 2400 + 1100 + 20, 'purge: as many as were dead');
    is(count($t, 'oauth_grant') . ' ' . count($t, "oauth_grant WHERE id LIKE '%1' OR id LIKE '%3' OR id LIKE '%5'"), '8750 0', '... grants that are dead for a day');
    is(count($t, 'oauth_access_token') . ' ' . count($t, 'oauth_session'), '1200 1100', '... tokens that are for an hour, and sessions');
    is(count($t, q{oauth_client WHERE id LIKE 'old%'}) . ' ' . count($t, 'oauth_consent'), '0 11250', '... unused clients, with what was consented to');
    is($t->gptoauth('purge'), "0 expired rows deleted.\n", '... once');
    return;
}

# Another host is at it: the command waits for its turn, and lacks nothing in the end.
sub test_turn {
    my ($t) = @_;
    insert($t, 'oauth_access_token (token_hash, issuer, grant_id, scope, resource, created_at, expires_at)',
        hash_of($t, 'turn') . ", 'https://a.example', 'x', '', '', 1, 1", 10);
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $t->sql('BEGIN; SELECT pg_advisory_xact_lock(6749, 6751); SELECT pg_sleep(1); COMMIT;');
        POSIX::_exit(0);
    }
    $t->sql('SELECT 1;') until count($t, q{pg_locks WHERE locktype = 'advisory' AND objid = 6751});
    cmp_ok($t->gptoauth_json('purge')->{deleted}, '>=', 10, 'purge waits for its turn');
    waitpid $pid, 0;
    return;
}

on_each_db({ start => 0, no_dump => 1 }, sub {
    my ($t) = @_;
    my ($heavy, $other) = map { $t->client_add($_)->{id} } qw(Heavy Other);
    test_lists($t);
    add_grants($t, $heavy, 2500, "$now - i / 1200");
    add_grants($t, $other, 100, $now);
    test_grants($t, $heavy, $other);
    test_purge($t);
    test_turn($t) if $t->is_pgsql;
});

done_testing;
