#!/usr/bin/perl
# What is long dead goes by itself while httpd serves, and what is not stays.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $tokens = 5000;
my @tables = qw(access_token session code grant browser throttle consent action);

# An expression that differs for each n, as the hash that it has to be.
sub hash_of { my ($t, $what) = @_; return $t->is_pgsql ? "sha256(('$what' || n)::bytea)" : "CAST(printf('%-32s', '$what' || n) AS BLOB)" }

# Rows that ended so many seconds ago.
sub seed {
    my ($t, $what, $count, $ago) = @_;
    my $end = time - $ago;
    my $hash = hash_of($t, $what);
    $end = int $end;
    my $numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $count)";
    my %rows = (
        access_token => "(token_hash, issuer, grant_id, scope, resource, created_at, expires_at) $numbers SELECT $hash, 'i', 'g', '', '', 1, $end FROM numbers",
        session => "(session_hash, issuer, username, created_at, expires_at) $numbers SELECT $hash, 'i', 'u', 1, $end FROM numbers WHERE n < 10",
        browser => "(browser_hash, issuer, username, expires_at) $numbers SELECT $hash, 'i', 'u', $end FROM numbers WHERE n < 10",
        action => "(id, spent_at, spender) $numbers SELECT '$what' || n, $end, '' FROM numbers WHERE n < 10",
        throttle => "(issuer, kind, name, address, began_at, until_at) $numbers SELECT 'i', 'user', '$what' || n, '', 1, $end FROM numbers WHERE n < 10",
        # Every second one from before there was an end.
        consent => "(consent_hash, issuer, username, client_id, redirect_uri, scope, created_at, ends_at) $numbers"
            . " SELECT $hash, 'i', 'u', 'c', '', '', $end - 31536000, CASE WHEN n % 2 = 0 THEN $end END FROM numbers WHERE n < 10",
        code => '(code_hash, issuer, transaction_id, grant_id, client_id, username, scope, resource, redirect_uri, redirect_given, challenge, created_at, expires_at)'
            . " $numbers SELECT $hash, 'i', '$what' || n, 'g', 'c', 'u', '', '', '', 1, '', 1, $end FROM numbers WHERE n < 10",
        grant => "(id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at) $numbers SELECT '$what' || n, 'i', 'c', 'u', '', '', 1, $end, $end FROM numbers WHERE n < 10",
    );
    $t->sql("INSERT INTO oauth_$_ $rows{$_}") for @tables;
    return;
}

sub left { my ($t) = @_; return join ' ', map { 0 + $t->sql("SELECT count(*) FROM oauth_$_") } @tables }

on_each_db({ start => 0 }, sub {
    my ($t) = @_;
    seed($t, 'dead', $tokens, 7 * 86400);
    seed($t, 'alive', 20, -3600);
    $t->start;
    my $deadline = time + 20;
    my $left;
    while (($left = left($t)) ne '20 9 9 9 9 9 9 9' && time < $deadline) {
        sleep 0.02;
    }
    is($left, '20 9 9 9 9 9 9 9', "case 323: $tokens dead tokens, and sessions, codes, grants, browsers, throttles, consents and actions of forms, are deleted; the living ones stay");
    like($t->gptoauth('purge'), qr/^0 expired rows deleted/m, '... and nothing is left for the command');
});
done_testing;
