#!/usr/bin/perl
# /oauth/status and /oauth/health: the numbers are those of what was done, also over a graceful restart; the forms; and what both say
# while the database is out of reach. Who may look, t/15-visitors.t asks.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Counted;
use Test::GptOauth::Faults qw(children_of freeze thaw);
use Test::GptOauth::Waiting;

my $status = '/oauth/status';
my $health = '/oauth/health';

# What has grown, but for what looking on, the clock and the database move.
sub growth {
    my ($before, $after) = @_;
    my %grown = map { $_ => $after->{$_} - $before->{$_} } grep { $after->{$_} ne $before->{$_} } keys %$after;
    delete @grown{ grep { /endpoint="(?:status|health)"|_seconds|_cache_|_pool_|purged|listener/ } keys %grown };
    return \%grown;
}

sub restart_gracefully {
    my ($t) = @_;
    my %old = map { $_ => 1 } children_of($t->pid);
    kill USR1 => $t->pid;
    ok(wait_for(sub { !grep { $old{$_} } children_of($t->pid) }, 20), 'a graceful restart: all processes are new');
    return;
}

# One round: a code that is used twice, whose token ends; then one whose tokens are used, and refreshed.
sub play_round {
    my ($t, $client, $browser) = @_;
    my $code = $t->code_for($client, browser => $browser, params => { scope => 'hello' });
    my $token = $t->redeem($code)->json->{access_token};
    $t->redeem($code);
    $t->hello($token);
    my $tokens = $t->tokens_for($client, browser => $browser, params => { scope => 'hello' });
    $t->hello($tokens->{access_token});
    $t->refresh($client, $tokens->{refresh_token});
    $t->fetch('/api/notes.txt', $tokens->{access_token});
    $t->http->get('/api/hello');
    $t->hello('nonsense');
    return;
}

sub test_numbers {
    my ($t) = @_;
    my $client = $t->client_add('Numbers');
    my $browser = $t->browser_of('alice');
    play_round($t, $client, $browser);    # signs in, and gives consent
    my $before = metrics($t);
    play_round($t, $client, $browser) for 1 .. 25;
    restart_gracefully($t);
    play_round($t, $client, $browser) for 1 .. 25;
    my %expected = (
        'gptoauth_requests_total{endpoint="authorize",result="redirect"}' => 100,
        'gptoauth_requests_total{endpoint="token",result="success"}' => 150,
        'gptoauth_requests_total{endpoint="token",result="refused"}' => 50,
        'gptoauth_requests_total{endpoint="hello",result="success"}' => 50,
        'gptoauth_audit_lines_written_total' => 300,
        'gptoauth_codes_issued_total' => 100,
        'gptoauth_tokens_issued_total{grant_type="authorization_code"}' => 100,
        'gptoauth_tokens_issued_total{grant_type="refresh_token"}' => 50,
        'gptoauth_guard_verdicts_total{verdict="allowed"}' => 50,
        'gptoauth_guard_verdicts_total{verdict="revoked_token"}' => 50,
        'gptoauth_guard_verdicts_total{verdict="insufficient_scope"}' => 50,
        'gptoauth_guard_verdicts_total{verdict="no_credential"}' => 50,
        'gptoauth_guard_verdicts_total{verdict="foreign_token"}' => 50,
    );
    my $after = metrics($t);
    is_deeply(growth($before, $after), \%expected, '100 flows, and a graceful restart between them: each number is right') or diag explain growth($before, $after);
    my ($hits, $misses) = map { my $name = qq(gptoauth_cache_lookups_total{result="$_"}); $after->{$name} - $before->{$name} } qw(hit miss);
    # Nothing is looked for before new processes are told what is revoked.
    cmp_ok($hits + $misses, '<=', $t->{cache} eq 'off' ? 0 : 200, '... and no look-up is counted twice');
    my $latency = 'gptoauth_database_operation_seconds';
    is($after->{"${latency}_bucket{le=\"+Inf\"}"}, $after->{"${latency}_count"}, 'the histogram is whole');
    cmp_ok($after->{"${latency}_count"} - $before->{"${latency}_count"}, '>', 100, '... and counts');
    return;
}

sub test_forms {
    my ($t) = @_;
    my $text = $t->http->get($status, headers => [ Accept => 'text/plain;version=0.0.4;q=0.3,*/*;q=0.1' ]);
    like($text->header('Content-Type'), qr{^text/plain; ?version=0\.0\.4}, 'Prometheus is answered in its format');
    is($text->body =~ s/ \S+$//mgr, prometheus($t) =~ s/ \S+$//mgr, '... as by ?prometheus');
    my (%help, %type, @wrong);
    $help{$_}++ for $text->body =~ /^# HELP (\w+) \S/mg;
    $type{$_}++ for $text->body =~ /^# TYPE (\w+) (?:counter|gauge|histogram)$/mg;
    for my $name ($text->body =~ /^(\w+)/mg) {
        my $family = $name =~ s/_(?:bucket|sum|count)$//r;
        push @wrong, $name unless ($help{$name} // $help{$family} // 0) == 1 && ($type{$name} // $type{$family} // 0) == 1;
    }
    is("@wrong", '', 'one HELP and TYPE for each');
    unlike($text->body, qr/alice|Numbers|gptc_|127\.0\.0/, 'no user, client or address');
    like($text->body, qr/^gptoauth_build_info\{version="\d[\w.]+"\} 1$/m, 'the version');

    like($text->body, qr/_bucket\{le="0\.25"\} /, '... with bounds as others write them');
    is(metrics($t)->{gptoauth_start_time_seconds}, metrics($t)->{gptoauth_start_time_seconds}, 'counting began when it did, whenever one asks');
    my %type_of = ('prometheus=' => 'text/plain', 'prometheus=1' => 'text/plain', 'auto&refresh=5' => 'text/plain', 'json=' => 'application/json',
        'prometheusx' => 'text/html', 'x=json' => 'text/html');
    like($t->http->get("$status?$_")->header('Content-Type'), qr/^\Q$type_of{$_}\E/, "?$_ is $type_of{$_}") for sort keys %type_of;
    like($t->http->get("$status?x=1", headers => [ Accept => 'text/plain;version=0.0.4' ])->header('Content-Type'), qr{^text/plain}, 'Accept counts with any query');

    my $json = $t->http->get("$status?json")->json;
    cmp_ok($json->{counted}{gptoauth_database_operation_seconds_count}{''}{total}, '>', 100, 'JSON has how often the database was asked');
    is($json->{counted}{gptoauth_codes_issued_total}{''}{total}, metrics($t)->{gptoauth_codes_issued_total}, 'the same in JSON');
    is($json->{issuer}, $t->issuer, '... of this issuer');
    like($t->http->get("$status?auto")->body, qr/^well: 1\n.*^gptoauth_codes_issued_total: [1-9]\d*\n/ms, '... and as key: value');
    my $page = $t->http->get($status);
    like($page->header('Content-Type'), qr{^text/html}, 'people get a page');
    like($page->body, qr{<h1>(?:<bdi>)?All is well<.*<td>(?:<bdi>)?yes<.*<td>(?:<bdi>)?token, refused<}s, '... by which all is well');
    is($t->http->post($status, {})->status, 405, 'that is all there is to do');
    return;
}

sub test_health {
    my ($t) = @_;
    is($t->http->get($health)->body, "ok\n", 'healthy');
    is($t->http->get("$health?ready")->body, "ok\n", 'ready');
    is($t->http->get("$health?ready=")->body, "ok\n", '... also to whoever writes ready=');
    is($t->http->get($health, headers => [ Host => 'other.example' ])->status, 200, '... by any name');
    my $schema = $t->sql("SELECT value FROM oauth_setting WHERE name = 'schema';") =~ s/\s+//gr;
    $t->sql("UPDATE oauth_setting SET value = '1' WHERE name = 'schema';");
    ok(wait_for(sub { $t->http->get("$health?ready")->status == 503 }, 20), 'an older schema: not ready');
    like($t->error_log, qr/GPT053: not ready: .*gptoauth migrate/, '... and the log says what to do');
    is($t->http->get("$health?$_")->status, 503, "... to ?$_, too") for 'ready=', 'ready=1', 'x=1&ready';
    is($t->http->get($health)->status, 200, '... though alive');
    my $page = $t->http->get("$status?json")->json;
    like($page->{problems}{schema}, qr/gptoauth migrate/, '... and the status page says what to do');
    is($page->{well}, JSON::PP::false, '... at its top');
    like($t->http->get($status)->body, qr{Not all is well.*<p class="problem">[^`]+<code>(?:<bdi>)?gptoauth migrate<}s, '... to people as well');
    $t->sql("UPDATE oauth_setting SET value = '$schema' WHERE name = 'schema';");
    ok(wait_for(sub { $t->http->get("$health?ready")->status == 200 }, 20), 'ready again');
    return;
}

sub test_without_database {
    my ($t) = @_;
    $t->cluster->stop;
    ok(wait_for(sub { $t->http->get("$health?ready")->status == 503 }, 20), 'without the database it is not ready');
    is($t->http->get($health)->body, "ok\n", '... but alive');
    my $answer = $t->http->get("$status?json");
    is($answer->status, 200, '... and has a status page');
    ok($answer->json->{problems}{database}, '... that says why');
    my $metrics = metrics($t);
    is($metrics->{'gptoauth_problem{problem="database"}'}, 1, '... to machines, too');
    is($metrics->{gptoauth_database_up}, 0, '... as a number');
    ok(!exists $metrics->{$_}, "... and nothing of $_, which nobody knows") for qw(gptoauth_schema_fits gptoauth_database_clock_offset_seconds);
    $t->cluster->start;
    ok(wait_for(sub { $t->http->get("$health?ready")->status == 200 }, 20), 'ready when it is back');
    return;
}

# A database that is silent is not for want of connections.
sub test_silent_database {
    my ($t) = @_;
    my $token = $t->tokens_for($t->client_add('Silence'), params => { scope => 'hello' })->{access_token};
    ok(wait_for(sub { $t->http->get("$health?ready")->status == 200 }, 20), 'ready');
    restart_gracefully($t);    # without a connection
    my $before = metrics($t);
    freeze($t->cluster);
    $t->http->parallel([ map { [ GET => '/api/hello', headers => [ Authorization => "Bearer $token" ] ] } 1 .. 6 ]);
    thaw($t->cluster);
    my %refused;
    ok(wait_for(sub {
        my $after = metrics($t);
        %refused = map { $_ => $after->{"gptoauth_pool_refusals_total{reason=\"$_\"}"} - $before->{"gptoauth_pool_refusals_total{reason=\"$_\"}"} } qw(full connecting shut);
        return $refused{connecting} + $refused{shut};
    }, 10), 'while PostgreSQL is silent, connecting takes too long');
    is($refused{full}, 0, '... which is no want of connections') or diag explain \%refused;
    is($t->http->get("$status?json")->json->{problems}{pool}, undef, '... nor is DBDMax blamed');
    return;
}

# What a cache that counts for nothing did not have says nothing of its size.
sub test_deaf {
    my ($t) = @_;
    my $lookups = sub { my $now = metrics($t); return $now->{'gptoauth_cache_lookups_total{result="miss"}'} + $now->{'gptoauth_cache_lookups_total{result="hit"}'} };
    my $token = $t->tokens_for($t->client_add('Deaf'), params => { scope => 'hello' })->{access_token};
    $t->sql('ALTER TABLE oauth_client DISABLE TRIGGER USER');
    ok(wait_for(sub { !metrics($t)->{gptoauth_listener_up} }, 10), 'a trigger is off: revocations are not heard');
    my $before = $lookups->();
    is($t->hello($token)->status, 200, '... and the database is asked') for 1 .. 2;
    is($lookups->() - $before, 0, '... which is no miss of the cache');
    $t->sql('ALTER TABLE oauth_client ENABLE TRIGGER USER');
    ok(wait_for(sub { metrics($t)->{gptoauth_listener_up} }, 10), 'heard again');
    return;
}

on_each_db({ allow => [ qr/AH00632|AH00633|AH00636/ ] }, sub {
    my ($t) = @_;
    test_numbers($t);
    test_forms($t);
    test_health($t);
    test_deaf($t) if $t->is_pgsql && $t->{cache} ne 'off';
    test_silent_database($t) if $t->is_pgsql;
    test_without_database($t) if $t->is_pgsql;
});

done_testing;
