#!/usr/bin/perl
# PostgreSQL is killed (kill -9, all its processes) at random moments of 200 redemptions and as many rotations. Afterwards every
# code is either unspent or has its tokens, and whatever tokens a client has received are good.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Load;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();

# Redeems each code once, since nobody knows what became of a request without an answer, and refreshes what it got once, as often
# as it takes to be answered: over eight connections. After a refusal it waits until the server is well again.
sub start_clients {
    my ($t, $client, $token, @codes) = @_;
    my @probe = (GET => '/api/notes.txt', headers => [ Test::GptOauth::Flow::bearer($token) ], about => 'probe');
    my (@queue, @chain);
    push @{ $queue[ $_ % 8 ] }, [ $_, $codes[$_] ] for 0 .. $#codes;
    return Test::GptOauth::Load->start($t, 8, sub {
        my ($slot, $last) = @_;
        my $refused = $last && $last->status == 503;
        if ($chain[$slot] && $refused) {
            return [ @{ refresher($t, $chain[$slot]) }, about => 'rotation' ];
        }
        if (!$chain[$slot] && $last && $last->json->{refresh_token}) {
            $chain[$slot] = { client => $client };
            return [ @{ refresher($t, $chain[$slot], $last) }, about => 'rotation' ];
        }
        delete $chain[$slot];
        return [@probe] if $refused;
        my ($number, $code) = @{ shift @{ $queue[$slot] } // return };
        my ($body) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($code));
        return [ POST => '/oauth/token', body => $body, about => $number ];
    }, pause => 0.05);
}

# How many rows are as they must not be.
sub torn {
    my ($t, $where) = @_;
    return $t->sql("SELECT count(*) FROM oauth_code c JOIN oauth_grant g ON g.id = c.grant_id"
        . " LEFT JOIN oauth_access_token t ON t.grant_id = g.id WHERE $where");
}

my $t = Test::GptOauth->new(db => 'pgsql', durable => 1, tcp => 1, conf => 'GPTOAuthCodeLifetime 10m');
my $client = $t->client_add('app', gpt => 1);
my $token = $t->tokens_for($client)->{access_token};
my @codes = map { $t->code_for($client, user => 'user' . $_ % 11) } 1 .. 200;    # of one user 20 would live
my $load = start_clients($t, $client, $token, @codes);
my $crashes = 0;
for (1 .. 40) {
    sleep 0.2 + rand 0.4;
    last unless $load->is_running;
    crash($t->cluster);
    $crashes++;
    $t->cluster->start;
}
my @results = $load->wait(120);

my @rotated = grep { $_->{about} eq 'rotation' } @results;
my @redeemed = grep { $_->{about} =~ /^\d/ } @results;
my @refused = grep { $_->{status} != 200 } @results;
cmp_ok($crashes, '>=', 3, "PostgreSQL was killed $crashes times");
is(scalar @redeemed, 200, '200 codes were presented');
unavailable(sprintf('%d of %d requests were refused, all with 503', scalar @refused, scalar @results), @refused);
my %answered = map { $_->{about} => $_ } grep { $_->{status} == 200 } @redeemed;
cmp_ok(scalar keys %answered, '>=', 50, keys(%answered) . ' redemptions were answered');
is(scalar(grep { $_->{status} == 200 } @rotated), scalar keys %answered, 'and, sooner or later, as many rotations');

is(torn($t, 'c.spent_at IS NOT NULL AND (t.token_hash IS NULL OR g.secret_hash IS NULL)'), 0, 'no spent code is without tokens');
is(torn($t, 'c.spent_at IS NULL AND (t.token_hash IS NOT NULL OR g.secret_hash IS NOT NULL)'), 0, 'no unspent code has any');
is($t->sql('SELECT count(*) FROM oauth_grant WHERE revoked_at IS NOT NULL'), 0, 'no retry was taken for a replay');
my $unanswered = $t->sql('SELECT count(*) FROM oauth_code WHERE spent_at IS NOT NULL') - 1 - keys %answered;
diag("$unanswered codes were spent without an answer") if $ENV{TEST_VERBOSE};

my @bad = grep { !$t->token_works($_) } map { $_->{response}->json->{access_token} } grep { $_->{status} == 200 } @redeemed, @rotated;
is(scalar @bad, 0, 'every access token that a client received is good');
@bad = grep { $t->refresh($client, $_->{response}->json->{refresh_token})->status != 200 } grep { $_->{status} == 200 } @rotated;
is(scalar @bad, 0, 'every refresh token too');
my %spent;
for my $number (grep { !$answered{$_} } 0 .. $#codes) {
    my $response = $t->redeem($codes[$number]);
    $spent{ $response->verdict }++;
}
is(delete $spent{'400 invalid_grant'} // 0, $unanswered, 'of the codes without an answer those that were spent are refused');
is(join(' ', keys %spent), '200', 'and all others are still good');
$t->finish;
done_testing;
