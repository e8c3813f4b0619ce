#!/usr/bin/perl
# What /oauth/status counts where something runs short: turns at hashing passwords, attempts to sign in, connections to the
# database, and the audit log. The one sample that it is about grows by as much as was done, and no other of its family.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Counted;
use Test::GptOauth::Faults;
use Test::GptOauth::Process qw(slurp);
use Test::GptOauth::Waiting;

sub sign_in { my ($result) = @_; return sample('sign_ins_total', result => $result) }
sub throttled { my ($kind) = @_; return sample('throttled_total', throttle => $kind) }
sub refusals { my ($reason) = @_; return sample('pool_refusals_total', reason => $reason) }

# The requests of a sign-in page that was filled in by somebody, in this browser: [name, password], ...
sub sign_ins {
    my ($t, $client, $browser, @typed) = @_;
    $browser->get($t->authorize_url($client, prompt => 'login'));
    my $fields = $browser->form_with('password')->{fields};
    my %cookies = %{ $browser->cookies };
    my @headers = (Cookie => join '; ', map { "$_=$cookies{$_}" } sort keys %cookies);
    return map { [ POST => '/oauth/authorize', headers => \@headers,
        body => Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %$fields, username => $_->[0], password => secret($_->[1]) })) ] } @typed;
}

# Sends them from one address of this machine, few at a time, and answers how many had which status.
sub send_from {
    my ($t, $address, @requests) = @_;
    my $http = Test::GptOauth::Http->new($t->port, from => $address);
    my %count;
    while (my @some = splice @requests, 0, 4) {
        $count{ $_->status }++ for $http->parallel(\@some);
    }
    return \%count;
}

# ---- people

sub test_sign_ins {
    my ($t, $client) = @_;
    my ($hashes, $seconds, $away) = ('password_hashes_total', 'password_hash_seconds_total', 'sign_ins_turned_away_total');
    my $in = sub { my ($name, $password) = @_; return send_from($t, '127.0.0.1', sign_ins($t, $client, $t->browser, [ $name, $password ])) };
    my $counts = sub {
        my ($what, $result, $hashed, @who) = @_;
        return grows($t, "$what is counted once, as $result", { sign_in($result) => 1, $hashes => $hashed, $away => 0 }, sub { $in->(@who) });
    };
    my ($before, $from) = (counted($t), length $t->error_log);
    $counts->('a sign-in', 'success', 1, 'alice', $t->user('alice'));
    my ($ms) = substr($t->error_log, $from) =~ /GPT025: hashed a password in (\d+) ms/;
    my $took = counted($t)->{$seconds} - $before->{$seconds};
    ok($took > 0 && $took * 1000 >= $ms && $took * 1000 < $ms + 1.01, '... and how long its password was hashed') or diag "$took s, $ms ms";
    $counts->('a wrong password', 'wrong', 1, 'alice', 'no horse');
    $counts->('nobody', 'wrong', 1, 'nobody', 'no horse');
    my $once = secret($t->gptoauth_json(qw(user add newcomer --one-time))->{one_time_password});
    $counts->('a one-time password', 'one_time_password', 1, 'newcomer', $once);
    without_table($t, 'oauth_user', sub { $counts->('no answer from the database', 'failed', 0, 'alice', $t->user('alice')) });
    return;
}

# So many at once that some find neither a turn nor a place to wait, with a password that takes long whatever the build says.
sub test_busy {
    my ($t, $client) = @_;
    my $turns_and_places = sub { join ' ', @{ counted($t) }{qw(passwords_hashing passwords_waiting)} };
    is(counted($t)->{passwords_hashing_limit}, 1, 'passwords_hashing_limit of one processor is 1');
    $t->user_add('slow', 'a slow battery');
    my $slow = crypt 'a slow battery', '$2y$14$abcdefghijklmnopqrstuu';
    $t->sql("UPDATE oauth_user SET password_hash = '$slow' WHERE name = 'slow';");
    my @requests = sign_ins($t, $client, $t->browser, map { [ 'slow', 'a slow battery' ] } 1 .. 12);
    my ($before, $full, %count) = counted($t);
    $count{ $_->status }++ for $t->http->parallel(\@requests, sent => sub { $full = wait_for(sub { $turns_and_places->() eq '1 8' }, 3) });
    ok($full, '... while one is hashed and eight wait');
    cmp_ok($count{503} // 0, '>=', 3, '... the others of twelve are turned away') or diag explain \%count;
    my %expected = (sign_in('busy') => $count{503}, sign_in('success') => $count{200}, sign_ins_turned_away_total => $count{503}, password_hashes_total => $count{200});
    is_deeply(grew($before, counted($t), keys %expected), \%expected, '... and counted as busy, and no other is') or diag explain \%count;
    return;
}

# In a browser that is known for him; the first ten are all that one address may.
sub test_passwords {
    my ($t, $client) = @_;
    my $known = $t->browser;
    $t->open_request($t->authorize_url($client), user => 'bob', browser => $known);
    my @wrong = sign_ins($t, $client, $known, map { [ 'bob', 'wrong' ] } 1 .. 10);
    $t->begin_window(20);
    grows($t, 'wrong passwords are counted one by one', { sign_in('wrong') => 20, password_hashes_total => 20, throttled('password') => 0 },
        sub { send_from($t, "127.0.0.$_", @wrong) for 2, 3 });
    grows($t, 'password: one more from the same address is counted', { throttled('password') => 1, sign_in('throttled') => 1, password_hashes_total => 0, throttles_in_force => 1,
        sample('problem', problem => 'throttles') => 1 }, sub { send_from($t, '127.0.0.2', $wrong[0]) });
    grows($t, 'browser: ... and from another, where no administrator sees it', { throttled('browser') => 1, sign_in('throttled') => 1, throttles_in_force => 0 },
        sub { send_from($t, '127.0.0.4', $wrong[0]) });
    grows($t, 'throttles_in_force goes down when they are lifted', { throttles_in_force => -1, sample('problem', problem => 'throttles') => -1 }, sub { $t->gptoauth(qw(throttle clear --all)) });
    return;
}

# Two hundred hashes.
sub test_many_passwords {
    my ($t, $client) = @_;
    $t->begin_window(40);
    my @of_carol = sign_ins($t, $client, $t->browser, map { [ 'carol', 'wrong' ] } 1 .. 10);
    my @of_all = sign_ins($t, $client, $t->browser, map { my $name = $_; map { [ "nobody $name", 'wrong' ] } 1 .. 10 } 1 .. 10);
    grows($t, 'user: a hundred wrong passwords are not throttled', { throttled('user') => 0 }, sub { send_from($t, "127.0.2.$_", @of_carol) for 1 .. 10 });
    grows($t, '... and the next one is counted', { throttled('user') => 1, throttles_in_force => 1 }, sub { send_from($t, '127.0.2.11', $of_carol[0]) });
    grows($t, 'address: a hundred from one address are not throttled', { throttled('address') => 0 }, sub { send_from($t, '127.0.3.1', @of_all) });
    my ($next) = sign_ins($t, $client, $t->browser, [ 'nobody else', 'wrong' ]);
    grows($t, '... and the next one is counted', { throttled('address') => 1, throttles_in_force => 1 }, sub { send_from($t, '127.0.3.1', $next) });
    return;
}

# ---- connections to the database

# Does something while others have the database, so that nobody can write a token.
sub while_held {
    my ($t, $do) = @_;
    return while_locked($t, 'oauth_access_token', $do) if $t->is_pgsql;
    my $held = $t->dir . '/held';
    open my $other, '|-', 'sqlite3', '-batch', '-cmd', '.timeout 10000', $t->{db_params} or die "sqlite3: $!\n";
    $other->autoflush(1);
    print {$other} "BEGIN IMMEDIATE;\n.shell touch '$held'\n";
    wait_for(sub { -e $held }) or die "nobody has the database\n";
    my $result = $do->();
    print {$other} "ROLLBACK;\n";
    close $other;
    return $result;
}

# Housekeeping wants the connection too, until it has been round, which ends with registrations: this one has been unused for long.
sub start_tidy {
    my ($t) = @_;
    $t->sql('INSERT INTO oauth_client (id, name, is_public, is_gpt, auth_method, redirect_uris, scope, grant_types, source, created_at, seen_at)'
            . " VALUES ('unused', 'x', 1, 0, 'none', 'https://x.example/', '', 'authorization_code', 'registered', 1, 1);");
    $t->start;
    return ok(wait_for(sub { counted($t)->{purged_rows_total} == 1 }), 'housekeeping has been round');
}

# Two who want the one connection: the second gets none.
sub test_full {
    my ($t, $client) = @_;
    my @requests = map { refresher($t, $_) } map { $t->tokens_for($client) } 1, 2;
    my ($before, $after, @responses) = counted($t);
    while_held($t, sub { @responses = $t->http->parallel(\@requests) });
    wait_for(sub { $t->http->get('/oauth/health?ready')->status == 200 });
    $after = counted($t);
    is_deeply([ map { $_->status } @responses ], [ 503, 503 ], 'while the database is held, nobody gets a token');
    is_deeply(grew($before, $after, 'pool_refusals_total', 'pool_waits_total'), { refusals('full') => 1, pool_waits_total => 1 },
        '... and one who gets no connection is counted, by his wait and by the reason') or diag reasons($t);
    my ($first) = sort { $a <=> $b } map { $_->{seconds} } @responses;
    my $waited = $after->{pool_wait_seconds_total} - $before->{pool_wait_seconds_total};
    ok($waited > 0.9 && $waited <= $first, '... and so is how long he waited') or diag "$waited s, of $first s";
    is_deeply(grew($before, $after, 'database_failures_total'), { database_failures_total => 2 }, '... and both as operations without an answer') or diag explain $before, $after;
    return;
}

# After a connection that failed slowly nobody tries for a second.
sub test_shut {
    my ($t, $token) = @_;
    my $told = sub { return scalar(() = $t->error_log =~ /could not be reached a moment ago/g) };
    my $before = counted($t);
    freeze($t->cluster);
    ok(wait_for(sub { $t->hello($token); $told->() }, 30), 'a database that says nothing is not asked again at once');
    thaw($t->cluster);
    ok(wait_for(sub { $t->hello($token)->status == 200 }), '... but it is later');
    is_deeply(grew($before, counted($t), 'pool_refusals_total'), { refusals('shut') => $told->() }, '... each who was refused meanwhile is counted as shut');
    return;
}

# ---- the audit log

# A program that reads it stops reading for a while.
sub test_audit {
    my ($t) = @_;
    my $reader = wait_for(sub { (grep { slurp("/proc/$_/comm") eq "tee\n" } children_of($t->pid))[0] }) or die "nobody reads the audit log\n";
    my ($written, $lost) = map { "audit_lines_${_}_total" } qw(written lost);
    my $ask = sub { my ($times) = @_; $t->http->get('/oauth/token') for 1 .. $times };
    my $lines = sub { return scalar(() = slurp($t->dir . '/piped.log') =~ /\n/g) };
    grows($t, 'lines that a program takes are counted as written', { $written => 5, $lost => 0 }, sub { $ask->(5) });
    my ($before, $many) = (counted($t), 700);
    kill STOP => $reader;
    $ask->($many);
    kill CONT => $reader;
    my $grown = grew($before, counted($t), $written, $lost);
    cmp_ok($grown->{$lost} // 0, '>', 0, 'lines that it does not take are counted as lost');
    is($grown->{$lost} + $grown->{$written}, $many, '... and the others as written');
    ok(wait_for(sub { $lines->() == 5 + $grown->{$written} }), '... as many as it finds when it goes on');
    grows($t, '... when no more are lost', { $written => 1, $lost => 0 }, sub { $ask->(1) });
    like($t->error_log, qr/takes lines again; $grown->{$lost} were lost$/m, '... and the log says how many were');
    return;
}

my ($processor) = slurp('/proc/self/status') =~ /^Cpus_allowed_list:\s*(\d+)/m;
on_each_db({ conf => 'LogLevel gpt_oauth:trace1', under => [ qw(taskset -c), $processor ] }, sub {
    my ($t) = @_;
    my $client = $t->client_add('Limits');
    test_sign_ins($t, $client);
    test_busy($t, $client);
    test_passwords($t, $client);
    SKIP: {
        skip 'two hundred passwords take too long where hashing is slow: ./check --all has it quick', 4 if $Test::GptOauth::PASSWORD_COST > 8;
        test_many_passwords($t, $client);
    }
});

# One process with one connection.
my $pool = "StartServers 1\nServerLimit 1\nMaxRequestWorkers 64\n";
on_each_db({ start => 0, cache => 'off', tcp => 1, dbd => "DBDKeep 1\nDBDMax 1", conf => $pool, allow => [qr/AH00636/] }, sub {
    my ($t) = @_;
    start_tidy($t);
    my $client = $t->client_add('Pool');
    is(counted($t)->{listener_up}, 0, 'listener_up is 0 without a cache');
    test_full($t, $client);
    test_shut($t, $t->tokens_for($client, params => { scope => 'hello' })->{access_token}) if $t->is_pgsql;
});

subtest 'the audit log' => sub {
    my ($tee) = grep { -x } qw(/usr/bin/tee /bin/tee);
    my $t = Test::GptOauth->new(db => (dbs())[0], conf => qq(GPTOAuthAuditLog "|$tee %%DIR%%/piped.log"));
    test_audit($t);
    $t->finish;
};
done_testing;
