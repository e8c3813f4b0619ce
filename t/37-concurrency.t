#!/usr/bin/perl
# The same thing at the same moment: 50 kept-alive connections over several processes of the server.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $many = 50;

sub request {
    my ($t, $client, $params) = @_;
    my ($body, @headers) = $t->token_body($client, $params);
    return [ 'POST', '/oauth/token', body => $body, headers => \@headers ];
}

# "1 x 200, 49 x 400 invalid_grant"
sub tally {
    my %count;
    $count{ $_->verdict }++ for @_;
    return join ', ', map { "$count{$_} x $_" } sort keys %count;
}

sub refresh_request {
    my ($t, $client, $token) = @_;
    return request($t, $client, { grant_type => 'refresh_token', refresh_token => $token });
}

sub test_redemption {
    my ($t, $client) = @_;
    for my $round (1 .. 3) {
        my $grant = $t->code_for($client);
        my $request = request($t, $client, Test::GptOauth::Flow::redeem_params($grant));
        my @responses = $t->http->parallel([ ($request) x $many ]);
        is(tally(@responses), '1 x 200, 49 x 400 invalid_grant', "case 136: $many redemptions of one code at once");
        my ($won) = grep { $_->status == 200 } @responses or next;
        ok(!$t->token_works($won->json->{access_token}), 'case 144: the others were replays by its owner, so the grant is dead');
        is($t->refresh($client, $won->json->{refresh_token})->verdict, '400 invalid_grant', 'case 144: with its chain');
    }
    my @grants = map { $t->code_for($client, user => (qw(alice bob carol))[ $_ % 3 ]) } 1 .. $many;    # of one user 20 live
    my @responses = $t->http->parallel([ map { request($t, $client, Test::GptOauth::Flow::redeem_params($_)) } @grants ]);
    is(tally(@responses), "$many x 200", "case 136: $many different codes at once");
}

sub test_grace {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my $token = $tokens->{refresh_token};
    for my $round (1 .. 3) {
        my @responses = $t->http->parallel([ (refresh_request($t, $client, $token)) x $many ]);
        is(tally(@responses), "$many x 200", "case 262: $many refreshes within the grace at once");
        my %successor = map { ($_->json->{refresh_token} // '') => 1 } @responses;
        is(scalar(keys %successor), 1, 'case 262: all get the same successor');
        my %access = map { ($_->json->{access_token} // '') => 1 } @responses;
        is(scalar(keys %access), $many, 'case 262: and access tokens of their own');
        ok($t->token_works($responses[$_]->json->{access_token}), 'case 262: which work') for 0, -1;
        ($token) = keys %successor;
    }
    is($t->refresh($client, $token)->status, 200, 'case 262: the chain goes on from it');
    my @responses = map { $t->http->parallel([ (refresh_request($t, $client, $token)) x $many ]) } 1 .. 3;
    is(tally(@responses), '100 x 200, 50 x 400 invalid_grant', 'case 312: the hundredth repeat is the last, also of many at once');
}

sub test_no_grace {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my @responses = $t->http->parallel([ (refresh_request($t, $client, $tokens->{refresh_token})) x $many ]);
    is(tally(@responses), '1 x 200, 49 x 400 invalid_grant', "case 261: $many refreshes without grace at once");
    my ($won) = grep { $_->status == 200 } @responses or return;
    is($t->refresh($client, $won->json->{refresh_token})->verdict, '400 invalid_grant',
        'case 261: the others were replays, the family is dead');
    ok(!$t->token_works($_->{access_token}), 'case 261: with its access tokens') for $tokens, $won->json;
}

# Grants exist from Allow on, so whatever a redemption or refresh and a revocation do to each other, nothing lives afterwards.
sub test_revocation {
    my ($t, $client) = @_;
    my %made = (
        redemption =>
            sub { my $grant = $t->code_for($client); request($t, $client, Test::GptOauth::Flow::redeem_params($grant)) },
        refresh => sub { refresh_request($t, $client, $t->tokens_for($client)->{refresh_token}) },
    );
    my $began = time;
    $t->try_gptoauth('', 'grant', 'revoke', '--user', 'alice');
    my $duration = time - $began;
    for my $what (sort keys %made) {
        for my $round (1 .. 5) {
            my @requests = map { $made{$what}->() } 1 .. 20;
            my $pid;
            my $revoke =
                sub { $pid = $t->begin_gptoauth('grant', 'revoke', '--user', 'alice'); sleep $duration * ($round - 1) / 5 };
            my @responses = $t->http->parallel(\@requests, before => $revoke);
            waitpid $pid, 0;
            is($?, 0, 'case 264: the grants of the user are revoked');
            my @won = grep { $_->status == 200 } @responses;
            my @other = grep { $_->verdict !~ /^(?:200|400 invalid_grant)$/ } @responses;
            is(scalar(@other), 0, "case 264: $what against revocation: nothing but success and invalid_grant");
            my @alive = grep {
                $t->token_works($_->json->{access_token}) || $t->refresh($client, $_->json->{refresh_token})->status == 200
            } @won;
            is(scalar(@alive), 0, sprintf 'case 264: %d came before the revocation, and none of it lives', scalar @won);
        }
    }
    is(
        $t->sql('SELECT count(*) FROM oauth_grant WHERE revoked_at IS NULL AND client_id = ' . "'$client->{id}';"), 0,
        'case 264: every grant is revoked'
    );
}

sub test_allow {
    my ($t) = @_;
    for my $round (1 .. 3) {
        my $client = $t->client_add("pressed $round");
        my $browser = $t->open_request($t->authorize_url($client));
        my $form = $browser->consent_form;
        my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form->{fields} }, decision => 'allow' }));
        my %cookies = %{ $browser->cookies };
        my @headers = (Cookie => join '; ', map { "$_=$cookies{$_}" } sort keys %cookies);
        my @responses = $t->http->parallel([ ([ 'POST', $form->{action}, body => $body, headers => \@headers ]) x 20 ]);
        is(
            join(', ', map { $t->outcome($client, $_) } sort { $a->status <=> $b->status } @responses),
            join(', ', ('200 page') x 19, '303 code'),
            'case 265: Allow pressed 20 times at once: one code, and pages'
        );
        is($t->sql("SELECT count(*) FROM oauth_code WHERE client_id = '$client->{id}';"), 1, 'case 265: the database agrees');
        my $later = $browser->decide('allow');
        is($t->outcome($client, $later), '200 page', 'case 265: and pressed once more');
        like($later->body, qr/already|before/i, 'case 265: the page says so');
    }
}

# Neither the exchange of a code nor a rotation nor a repeat changes an indexed column of the grant, and each finds room on its page: no index is touched.
sub test_hot {
    my ($t, $client) = @_;
    # A backend hands in what it counted when it ends, and otherwise when it pleases.
    my $count = sub {
        my $others = 'FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
        $t->sql("SELECT count(pg_terminate_backend(pid)) $others;");
        my $deadline = time + 20;
        sleep 0.05 while $t->sql("SELECT count(*) $others;") && time < $deadline;
        return split /\|/, $t->sql("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'oauth_grant';");
    };
    my $token = $t->tokens_for($client)->{refresh_token};
    my ($all, $hot) = $count->();
    $t->tokens_for($client, user => 'dave') for 1 .. 20;    # whose grants end none
    for (1 .. 50) {
        my $previous = $token;
        $token = $t->refresh($client, $previous)->json->{refresh_token};
        $t->refresh($client, $previous);
    }
    my ($all_now, $hot_now) = $count->();
    cmp_ok($all_now - $all, '>=', 120, 'case 262: PostgreSQL has counted codes, rotations and repeats');
    cmp_ok($hot_now - $hot, '>=', 0.9 * ($all_now - $all), 'case 262: and nearly all of them were HOT updates');
}

on_each_db({}, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    test_redemption($t, $client);
    test_grace($t, $client);
    test_allow($t);
    test_hot($t, $client) if $t->is_pgsql;
    test_revocation($t, $t->client_add('revoked'));
});

on_each_db({ conf => 'GPTOAuthRefreshGrace 0' }, sub {
    my ($t) = @_;
    test_no_grace($t, $t->client_add("notes $_")) for 1 .. 3;
    my $client = $t->client_add('notes');
    my $tokens = $t->tokens_for($client);
    my $next = $t->refresh($client, $tokens->{refresh_token})->json;
    is($t->refresh($client, $tokens->{refresh_token})->verdict, '400 invalid_grant',
        'case 261: without grace a retry is replay');
    is($t->refresh($client, $next->{refresh_token})->verdict, '400 invalid_grant', 'case 261: and ends the chain');
});

done_testing;
