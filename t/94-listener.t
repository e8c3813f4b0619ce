#!/usr/bin/perl
# httpd trusts its cache as long as it hears the database, and not a second longer: whatever happens to the connection that listens,
# to the process that listens for all, to the database and to what stands between. What each way to revoke does on two hosts is in
# 96-two-hosts.t, and what the database says of it in 93-notify.t.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Pooler;

my $bound = 1;    # second, after which nothing is accepted that was revoked

my $listeners = "FROM pg_stat_activity WHERE application_name = 'mod_gpt_oauth listens' AND datname = current_database()";

sub status_of { my ($t, $token) = @_; return $t->fetch('/api/notes.txt', $token)->status }

sub wait_for {
    my ($check, $seconds) = @_;
    my $deadline = time + ($seconds // 10);
    sleep 0.01 until $check->() || time > $deadline;
    return time <= $deadline;
}

sub lines { my ($t, $code) = @_; return my @lines = $t->error_log =~ /^.*\b$code: .*$/mg }

# The seconds for which it is still accepted.
sub accepted_for {
    my ($t, $token, $since) = @_;
    my $accepted = 0;
    for (my $sent = time; $sent - $since < 5 * $bound; $sent = time) {
        my $status = status_of($t, $token);
        return $accepted if $status == 401;
        $accepted = $sent - $since if $status == 200;
    }
    return 5 * $bound;
}

sub grant_of {
    my ($t, $token) = @_;
    my $hash = sha256_hex($token);
    return $t->sql('SELECT grant_id FROM oauth_access_token WHERE token_hash = ' . ($t->is_pgsql ? "'\\x$hash'" : "X'$hash'")) =~ s/\s//gr;
}

# Revokes a grant so that the database says nothing of it: a way to see whether a host asks it.
sub silently {
    my ($t, $id, $set) = @_;
    my @statements = ("UPDATE oauth_grant SET revoked_at = $set WHERE id = '$id'");
    if ($t->is_pgsql) {
        unshift @statements, 'ALTER TABLE oauth_grant DISABLE TRIGGER USER';
        push @statements, 'ALTER TABLE oauth_grant ENABLE TRIGGER USER';
    }
    else {
        my $trigger = $t->sql(q{SELECT sql FROM sqlite_master WHERE name = 'oauth_grant_update'});
        unshift @statements, 'DROP TRIGGER oauth_grant_update';
        push @statements, $trigger;
    }
    return $t->sql(join ';', 'BEGIN', @statements, 'COMMIT;');
}

my $app;

# A token of its own that the host has cached, if it caches at all, and its grant.
sub warm {
    my ($t) = @_;
    my $token = $t->tokens_for($app)->{access_token};
    status_of($t, $token) for 1 .. 2;
    return ($token, grant_of($t, $token));
}

sub asks_nobody {
    my ($t) = @_;
    my ($token, $grant) = warm($t);
    silently($t, $grant, 1);
    my $status = status_of($t, $token);
    return $status == 200 ? 1 : 0;
}

sub becomes_cached { my ($t, $name) = @_; return ok(wait_for(sub { asks_nobody($t) }), $name) }

sub is_refused_in_time {
    my ($t, $name, $before, $statement) = @_;
    my ($token, $grant) = warm($t);
    $before->() if $before;
    $t->sql(($statement // '') . "UPDATE oauth_grant SET revoked_at = 1 WHERE id = '$grant';");
    my $seconds = accepted_for($t, $token, time);
    return cmp_ok($seconds, '<=', $bound, sprintf '%s: accepted for %.0f ms', $name, 1000 * $seconds);
}

sub leader_of { my ($t) = @_; my ($pid) = (lines($t, 'GPT044'))[-1] =~ /\[pid (\d+)/; return $pid }

# A request that has begun, and is not whole before more is sent.
sub begin_request {
    my ($t, $token) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port) or die "no connection: $!\n";
    print {$socket} "GET /api/notes.txt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\n";
    $socket->flush;
    return $socket;
}

sub end_request {
    my ($socket) = @_;
    print {$socket} "Connection: close\r\n\r\n";
    $socket->flush;
    my ($status) = (<$socket> // '') =~ m{^HTTP/1\.1 (\d+)};
    close $socket;
    return $status;
}

# Processes that httpd lets go gracefully go on hearing until their last request is answered.
sub test_graceful {
    my ($t) = @_;
    my ($first, $first_grant) = warm($t);
    my ($second, $second_grant) = warm($t);
    my @old = children_of($t->pid);
    my @requests = map { begin_request($t, $_) } $first, $second, $second, $first;
    sleep 0.3;
    kill USR1 => $t->pid;
    ok(wait_for(sub { my %now = map { $_ => 1 } children_of($t->pid); keys %now > grep { $now{$_} } @old }), 'graceful: there are new processes');
    is(end_request(shift @requests), 200, 'graceful: an old one answers');
    sleep 1.5;
    is(end_request(shift @requests), 200, 'graceful: ... also when any trust from before is over');
    silently($t, $second_grant, 1);
    is(end_request(shift @requests), 200, 'graceful: ... and goes on trusting its cache');
    $t->sql("UPDATE oauth_grant SET revoked_at = 1 WHERE id = '$first_grant'");
    sleep 0.3;
    is(end_request(shift @requests), 401, 'graceful: ... as it hears what is revoked');
    ok(wait_for(sub { my %now = map { $_ => 1 } children_of($t->pid); !grep { $now{$_} } @old }), 'graceful: then the old ones end');
    return;
}

sub test_killed_leader {
    my ($t) = @_;
    my $leader = leader_of($t);
    my ($token, $grant) = warm($t);
    kill STOP => $leader;
    silently($t, $grant, 1);
    sleep 1.2;
    delete $t->{http};    # which may be the leader's
    is(status_of($t, $token), 401, 'the leader hangs: after a second the database is asked');
    kill CONT => $leader;
    becomes_cached($t, '... and no longer when it goes on');
    is_refused_in_time($t, 'the leader is killed', sub { kill KILL => $leader });
    becomes_cached($t, 'the leader is killed: another one leads');
    return;
}

sub test_rotations {
    my ($t) = @_;
    my $channel = $t->sql(q{SELECT 'gpt_oauth_' || current_schema()::regnamespace::oid}) =~ s/\s//gr;
    my $file = $t->dir . '/heard';
    open my $listener, '|-', join(' ', map { "'$_'" } $t->cluster->psql_command($t->database)) . " >$file" or die "psql: $!\n";
    $listener->autoflush(1);
    print {$listener} "LISTEN $channel;\n";
    wait_for(sub { $t->sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN $channel%'") > 0 });
    my $tokens = $t->tokens_for($app);
    for (1 .. 20) {
        $tokens = $t->refresh($app, $tokens->{refresh_token})->json;
    }
    my $grant = grant_of($t, $tokens->{access_token});
    $t->sql("DO \$\$ BEGIN FOR i IN 1..1000 LOOP UPDATE oauth_grant SET generation = generation + 1, previous_hash = secret_hash, rotated_at = i,"
        . " ends_at = ends_at + 1, repeats = 0 WHERE id = '$grant'; COMMIT; END LOOP; END \$\$");
    my $before = time - 3 * 86400;
    $t->sql("INSERT INTO oauth_access_token SELECT sha256(i::text::bytea), 'x', 'y', '', '', 1, $before FROM generate_series(1, 2000) AS i;"
        . " INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at, revoked_at)"
        . " SELECT 'dead' || i, 'x', 'y', 'z', '', '', 1, $before, $before, NULLIF(i % 2, 0) FROM generate_series(1, 200) AS i;"
        . " INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at, seen_at)"
        . " SELECT 'unused' || i, 'x', 1, 0, '', '', '', 'registered', 1, 1 FROM generate_series(1, 20) AS i");
    $t->gptoauth('purge');
    is($t->sql("SELECT (SELECT count(*) FROM oauth_access_token WHERE issuer = 'x') + (SELECT count(*) FROM oauth_grant WHERE issuer = 'x')"
        . " + (SELECT count(*) FROM oauth_client WHERE id LIKE 'unused%')") + 0, 0, 'a purge deletes');
    print {$listener} "SELECT pg_notify('$channel', 'the end');\n";
    close $listener;
    is(join("\n", Test::GptOauth::Process::slurp($file) =~ /payload "(.*?)"/g), 'the end', 'nothing is said of 1,000 rotations and of a purge');
    return;
}

sub test_pooler {
    my ($host) = @_;
    my $pooler = Test::GptOauth::Pooler->start($host->cluster, 'transaction', 3);
    my $t = Test::GptOauth->new(beside => $host, hears => 1, params => $pooler->params);
    ok(wait_for(sub { lines($t, 'GPT046') }), 'behind a pooler: the log says that nothing is heard');
    like((lines($t, 'GPT046'))[0], qr/pooler, name PostgreSQL itself in GPTOAuthListen/, '... and what to do');
    ok(!asks_nobody($t), '... and nothing is cached');
    $t->write_conf(conf => qq(GPTOAuthListen "${\ $host->{db_params} }"));
    $t->restart;
    ok(wait_for(sub { lines($t, 'GPT044') }), 'GPTOAuthListen leads past it');
    becomes_cached($t, '... and tokens are cached');
    is_refused_in_time($t, '... and what is revoked is refused');
    $t->write_conf(conf => qq(GPTOAuthListen "${\ $host->cluster->conninfo('postgres') }"));
    $t->restart;
    ok(wait_for(sub { lines($t, 'GPT045') }), 'where there are no tables, nobody listens');
    $t->write_conf(conf => 'GPTOAuthListen off');
    $t->restart;
    sleep 0.5;
    ok(!asks_nobody($t), 'GPTOAuthListen off: each request asks the database');
    $t->finish;
    $pooler->stop;
    return;
}

sub test_connection {
    my ($t) = @_;
    my $heard = () = lines($t, 'GPT044');
    is_refused_in_time($t, 'the connection is cut', undef, "SELECT count(pg_terminate_backend(pid)) $listeners;");
    becomes_cached($t, 'the connection is cut: it is made anew');
    is(scalar lines($t, 'GPT045'), 0, '... before anybody would have to know');
    is($t->sql("SELECT count(*) $listeners") + 0, 1, 'one process listens for all');
    my $trigger = sub { $t->sql("ALTER TABLE oauth_user $_[0] TRIGGER oauth_tell_insert") };
    is_refused_in_time($t, 'a trigger is disabled', sub { $trigger->('DISABLE') });
    ok(wait_for(sub { lines($t, 'GPT045') }), '... the log says so');
    ok(!asks_nobody($t), '... and the database is asked each time');
    $trigger->('ENABLE');
    becomes_cached($t, '... until it is enabled');
    my ($token, $grant) = warm($t);
    $t->cluster->stop;
    sleep 1.5;
    is(status_of($t, $token), 503, 'PostgreSQL is stopped: no token is accepted for long');
    $t->cluster->start;
    ok(wait_for(sub { status_of($t, $token) == 200 }), 'PostgreSQL is started: it is accepted again');
    is(scalar lines($t, 'GPT045'), 2, '... the log says what was, once');
    ok(wait_for(sub { lines($t, 'GPT044') == $heard + 2 }), '... and that it is over, once');
    becomes_cached($t, '... and tokens are cached');
    is_refused_in_time($t, '... and what is revoked is refused');
    return;
}

on_each_db({ hears => 1, allow => [qr/exit signal Killed/] }, sub {
    my ($t) = @_;
    $app = $t->client_add('app');
    ok(wait_for(sub { lines($t, 'GPT044') }), 'the log says that revocations are heard');
    becomes_cached($t, 'a token is cached: what the database does not announce, is not seen');
    is_refused_in_time($t, 'a grant is revoked by hand');
    test_graceful($t);
    test_connection($t) if $t->is_pgsql;
    test_killed_leader($t);
    test_rotations($t) if $t->is_pgsql;
    test_pooler($t) if $t->is_pgsql && Test::GptOauth::Pooler::available();
});

done_testing();
