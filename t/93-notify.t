#!/usr/bin/perl
# What the database says of what ends or restores the validity of tokens and keys, whoever changes it: by NOTIFY on PostgreSQL, by a
# counter on SQLite. And that it says nothing of rotations, of uses, and of what is long dead as it is deleted.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $now = int time;
my $hash = 'abcdef01' x 8;

sub blob { my ($t, $hex) = @_; return $t->is_pgsql ? "'\\x$hex'" : "x'$hex'" }

sub put_grant {
    my ($t, $id, %other) = @_;
    my %column = (id => "'$id'", issuer => "'https://i'", client_id => "'c'", username => "'u'", scope => "'read'", resource => "''",
        created_at => 1, expires_at => $now + 86400, ends_at => $now + 86400, %other);
    return sprintf 'INSERT INTO oauth_grant (%s) VALUES (%s);', join(', ', sort keys %column), join(', ', @column{ sort keys %column });
}

sub put_token {
    my ($t, $hex, $expires) = @_;
    return "INSERT INTO oauth_access_token (token_hash, issuer, grant_id, scope, resource, created_at, expires_at) VALUES ("
        . blob($t, $hex) . ", 'https://i', 'g', 'read', '', 1, $expires);";
}

sub put_client {
    my ($t, $id, %other) = @_;
    my %column = (id => "'$id'", name => "'$id'", is_public => 0, is_gpt => 0, redirect_uris => "''", scope => "''", grant_types => "''",
        source => "'registered'", created_at => 1, %other);
    return sprintf 'INSERT INTO oauth_client (%s) VALUES (%s);', join(', ', sort keys %column), join(', ', @column{ sort keys %column });
}

my $old = $now - 8 * 86400;
my $put_key = "INSERT INTO oauth_service_key (key_hash, name, issuer, scope, introspect, created_at) VALUES (%s, 'k', 'https://i', '', 0, 1);";

# Name, what is there before, what is done, and what PostgreSQL says of it, a message a line; SQLite says something where it does.
sub changes {
    my ($t) = @_;
    my $user = sub { "INSERT INTO oauth_user (name, created_at, disabled_at) VALUES ($_[0], 1, $_[1]);" };
    my $key = sprintf $put_key, blob($t, $hash);
    return (
        [ 'a grant is revoked', put_grant($t, 'g'), 'UPDATE oauth_grant SET revoked_at = 1', 'grant g' ],
        [ '... again at the same time', put_grant($t, 'g', revoked_at => 1), 'UPDATE oauth_grant SET revoked_at = 1', '' ],
        [ '... and restored', put_grant($t, 'g', revoked_at => 1), 'UPDATE oauth_grant SET revoked_at = NULL', 'grant g' ],
        [ 'a grant is made', '', put_grant($t, 'g'), '' ],
        [ 'a grant is rotated and used', put_grant($t, 'g'), 'UPDATE oauth_grant SET generation = 2, salt = NULL, rotated_at = 1, used_at = 1, ends_at = 5, repeats = 0', '' ],
        [ 'a grant is deleted', put_grant($t, 'g'), 'DELETE FROM oauth_grant', 'grant g' ],
        [ '... that was revoked', put_grant($t, 'g', revoked_at => $now), 'DELETE FROM oauth_grant', '' ],
        [ '... that is over', put_grant($t, 'g', ends_at => $now - 7200), 'DELETE FROM oauth_grant', '' ],
        [ 'a grant gets another user', put_grant($t, 'g'), q{UPDATE oauth_grant SET username = 'v'}, 'all' ],
        [ 'a token is issued', '', put_token($t, $hash, $now + 60), '' ],
        [ 'a token is deleted', put_token($t, $hash, $now + 60), 'DELETE FROM oauth_access_token', "token $hash" ],
        [ '... that has just expired', put_token($t, $hash, $now - 60), 'DELETE FROM oauth_access_token', "token $hash" ],
        [ '... that expired long ago', put_token($t, $hash, $now - 3600), 'DELETE FROM oauth_access_token', '' ],
        [ 'a token gets another expiry', put_token($t, $hash, $now + 60), 'UPDATE oauth_access_token SET expires_at = 5', 'all' ],
        [ 'a client is disabled', put_client($t, 'c d'), 'UPDATE oauth_client SET disabled_at = 1', 'client c d' ],
        [ 'a client is enabled', put_client($t, 'c', disabled_at => 1), 'UPDATE oauth_client SET disabled_at = NULL', 'client c' ],
        [ 'a client is seen', put_client($t, 'c'), 'UPDATE oauth_client SET seen_at = 5, let_in_at = 5, name = id', '' ],
        [ 'a client is deleted', put_client($t, 'c'), 'DELETE FROM oauth_client', 'client c' ],
        [ '... that a user let in', put_client($t, 'c', seen_at => $now, let_in_at => $now) . put_grant($t, 'g'), 'DELETE FROM oauth_client', 'client c' ],
        [ '... long ago', put_client($t, 'c', seen_at => $old, let_in_at => $old) . put_grant($t, 'g'), 'DELETE FROM oauth_client', 'client c' ],
        [ '... long ago, and it has no grant any more', put_client($t, 'c', seen_at => $old, let_in_at => $old), 'DELETE FROM oauth_client', '' ],
        [ '... that nobody has let in', put_client($t, 'c', seen_at => $now), 'DELETE FROM oauth_client', '' ],
        [ 'a user is disabled', $user->(q{'u'}, 'NULL'), 'UPDATE oauth_user SET disabled_at = 1', 'user u' ],
        [ '... who was not known', '', $user->(q{'u'}, 1), 'user u' ],
        [ '... whose name is of two lines', '', $user->("'u \n v'", 1), "user u \n v" ],
        [ '... whose name is long beyond measure', '', $user->("'" . 'u' x 8000 . "'", 1), 'all' ],
        [ 'a user is added', '', $user->(q{'u'}, 'NULL'), '' ],
        [ 'a user gets another password', $user->(q{'u'}, 'NULL'), q{UPDATE oauth_user SET password_hash = 'x'}, '' ],
        [ 'a user is renamed', $user->(q{'u'}, 1), q{UPDATE oauth_user SET name = 'v'}, 'all' ],
        [ 'a user is deleted', $user->(q{'u'}, 1), 'DELETE FROM oauth_user', 'user u' ],
        [ 'a key is revoked', $key, 'UPDATE oauth_service_key SET revoked_at = 1', "key $hash" ],
        [ 'a key expires sooner', $key, 'UPDATE oauth_service_key SET expires_at = 1', "key $hash" ],
        [ 'a key loses its scope', $key, q{UPDATE oauth_service_key SET scope = 'read'}, 'all' ],
        [ 'a key is used', $key, 'UPDATE oauth_service_key SET used_at = 1', '' ],
        [ 'a key is deleted', $key, 'DELETE FROM oauth_service_key', "key $hash" ],
    );
}

my $clear = join '', map { "DELETE FROM oauth_$_;" } qw(grant access_token client user service_key);

# What a session hears that does this, a message a line.
sub heard {
    my ($t, @statements) = @_;
    my $channel = $t->sql(q{SELECT 'gpt_oauth_' || current_schema()::regnamespace::oid});
    my $said = $t->sql(join "\n", "LISTEN $channel;", map { "$_;" } @statements);
    return join "\n", $said =~ /^Asynchronous notification "$channel" with payload "(.*?)" received from server process/msg;
}

sub counted { my ($t, @statements) = @_; return $t->sql(join "\n", map { "$_;" } 'SELECT count FROM oauth_revocation', @statements, 'SELECT count FROM oauth_revocation') }

on_each_db({ start => 0 }, sub {
    my ($t) = @_;
    for my $change (changes($t)) {
        my ($name, $before, $done, $said) = @$change;
        $t->sql("$clear $before");
        if ($t->is_pgsql) {
            is(heard($t, $done), $said, $name);
        }
        else {
            my ($first, $last) = split ' ', counted($t, $done);
            is($last > $first ? 1 : 0, $said ne '' ? 1 : 0, $name);
        }
    }
    $t->sql($clear);
});

sub many { my ($count) = @_; return put_grant(undef, 'x') =~ s/VALUES \(/SELECT /r =~ s/'x'/'g' || i/r =~ s/\);$/ FROM generate_series(1, $count) AS i/r }

sub test_bulk {
    my ($t) = @_;
    my $summary = sub { my @said = split /\n/, heard($t, @_); return sprintf '%d + %d', scalar(grep { /^grant / } @said), scalar(grep { $_ eq 'all' } @said) };
    $t->sql("$clear " . many(100));
    is($summary->('UPDATE oauth_grant SET revoked_at = 1'), '100 + 0', 'a hundred at once are named');
    $t->sql("$clear " . many(20_000));
    is($summary->('UPDATE oauth_grant SET revoked_at = 1'), '100 + 1', '... of 20,000 no more, but that there are more');
    is($summary->('BEGIN', "UPDATE oauth_grant SET revoked_at = NULL WHERE id IN ('g1', 'g2')", 'SAVEPOINT s', 'UPDATE oauth_grant SET revoked_at = NULL',
        'ROLLBACK TO s', "UPDATE oauth_grant SET revoked_at = NULL WHERE id = 'g3'", 'COMMIT'), '3 + 0', '... and of what was rolled back, nothing');
    is($summary->(many(200) =~ s/'g'/'h'/r =~ s/;$//r, "DELETE FROM oauth_grant WHERE id LIKE 'h%'", 'DELETE FROM oauth_grant WHERE revoked_at IS NULL'), '103 + 1', '... each transaction for itself');
    is(heard($t, "TRUNCATE oauth_$_"), 'all', "oauth_$_ is emptied") for qw(grant access_token client user service_key);
    return;
}

# Who may change rows needs no more rights for what is said of it; and what is said in one schema is not heard in another.
sub test_rights {
    my ($t) = @_;
    $t->cluster->psql('postgres', 'CREATE ROLE server LOGIN', 'postgres');
    $t->sql('ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; CREATE SCHEMA "their Own"; GRANT USAGE ON SCHEMA "their Own" TO server');
    $t->sql('ALTER ROLE oauth SET search_path = "their Own"');
    $t->gptoauth('migrate', '--grant-to', 'server');
    $t->sql(put_grant($t, 'g') . put_client($t, 'c', seen_at => $old) . put_client($t, 'd', seen_at => $old));
    $t->cluster->psql('postgres', 'ALTER ROLE server SET search_path = "their Own"', 'postgres');
    my $listen = sub { my ($schema) = @_; return 'LISTEN gpt_oauth_' . ($t->sql(qq(SELECT '"$schema"'::regnamespace::oid)) =~ s/\s//gr) . ';' };
    my $done = "DELETE FROM oauth_client; UPDATE oauth_grant SET revoked_at = 1;";
    my $said = $t->cluster->psql($t->database, $listen->('public') . $listen->('their Own') . $done, 'server');
    my ($own) = $listen->('their Own') =~ /(gpt_\w+)/;
    is(join(', ', $said =~ /notification "(\w+)"/g), join(', ', ($own) x 2), 'another role, another schema: it has a channel of its own');
    is(join(', ', $said =~ /payload "([^"]*)"/g), 'client c, grant g', '... and says the same there');
    $t->cluster->psql('postgres', 'ALTER ROLE oauth RESET search_path', 'postgres');
    return;
}

if (grep { $_ eq 'pgsql' } dbs()) {
    my $t = Test::GptOauth->new(db => 'pgsql', start => 0);
    subtest 'many rows' => sub { test_bulk($t) };
    subtest 'rights and schemas' => sub { test_rights($t) };
}

done_testing;
