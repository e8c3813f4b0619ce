#!/usr/bin/perl
# PostgreSQL is restarted, or loses its backends, under token and hello requests: httpd bears it and needs no restart.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Load;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();

# Four connections refresh their chains, four ask for a greeting.
sub start_load {
    my ($t, $name) = @_;
    my $client = $t->client_add($name, scope => 'hello');
    my @chains = map { $t->tokens_for($client, params => { scope => 'hello' }) } 1 .. 4;
    my $hello = [ GET => '/api/hello', headers => [ Test::GptOauth::Flow::bearer($chains[0]{access_token}) ] ];
    return Test::GptOauth::Load->start($t, 8, sub {
        my ($slot, $last) = @_;
        return $slot < 4 ? refresher($t, $chains[$slot], $last) : $hello;
    });
}

sub of_both_kinds {
    my ($name, @results) = @_;
    my %kinds = map { $_->{target} => 1 } @results;
    is(join(' ', sort keys %kinds), '/api/hello /oauth/token', $name);
    return;
}

# A request belongs to the time before, if its answer came then; to the time after, if it was sent then; else to the outage.
sub test_restart {
    my ($t, $mode) = @_;
    my $load = start_load($t, "app of $mode");
    sleep 0.7;
    my $from = time;
    $t->cluster->restart($mode);
    my $to = time;    # start returns when pg_isready has said yes
    sleep 1.5;
    my @results = $load->stop;
    my @before = grep { $_->{sent} + $_->{seconds} < $from } @results;
    my @after = grep { $_->{sent} >= $to } @results;
    my @outage = grep { $_->{sent} + $_->{seconds} >= $from && $_->{sent} < $to } @results;
    all_answered("$mode: before, all are answered", @before);
    my @refused = grep { $_->{status} != 200 } @outage;
    unavailable("$mode: while it is down, 503 with Retry-After", @refused);
    of_both_kinds("$mode: to token and hello requests", @refused);
    all_answered("$mode: from the first successful pg_isready on, not one fails", @after);
    of_both_kinds("$mode: of both kinds", @after);
    return;
}

# One backend, or all of them at once, over and over. The role itself may do it.
sub test_terminate {
    my ($t) = @_;
    my $load = start_load($t, 'app of terminate');
    my $killed = 0;
    for my $round (1 .. 10) {
        sleep 0.3 + rand 0.2;
        my $limit = $round % 2 ? 'LIMIT 1' : '';
        $killed += $t->sql("SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity"
            . " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() $limit) b");
    }
    sleep 0.3;
    my @results = $load->stop;
    cmp_ok($killed, '>=', 10, "$killed backends were terminated");
    all_answered('and not one request failed', @results) or diag(reasons($t));
    of_both_kinds('of both kinds', @results);
    return;
}

for my $tcp (0, 1) {
    subtest $tcp ? 'by TCP' : 'by socket' => sub {
        my $t = Test::GptOauth->new(db => 'pgsql', cache => 'off', tcp => $tcp, durable => 1);
        $t->user('alice');
        my @children = children_of($t->pid);
        test_restart($t, 'fast');
        test_restart($t, 'immediate');
        test_terminate($t);
        my %still = map { $_ => 1 } children_of($t->pid);
        is(join(' ', grep { !$still{$_} } @children), '', 'no process of httpd ended');
        $t->finish;
    };
}

done_testing;
