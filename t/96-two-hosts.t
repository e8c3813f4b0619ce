#!/usr/bin/perl
# Two hosts of one issuer, each an httpd of its own, with one PostgreSQL, and nothing that ties a client to one of them. A third one
# reaches the database by a pooler in transaction mode, which passes no notifications on: it asks the database each time, until it is
# told where PostgreSQL itself is. GPTOAUTH_REVOCATIONS says how many revocations are measured (default: 100).
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Load;
use Test::GptOauth::Pooler;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();
plan skip_all => 'there is no pgbouncer' unless Test::GptOauth::Pooler::available();

my $revocations = $ENV{GPTOAUTH_REVOCATIONS} // 100;
my $bound = 1;    # second, after which no host accepts what was revoked on another

my %keys_too = (conf => "<Location /api>\nGPTOAuthCredentials oauth service\n</Location>\n");
my $here = Test::GptOauth->new(db => 'pgsql', hears => 1, %keys_too);
my $there = Test::GptOauth->new(beside => $here, hears => 1, %keys_too, no_dump => 1);    # its database is the first one's
my $pooler = Test::GptOauth::Pooler->start($here->cluster, 'transaction', 5);
my $pooled = Test::GptOauth->new(beside => $here, hears => 1, %keys_too, no_dump => 1, params => $pooler->params);
my @hosts = ($here, $there, $pooled);
my $app = $here->client_add('app');
my $api = $here->client_add('api', resource_server => 1);

# The browser's next requests go to this host, as a load balancer may send them.
sub move { my ($browser, $t) = @_; @$browser{qw(http port)} = ($t->http, $t->port); return $browser }

sub is_active { my ($t, $token) = @_; return $t->introspect($api, { token => $token })->json->{active} ? 1 : 0 }

# What one host has written, the next one reads.
sub test_reading {
    for my $round (0 .. 2) {
        my ($one, $two, $three) = map { $hosts[ ($round + $_) % 3 ] } 0 .. 2;
        my $code = $one->code_for($app);
        my $tokens = $two->redeem($code);
        is($tokens->verdict, '200', 'case 294: a code from one host gives tokens on another') or next;
        my $token = $tokens->json->{access_token};
        is(join(' ', map { is_active($_, $token) } @hosts), '1 1 1', 'case 294: introspected right after issue, they are active everywhere');
        is(join(' ', map { $_->token_works($token) } @hosts), '1 1 1', 'case 294: and work everywhere');
        my $next = $three->refresh($app, $tokens->json->{refresh_token});
        is($next->verdict, '200', 'case 294: the third one refreshes them');
        ok($one->token_works($next->json->{access_token}), 'case 294: for the first');
        my $last = $one->refresh($app, $next->json->{refresh_token});
        is($last->verdict, '200', 'case 294: and so on');
    }
    return;
}

# Each request of a sign-in reaches another host.
sub test_sign_in {
    my $browser = $here->browser;
    my ($new, $newer) = map { $here->client_add($_) } qw(new newer);
    $browser->get($here->authorize_url($new));
    move($browser, $there)->sign_in('alice', $here->user('alice'));
    is($there->outcome($new, $browser->page), '200 consent', 'a form of one host is answered by another');
    my $response = move($browser, $pooled)->decide('allow');
    is($pooled->outcome($new, $response), '303 code', '... and so is the next');
    $browser->get($here->authorize_url($newer));
    is($pooled->outcome($newer, $browser->page), '200 consent', '... where the user is signed in');
    return;
}

sub redemption {
    my ($t, $grant) = @_;
    my ($body, @headers) = $t->token_body($app, Test::GptOauth::Flow::redeem_params($grant));
    return [ 'POST', '/oauth/token', body => $body, headers => \@headers ];
}

# One code, redeemed 50 times at once: half of them here, half of them there.
sub test_redemption {
    for my $round (1 .. 3) {
        my $grant = $here->code_for($app);
        my @requests = (redemption($here, $grant)) x 25;
        my @others;
        my @responses = $here->http->parallel(\@requests, sent => sub { @others = $there->http->parallel(\@requests) });
        # Whom a busy machine turns away has used nothing up, and asks again.
        for my $response (@responses, @others) {
            for (1 .. 20) { $response = $here->http->request(@{ $requests[0] }) if $response->status == 503 }
        }
        my %count;
        $count{ $_->verdict }++ for @responses, @others;
        is(join(', ', map { "$count{$_} x $_" } sort keys %count), '1 x 200, 49 x 400 invalid_grant',
            'case 260: 50 redemptions of one code at once on two hosts');
        my ($won) = grep { $_->status == 200 } @responses, @others or next;
        ok(!(grep { $_->token_works($won->json->{access_token}) } $here, $there), 'case 260: the replays kill the grant, on both');
        is($there->refresh($app, $won->json->{refresh_token})->verdict, '400 invalid_grant', 'case 260: and its chain');
    }
    return;
}

# ---- revocation

sub service_token { my ($t, $robot) = @_; return $t->token_request($robot, { grant_type => 'client_credentials' })->json->{access_token} }

# What is revoked, and how: each sub makes a token, and answers it, what revokes it on this host and, where it is not dead for good,
# what restores it.
sub ways {
    my $robot = $here->client_add('robot', service => 1, scope => 'read');
    my $bobs = $here->tokens_for($app, user => 'bob')->{access_token};    # a disabled user loses no grant, but has to sign in again
    my $its = sub { my ($token) = @_; return "oauth_access_token WHERE token_hash = '\\x" . sha256_hex($token) . "'" };
    my $named = 0;
    my $let_in = $here->client_add('let in');
    return (
        'a token, by the endpoint' => sub {
            my $token = service_token($here, $robot);
            return ($token, sub { $here->revoke($robot, { token => $token }) });
        },
        'a grant, by the endpoint' => sub {
            my $tokens = $here->tokens_for($app);
            return ($tokens->{access_token}, sub { $here->revoke($app, { token => $tokens->{refresh_token} }) });
        },
        'a grant, by a replayed refresh token' => sub {
            my $first = $here->tokens_for($app);
            my $next = $here->refresh($app, $first->{refresh_token})->json;
            $here->refresh($app, $next->{refresh_token});
            return ($next->{access_token}, sub { $here->refresh($app, $first->{refresh_token}) });
        },
        'a grant, by the command' => sub {
            my $token = $here->tokens_for($app)->{access_token};
            return ($token, sub { $here->gptoauth(qw(grant revoke --user alice --client), $app->{id}) });
        },
        'a grant, by hand-made SQL' => sub {
            my $token = $here->tokens_for($app)->{access_token};
            return ($token, sub { $here->sql('UPDATE oauth_grant SET revoked_at = 1 WHERE id IN (SELECT grant_id FROM ' . $its->($token) . ')') });
        },
        'a token, by hand-made SQL' => sub {
            my $token = $here->tokens_for($app)->{access_token};
            return ($token, sub { $here->sql('DELETE FROM ' . $its->($token)) });
        },
        'an app, by the page of its user' => sub {
            my $token = $here->tokens_for($let_in)->{access_token};
            my $browser = $here->browser_of('alice');
            $browser->get('/oauth/apps');
            my ($form) = grep { ($_->{fields}{client} // '') eq $let_in->{id} } $browser->forms;
            return ($token, sub { $browser->submit($form, action => 'take_away') });
        },
        'a service key, by the command' => sub {
            my $name = 'key' . ++$named;
            my $key = $here->key_add($name, '--scope', 'read');
            return ($key, sub { $here->gptoauth('key', 'revoke', $name) });
        },
        'a client, by the command' => sub {
            my ($disable, $enable) = map { my $verb = $_; sub { $here->gptoauth('client', $verb, $robot->{id}) } } qw(disable enable);
            return (service_token($here, $robot), $disable, $enable);
        },
        'a user, by the command' => sub {
            my ($disable, $enable) = map { my $verb = $_; sub { $here->gptoauth('user', $verb, 'bob') } } qw(disable enable);
            return ($bobs, $disable, $enable);
        },
    );
}

my %way = ways();

sub status_on { my ($t, $token) = @_; return $t->fetch('/api/notes.txt', $token)->status }

# The seconds from the answer to the revocation until a request that this host accepted for the last time was sent, and until it
# first refused one; as wrong, or, after hundreds of wrong service keys, as one of too many.
sub delays {
    my ($t, $token, $revoked) = @_;
    my $accepted = 0;
    while (1) {
        my $sent = time - $revoked;
        my $status = status_on($t, $token);
        return ($accepted, time - $revoked) if $status == 401 || $status == 429 || $sent > 2 * $bound;
        $accepted = $sent if $status == 200;
    }
}

sub wait_for {
    my ($t, $token, $status) = @_;
    my $deadline = time + 5;
    sleep 0.01 while status_on($t, $token) != $status && time < $deadline;
    return time < $deadline;
}

sub quantile { my ($share, @sorted) = @_; return $sorted[ int($share * $#sorted) ] }

sub test_revocation {
    my ($revocations) = @_;
    my @names = sort keys %way;
    my (%wrong, %seen, @dead);
    for my $round (0 .. $revocations - 1) {
        last if keys %wrong > 2;    # each of which takes seconds
        my $name = $names[ $round % @names ];
        my ($token, $revoke, $restore) = $way{$name}->();
        for my $t (@hosts) {
            $wrong{"$name: not accepted before"}++ if status_on($t, $token) != 200 || status_on($t, $token) != 200;
        }
        $revoke->();
        my $revoked = time;
        # Another process did not do it through this httpd, which then hears of it like all others.
        my @others = $name =~ /endpoint|replayed|page/ ? ($there, $pooled) : @hosts;
        $wrong{"$name: accepted by the host that revoked it"}++ if @others < @hosts && status_on($here, $token) != 401;
        for my $t (@others) {
            my ($accepted, $refused) = delays($t, $token, $revoked);
            $wrong{ sprintf '%s: still accepted after %.2f s', $name, $accepted }++ if $accepted > $bound;
            push @{ $seen{ $t == $pooled ? 'behind the pooler' : 'elsewhere' } }, $refused if $t != $here;
        }
        if ($restore) {
            $restore->();
            $wrong{"$name: not restored"}++ if grep { !wait_for($_, $token, 200) } @hosts;
        }
        else {
            push @dead, $token;
        }
    }
    is(join("\n", map { "$_ ($wrong{$_} x)" } sort keys %wrong), '',
        "$revocations revocations are in force on their own host at once, elsewhere within $bound s");
    for my $where (sort keys %seen) {
        my @sorted = sort { $a <=> $b } @{ $seen{$where} };
        note(sprintf '%d revocations were seen %s after %.1f ms (half), %.1f ms (99 %%), %.1f ms (all)', scalar @sorted, $where,
            map { 1000 * $_ } quantile(0.5, @sorted), quantile(0.99, @sorted), $sorted[-1]);
    }
    my @risen = grep { my $token = $_; grep { status_on($_, $token) !~ /^4(?:01|29)$/ } @hosts } @dead;
    is(scalar(@risen), 0, sprintf 'none of %d comes to life again', scalar @dead);
    return;
}

sub load_of {
    my ($t, @tokens) = @_;
    return Test::GptOauth::Load->start($t, scalar @tokens, sub {
        my ($slot) = @_;
        return [ GET => '/api/notes.txt', headers => [ Test::GptOauth::Flow::bearer($tokens[$slot]) ] ];
    }, pause => 0.1);
}

# Meanwhile others are served.
sub test_revocations {
    my ($revocations) = @_;
    my $other = $here->client_add("other of $revocations");
    my @tokens = map { $here->tokens_for($other)->{access_token} } 1 .. 2;
    my @loads = map { load_of($_, @tokens) } @hosts;
    test_revocation($revocations);
    my @results = map { $_->stop } @loads;
    all_answered(sprintf('meanwhile not one of %d good requests fails', scalar @results), @results)
        or diag(map { reasons($_), grep { /GPT0/ } split /^/, $_->error_log } @hosts);
    return;
}

# Which of the hosts need not ask the database for a token that they have seen.
sub caching {
    my $token = $here->tokens_for($app)->{access_token};
    $_->token_works($token) for @hosts;
    return join ' ', map { is_cached($_, $token) ? 1 : 0 } @hosts;
}

subtest 'a client meets any of the hosts' => sub { test_reading(); test_sign_in() };
subtest 'a code is redeemed on one of them' => \&test_redemption;
subtest 'what is revoked on one is refused by all' => sub {
    ok(is_logged($_, qr/GPT044/), 'a host that hears the database says so') for $here, $there;
    ok(is_logged($pooled, qr/GPT046: .*connection pooler, name PostgreSQL itself in GPTOAuthListen/), 'one behind a pooler says what to do');
    is(caching(), '1 1 0', 'the one behind the pooler asks each time');
    test_revocations($revocations);
};
subtest '... also behind a pooler, past which the host listens' => sub {
    $pooled->write_conf(conf => "$keys_too{conf}GPTOAuthListen \"${\ $pooled->cluster->conninfo($pooled->database) }\"\n");
    $pooled->restart;
    ok(is_logged($pooled, qr/GPT044/), 'it hears the database');
    is(caching(), '1 1 1', 'and none needs to ask');
    test_revocations(9);
};
subtest 'the log' => sub {
    like($pooled->error_log, qr/GPT026: .*connection pooler/, 'names the pooler');
    unlike($_->error_log, qr/GPT026|GPT046/, '... and none where there is none') for $here, $there;
    $_->finish for @hosts;
};

$pooler->stop;
done_testing;
