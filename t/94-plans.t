#!/usr/bin/perl
# With 100,000 rows every statement finds its own by an index, whether PostgreSQL plans it for these arguments or for all, and on
# SQLite; those that do go over a whole table are named here with the reason. And a rotation writes nothing that is indexed.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Process qw(output);
use Test::GptOauth::Statements;

my $now = int time;

# What is in the statement => why it may.
my @may = (
    [ 'SELECT DISTINCT username FROM oauth_grant', 'doctor alone, and only this program can tell spellings' ],
    [ 'UNION SELECT username FROM oauth_session', 'the administrator alone, and only this program can tell spellings' ],
    [ 'FROM oauth_user WHERE folded IS NULL', 'migrate alone' ],
    [ 'FROM oauth_throttle WHERE until_at > $1', 'the administrator alone, and there are as many as were throttled since yesterday' ],
    [ 'UPDATE oauth_throttle SET lifted_at', 'the same' ],
    [ 'DELETE FROM oauth_throttle', 'the same, for housekeeping' ],
    [ 'SELECT lifted_at FROM oauth_throttle', 'two rows at most, each by the whole key' ],
);

sub is_allowed { my ($sql) = @_; return scalar grep { index($sql, $_->[0]) >= 0 } @may }

# One client has a third of all grants.
my $seed = <<"EOC";
INSERT INTO oauth_user (name, password_hash, created_at, disabled_at) SELECT 'user' || i, 'x', 1, CASE WHEN i % 10 = 0 THEN 1 END FROM generate_series(1, 100000) i;
INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at, seen_at, issuer, let_in_at, disabled_at)
    SELECT 'client' || i, 'Client ' || i, 0, 0, 'https://c.example/cb', '', 'authorization_code', s, 1, CASE WHEN s <> 'admin' THEN $now - i * 100 END,
        CASE WHEN s = 'registered' THEN 'https://a.example' END, CASE WHEN i % 2 = 0 OR i > 20000 THEN 1 END, CASE WHEN i % 10 = 1 THEN 1 END
    FROM (SELECT i, CASE WHEN i % 3 = 0 THEN 'admin' WHEN i % 3 = 1 OR i > 20000 THEN 'registered' ELSE 'document' END AS s FROM generate_series(1, 100000) i) AS numbered;
INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at, selector_hash)
    SELECT md5(i::text), 'https://a.example', CASE WHEN i % 3 = 0 THEN 'heavy' ELSE 'client' || i % 20000 END, 'user' || i % 20001, 'read', '', $now - i, $now + 864000,
        $now + 86400, sha256(i::text::bytea) FROM generate_series(1, 100000) i;
INSERT INTO oauth_access_token SELECT sha256(i::text::bytea), 'https://a.example', md5(i::text), 'read', '', $now - i / 30, $now + 3600 - i / 30 FROM generate_series(1, 100000) i;
INSERT INTO oauth_session SELECT sha256(i::text::bytea), 'https://a.example', 'user' || i % 20001, $now - i, $now + 100000 - i FROM generate_series(1, 100000) i;
INSERT INTO oauth_browser SELECT sha256(i::text::bytea), 'https://a.example', 'user' || i % 20001, $now + 100000 - i FROM generate_series(1, 50000) i;
INSERT INTO oauth_code (code_hash, issuer, transaction_id, grant_id, client_id, username, scope, resource, redirect_uri, redirect_given, challenge, created_at, expires_at)
    SELECT sha256(i::text::bytea), 'https://a.example', md5(i::text), md5(i::text), 'client' || i % 20000, 'user' || i % 20001, '', '', 'https://c.example/cb', 1, '', $now - i, $now + 60 - i
    FROM generate_series(1, 50000) i;
INSERT INTO oauth_consent SELECT sha256(i::text::bytea), 'https://a.example', 'user' || i % 20001, 'client' || i % 20000, 'https://c.example/cb', '', 1 FROM generate_series(1, 50000) i;
INSERT INTO oauth_service_key (key_hash, name, issuer, scope, introspect, created_at) SELECT sha256(i::text::bytea), 'key' || i, 'https://a.example', '', 0, 1 FROM generate_series(1, 100000) i;
INSERT INTO oauth_action SELECT 'a' || i, $now - i, '' FROM generate_series(1, 20000) i;
INSERT INTO oauth_throttle SELECT 'https://a.example', 'user', 'user' || i, '', $now, $now + 100 FROM generate_series(1, 100000) i;
ANALYZE;
EOC

# What an argument may be, judged by where it stands.
sub value {
    my ($kind, $number, $sql) = @_;
    my $here = qr/\$$number\b/;
    return q{'\x} . '5f' x 32 . q{'} if $kind eq 'digest';
    if ($kind eq 'text') {
        return $sql =~ /username = $here/ ? q{'user77'} : $sql =~ /client_id [<>]?= $here/ ? $sql =~ /LIMIT 1000/ ? q{'heavy'} : q{'client77'} : q{'https://a.example'};
    }
    return 1 if $sql =~ /INSERT INTO oauth_(?:client|code|service_key)/;
    return 10000 if $sql =~ /> $here|LIMIT $here \+/ && $sql =~ /counted/;
    return 1000 if $sql =~ /(?:LIMIT|OFFSET|\+) $here/;
    return 604800 if $sql =~ /- $here/;
    return $now - 100 if $sql =~ /created_at <= $here/;
    return $sql =~ /created_at >= $here/ ? $now - 5000 : $now;
}

# Whole tables and indexes that a plan goes over, and large sorts.
sub findings {
    my ($plan, $sql, $is_limited) = @_;
    my $type = $plan->{'Node Type'};
    my $table = $plan->{'Relation Name'} // $plan->{'Index Name'} // '';
    $is_limited = 1 if $type eq 'Limit';
    $is_limited = 0 if $type =~ /Sort|Hash|Aggregate/;
    my @found;
    push @found, "goes over $table" if $type eq 'Seq Scan' && $table =~ /^oauth_(?!setting|revocation)/;
    push @found, "goes over all of $plan->{'Index Name'}" if $type =~ /Index/ && !$plan->{'Index Cond'} && !$is_limited && $plan->{'Index Name'} =~ /^oauth/;
    push @found, 'looks for a client or user among all grants' if ($plan->{'Index Name'} // '') eq 'oauth_grant_created' && ($plan->{Filter} // '') =~ /client_id|username/;
    push @found, "sorts $plan->{'Plan Rows'} rows" if $type eq 'Sort' && ($plan->{'Plan Rows'} > 5000 || $sql =~ /LIMIT 1000\b/ && $sql !~ /username = /);
    return @found, map { findings($_, $sql, $is_limited) } @{ $plan->{Plans} // [] };
}

my %type = (text => 'text', number => 'bigint', digest => 'bytea');

sub explain_on_pgsql {
    my ($t, $mode, @operations) = @_;
    my @statements = map { my $op = $_; map { [ $op, $_ ] } grep { defined } @$op{qw(sql done)} } @operations;
    my $script = "SET plan_cache_mode = $mode;\n";
    for my $i (0 .. $#statements) {
        my ($op, $sql) = @{ $statements[$i] };
        my @kinds = @{ $op->{kinds} };
        my ($types, $values) = (join(', ', @type{@kinds}), join ', ', map { value($kinds[$_], $_ + 1, $sql) } 0 .. $#kinds);
        $script .= "PREPARE s" . (@kinds ? "($types)" : '') . " AS $sql;\n\\echo \@\@$i\nEXPLAIN (FORMAT JSON) EXECUTE s" . (@kinds ? "($values)" : '') . ";\nDEALLOCATE s;\n";
    }
    my (undef, %plan) = split /^\@\@(\d+)\n/m, $t->sql($script) . "\n";
    is(scalar keys %plan, @statements, "$mode: " . @statements . ' statements');
    for my $i (0 .. $#statements) {
        my ($op, $sql) = @{ $statements[$i] };
        my @found = findings(JSON::PP::decode_json($plan{$i})->[0]{Plan}, $sql, 0);
        ok(!@found || is_allowed($sql), "$mode: $op->{file} $op->{name}") or diag(map { "  $_\n" } @found, $sql);
    }
    return;
}

# Without rows, nor ANALYZE, as the module never runs it: SQLite then plans by the schema alone, and the same for any number of rows.
sub explain_on_sqlite {
    my ($t, @operations) = @_;
    for my $op (@operations) {
        for my $sql (@{ $op->{steps} } ? @{ $op->{steps} } : $op->{sql}) {
            my $plan = $t->sql('EXPLAIN QUERY PLAN ' . ($sql =~ s/\$(\d+)/?$1/gr) . ';');
            # An index is gone over only in order to stop early, and what is sorted is of one user, or what an index finds by a prefix.
            my @found = grep { /\bSCAN oauth_(?!setting|revocation)\w+/ && !(/ USING / && $sql =~ /LIMIT/) || /TEMP B-TREE (?!FOR RIGHT PART)/ && $plan !~ /\(username=\?/
                && $plan !~ /^QUERY PLAN\n\|--CO-ROUTINE found\n\|  `--SEARCH \w+ USING INDEX \w+_name \(listed_name>\? AND listed_name<\?\)\n/ }
                split /\n/, $plan;
            ok(!@found || is_allowed($sql), "$op->{file} $op->{name}") or diag(map { "  $_\n" } $sql, $plan);
        }
    }
    return;
}

# What a rotation, a repeat and a service account's token set in a grant.
sub changed_by_use {
    my @sets = map { /oauth_grant SET (.*?) WHERE/ ? $1 : /oauth_grant AS g .* DO UPDATE SET (.*?) RETURNING/ ? $1 : () }
        map { $_->{sql} } grep { $_->{name} =~ /^store_grant_(?:rotate|reissue|issue_own|touch)$/ } @_;
    return map { /(\w+) = /g } @sets;
}

on_each_db({ start => 0, no_dump => 1 }, sub {
    my ($t) = @_;
    my $other = $t->is_pgsql ? qr/_sqlite\.c$/ : qr/_pgsql\.c$/;
    my @operations = grep { $_->{file} !~ $other } operations();
    my $columns = join '|', changed_by_use(@operations);
    like($columns, qr/\bends_at\b.*\brepeats\b/, 'what is written with each refresh');
    my $indexes = $t->is_pgsql ? q{SELECT indexdef FROM pg_indexes WHERE tablename = 'oauth_grant'} : q{SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'oauth_grant' AND sql <> ''};
    my @of_grants = grep { /CREATE/ } split /\n/, $t->sql("$indexes;");
    cmp_ok(scalar @of_grants, '>', 3, 'the indexes of grants');
    is(join("\n", grep { /\b(?:$columns)\b/ } @of_grants), '', 'hold nothing of that');
    if ($t->is_pgsql) {
        $t->sql($seed);
        explain_on_pgsql($t, $_, @operations) for qw(force_custom_plan force_generic_plan);
    } else {
        explain_on_sqlite($t, @operations);
    }
});

done_testing;
