#!/usr/bin/perl
# Between httpd and PostgreSQL stands pgbouncer with three backends for everybody: each transaction may meet another one, where
# others have prepared their own statements. Every request is answered by the statement that was meant, and nothing is left behind
# in a backend that its other users would feel.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Load;
use Test::GptOauth::Pooler;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();
BAIL_OUT('there is no pgbouncer: install it') unless Test::GptOauth::Pooler::available();

my $backends = 3;

# Other users of the pool, as many as there are backends, so that each one is met. They keep it for so many seconds.
sub start_on_each {
    my ($t, $pooler, $seconds, $statement) = @_;
    return map {
        open my $handle, '-|', Test::GptOauth::Postgres->bin('psql'), qw(-X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -U oauth), '-p',
            $pooler->port, '-d', $t->database, map { ('-c', $_) } 'BEGIN', "SELECT FROM pg_sleep($seconds)", $statement, 'COMMIT'
            or die "psql: $!\n";
        $handle;
    } 1 .. $backends;
}

sub on_each_backend {
    my ($t, $pooler, $statement) = @_;
    return map { my $handle = $_; join '', grep { /\S/ } <$handle> } start_on_each($t, $pooler, 0.3, $statement);
}

sub by_pooler { my ($t, $pooler) = @_; return "DBDriver pgsql\nDBDParams \"${\ $pooler->params->($t) }\"\n" }

sub form_request {
    my ($t, $about, $target, $client, $params) = @_;
    my ($body, @headers) = $t->token_body($client, $params);
    return [ POST => $target, body => $body, headers => \@headers, about => $about ];
}

sub hello_request {
    my ($about, $token) = @_;
    return [ GET => '/api/hello', headers => [ Test::GptOauth::Flow::bearer($token) ], about => $about ];
}

sub register_request {
    my $metadata = JSON::PP::encode_json({ redirect_uris => ['https://rp.example/cb'], client_name => Test::GptOauth::Flow::random_text(12) });
    return [ POST => '/oauth/register', body => $metadata, headers => [ 'Content-Type' => 'application/json' ], about => '201' ];
}

# What each of twelve connections asks for, over and over: subs that take the last response. `about` says what the answer must be.
sub mixed {
    my ($t) = @_;
    my $app = $t->client_add('app', gpt => 1, scope => 'hello');
    my $robot = $t->client_add('robot', service => 1, scope => 'hello');
    my $api = $t->client_add('api', resource_server => 1);
    my $tokens = sub { $t->tokens_for($app, params => { scope => 'hello' }) };
    my ($live, $revoked, $unknown) = map { $tokens->() } 1 .. 3;
    $t->revoke($app, { token => $revoked->{refresh_token} });
    $t->revoke($app, { token => $unknown->{access_token} });
    my @codes = map { $t->code_for($app, user => 'bob', params => { scope => 'hello' }) } 1 .. 20;
    my $redeemed = $t->code_for($app, params => { scope => 'hello' });
    $t->redeem($redeemed);
    my @chains = map { $tokens->() } 1 .. 3;
    my ($registered, $replays) = (0, 0);
    my $refresh = sub {
        my ($chain) = @_;
        return sub { my $request = refresher($t, $chain, $_[0]); return [ @$request, about => '200' ] };
    };
    my $fresh = sub {    # a token of its own, and then that token
        my ($last) = @_;
        my $token = $last && $last->json->{access_token};
        return hello_request('200', $token) if $token;
        return form_request($t, '200', '/oauth/token', $robot, { grant_type => 'client_credentials', scope => 'hello' });
    };
    my $introspect = sub {
        my ($is_active, $token) = @_;
        return sub { form_request($t, $is_active ? '200 true' : '200 false', '/oauth/introspect', $api, { token => $token->{access_token} }) };
    };
    my $redeem = sub {    # replays are throttled, by and by
        my $code = shift @codes // ($replays++ < 5 ? $redeemed : return hello_request('401', $revoked->{access_token}));
        return form_request($t, $code == $redeemed ? '400 invalid_grant' : '200', '/oauth/token', $app,
            Test::GptOauth::Flow::redeem_params($code));
    };
    return (
        (sub { hello_request('200', $live->{access_token}) }) x 2,
        sub { hello_request('401', $revoked->{access_token}) },
        sub { hello_request('401', $unknown->{access_token}) },
        (map { $refresh->($_) } @chains), $fresh, $introspect->(1, $live), $introspect->(0, $revoked), $redeem,
        sub { $registered++ < 8 ? register_request() : hello_request('200', $live->{access_token}) },
    );
}

sub verdict {
    my ($result) = @_;
    my $active = $result->{target} eq '/oauth/introspect' ? $result->{response}->json->{active} : undef;
    return join ' ', $result->{status}, grep { $_ ne '' } $result->{status} == 401 ? '' : $result->{response}->error,
        defined $active ? $active ? 'true' : 'false' : '';
}

sub test_mixed {
    my ($t, $name) = @_;
    my @asked = mixed($t);
    my $until = time + 3;
    my $load = Test::GptOauth::Load->start($t, scalar @asked, sub {
        my ($slot, $last) = @_;
        return time < $until ? $asked[$slot]->($last) : undef;
    }, pause => 0.02);
    my @results = $load->wait(40);
    my %wrong;
    $wrong{"$_->[0]: $_->[1] for $_->[2]"}++ for grep { $_->[1] ne $_->[2] } map { [ $_->{target}, verdict($_), $_->{about} ] } @results;
    is(join("\n", map { "$wrong{$_} x $_" } sort keys %wrong), '', "case 326: $name: no wrong verdict") or diag(reasons($t));
    cmp_ok(scalar @results, '>=', 400, sprintf 'case 326: %s: %d requests by 12 at once', $name, scalar @results);
    return;
}

# A statement that waits for a lock in the backend of a pooler is given up there too, and does not commit later.
sub test_limit {
    my ($t) = @_;
    my $client = $t->client_add('waiting', gpt => 1);
    my $tokens = $t->tokens_for($client);
    my $generation = sub { return $t->sql("SELECT generation FROM oauth_grant WHERE client_id = '$client->{id}'") };
    my $before = $generation->();
    my $busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while_locked($t, 'oauth_grant', sub {
        is($t->refresh($client, $tokens->{refresh_token})->status, 503, 'case 326: a refresh that waits for a lock is given up');
        my $deadline = time + 1;
        sleep 0.02 while $t->sql($busy) && time < $deadline;
        is($t->sql($busy), 0, 'case 326: and by the backend too');
    });
    is($generation->(), $before, 'case 326: nothing is changed afterwards');
    is($t->refresh($client, $tokens->{refresh_token})->status, 200, 'case 326: so that it may be tried again');
    return;
}

# Nor one that waits for a backend.
sub test_queue {
    my ($t, $pooler) = @_;
    my $client = $t->client_add('queueing', gpt => 1);
    my $tokens = $t->tokens_for($client);
    my @holders = start_on_each($t, $pooler, 5, 'SELECT');
    my $deadline = time + 10;
    my $sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    sleep 0.02 until $t->sql($sleeping) == $backends || time > $deadline;
    my $began = time;
    is($t->refresh($client, $tokens->{refresh_token})->status, 503, 'case 326: a refresh that no backend is free for is given up');
    cmp_ok(time - $began, '<', 4, 'case 326: within seconds');
    close $_ for @holders;
    is($t->hello($tokens->{access_token})->status, 403, 'case 326: when there is one, requests are answered');
    is($t->sql("SELECT generation FROM oauth_grant WHERE client_id = '$client->{id}'"), 1, 'case 326: and what was given up is not done');
    is($t->refresh($client, $tokens->{refresh_token})->status, 200, 'case 326: until it is tried again');
    return;
}

sub notices { my ($t) = @_; return scalar(() = $t->error_log =~ /GPT026/g) }

sub test_mode {
    my ($mode) = @_;
    my $t = Test::GptOauth->new(db => 'pgsql', tcp => 1, conf => 'GPTOAuthRegistration open', start => 0);
    my $pooler = Test::GptOauth::Pooler->start($t->cluster, $mode, $mode eq 'session' ? 60 : $backends);
    $t->write_file('dbd.conf', by_pooler($t, $pooler));
    $t->start;
    $t->user('alice');
    # Another application with names of the same form, and other SQL under them.
    on_each_backend($t, $pooler, join '; ', map { "PREPARE gpt_oauth_$_ AS SELECT 'x'::text" } 0 .. 40) if $mode eq 'transaction';

    test_mixed($t, $mode);
    my @children = children_of($t->pid);
    is(notices($t), scalar @children, "case 326: $mode: the log says so, once for each process");
    if ($mode eq 'transaction') {
        my @left = on_each_backend($t, $pooler, "SELECT current_setting('statement_timeout'), (SELECT count(*) FROM"
            . " pg_prepared_statements WHERE name ~ '^gpt_oauth_[0-9a-f]{32}\$')");
        is_deeply([ map { /^(\S+)\|/ } @left ], [ (0) x $backends ], "case 326: $mode: nothing is set in the backends for their other users");
        is(scalar(grep { /\|[1-9]/ } @left), $backends, "case 326: $mode: statements stay prepared all the same");
        test_limit($t);
        test_queue($t, $pooler);
    }
    my $got = $t->try_gptoauth('', 'doctor', '--issuer', $t->issuer);
    like($got->{out}, qr/^  ok +pooler +[^\n]*pooler/m, "case 326: $mode: doctor names the pooler");
    unlike($got->{out}, qr/^  \w+ +pool /m, "case 326: $mode: and does not count connections that are the pooler's");
    if ($mode ne 'statement') {
        $t->{database} = $t->cluster->create_database;
        $t->write_file('dbd.conf', by_pooler($t, $pooler));
        like($t->gptoauth('migrate'), qr/up to date/, "case 326: $mode: migrate goes by it too");
    }
    $t->finish;
    $pooler->stop;
    return;
}

for my $mode (qw(transaction session statement)) {
    subtest "case 326: pool_mode=$mode" => sub { test_mode($mode) };
}

subtest "case 326: direct" => sub {
    my $t = Test::GptOauth->new(db => 'pgsql', conf => 'GPTOAuthRegistration open');
    $t->user('alice');
    test_mixed($t, 'direct');
    is(notices($t), 0, 'case 326: without a pooler the log names none');
    like($t->try_gptoauth('', 'doctor', '--issuer', $t->issuer)->{out}, qr/^  \w+ +pool /m, 'case 326: nor doctor');
    $t->finish;
};

done_testing;
