#!/usr/bin/perl
# Wrong passwords by the hundreds, from many addresses: everybody else must not notice.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults qw(children_of);
use Test::GptOauth::Load;

my $RATE = 200;
my $LANES = 60;
my $SCHEDULER = 0.03;    # two processes of this test that compete with httpd for the processors
my $PATIENCE = 3;
my $TRIES = 3;           # other machines share the processors too
my $FLOOD = $RATE / 2;
($FLOOD, $SCHEDULER, $PATIENCE, $TRIES) = (10, 5, 15, 1) if $ENV{GPTOAUTH_SANITIZE};    # which look for faults, not at speed
my @targets = ('/plain.txt', '/api/hello');
chomp(my $processors = qx(nproc));
my $turns = $processors > 1 ? $processors - 1 : 1;

# A form of the sign-in page, and the headers with which a browser would send it: good for any number of attempts.
sub attempt {
    my ($t, $client, $username, $password) = @_;
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my $fields = $browser->form_with('password')->{fields};
    my $cookies = join '; ', map { "$_=$browser->{cookies}{$_}" } keys %{ $browser->cookies };
    return sub {
        my ($who, $what) = @_;
        my %filled = (%$fields, username => $who // $username, password => $what // $password);
        my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs(\%filled));
        return [ POST => '/oauth/authorize', body => $body, headers => [ Cookie => $cookies ], about => $who ];
    };
}

# From 40 addresses, four times as many as may wait, each of which stays below the hundred that throttle it.
sub start_flood {
    my ($t, $client) = @_;
    my $form = attempt($t, $client);
    my $number = 0;
    my @from = map { "127.0.1.$_" } 1 .. 40;
    return Test::GptOauth::Load->start($t, $LANES, sub { $form->('nobody ' . ++$number, 'mistaken guess') },
        pause => $LANES / $RATE - 0.02, from => \@from);
}

sub start_right {
    my ($t, $client) = @_;
    my @forms = map { attempt($t, $client, $_, $t->user($_)) } qw(alice bob);
    return Test::GptOauth::Load->start($t, 2, sub { $forms[ $_[0] ]->() }, pause => 1, from => [qw(127.0.2.1 127.0.2.2)]);
}

sub start_others {
    my ($t, $token) = @_;
    my @headers = (headers => [ Test::GptOauth::Flow::bearer($token) ]);
    return Test::GptOauth::Load->start($t, 2, sub { [ GET => $targets[ $_[0] ], @headers ] }, pause => 0.02);
}

sub p99 {
    my @seconds = sort { $a <=> $b } map { $_->{seconds} } @_;
    return $seconds[ int(0.99 * $#seconds) ];
}

# How many hashes there were at the same time, by the lines that say when each ended and how long it took.
sub hashes {
    my ($log) = @_;
    my @events;
    while ($log =~ /^\[\w+ \w+ \d+ (\d+):(\d+):([\d.]+) .*GPT025: hashed a password in (\d+) ms/mg) {
        my $end = $1 * 3600 + $2 * 60 + $3;
        push @events, [ $end - $4 / 1000, 1 ], [ $end - 0.002, -1 ];
    }
    my ($most, $at_once) = (0, 0);
    for my $event (sort { $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1] } @events) {
        $at_once += $event->[1];
        $most = $at_once if $at_once > $most;
    }
    return (@events / 2, $most);
}

sub judge_flood {
    my ($seconds, $log, @flood) = @_;
    my %count;
    $count{ $_->{status} }++ for @flood;
    note(join ', ', map { "$_: $count{$_}" } sort keys %count);
    cmp_ok(scalar @flood, '>=', $FLOOD * $seconds, 'case 307: the flood is one: ' . int(@flood / $seconds) . ' passwords a second');
    is(join(' ', grep { !/^(?:200|429|503)$/ } sort keys %count), '', 'case 307: each of them is answered');
    my ($away) = grep { $_->{status} == 503 } @flood or return fail('case 307: some are turned away');
    my $response = $away->{response};
    like($response->header('Retry-After') // '', qr/^[1-9]\d*$/, 'case 307: who is turned away is told when to come again');
    like($response->body, qr/name="username"[^>]*value="$away->{about}".*name="password"/s, '... and keeps the form and the name');
    my $slow = grep { $_->{status} == 503 && $_->{seconds} > $PATIENCE } @flood;
    cmp_ok($slow, '<=', @flood / 100, '... soon');
    my @lines = $log =~ /GPT024: (\d+) sign-ins turned away/g;
    ok(@lines && @lines <= 2 + $seconds / 10, 'case 307: the log says it in a line now and then: ' . scalar @lines);
    my ($hashes, $at_once) = hashes($log);
    ok($hashes && $at_once <= $turns, "case 307: of $hashes hashes no more than $at_once are made at a time");
    return;
}

# p99 of what others ask for, quiet and during the flood, and what it may be.
sub delays {
    my ($target, $quiet, $flooded) = @_;
    my ($before, $during) = map { p99(grep { $_->{target} eq $target } @$_) } $quiet, $flooded;
    return ($before, $during, 2 * $before > $SCHEDULER ? 2 * $before : $SCHEDULER);
}

sub is_slow { my ($before, $during, $limit) = delays(@_); return $during > $limit }

sub judge_others {
    my ($quiet, $flooded) = @_;
    for my $target (@targets) {
        my ($before, $during, $limit) = delays($target, $quiet, $flooded);
        cmp_ok($during, '<=', $limit, sprintf 'case 307: p99 of %s is %.1f ms, %.1f ms when it is quiet', $target, $during * 1000, $before * 1000);
    }
    is(scalar(grep { $_->{status} != 200 } @$quiet, @$flooded), 0, 'case 307: they all are answered 200');
    return;
}

sub left_out { return grep { $_->{status} != 200 || $_->{response}->body !~ /name="decision"/ } @_ }

sub judge_right {
    my (@right) = @_;
    my @bad = left_out(@right);
    cmp_ok(scalar @bad, '<=', 1 + @right / 100, 'case 307: right passwords get in: ' . @right . ', but for ' . @bad)
        or diag(map { "$_->{status}\n" } @bad);
    cmp_ok(p99(@right), '<=', $PATIENCE, sprintf 'case 307: ... within %d s at p99: %.2f s', $PATIENCE, p99(@right));
    return;
}

# Its turn, and its place in the line, must not be taken for good.
sub test_killed_child {
    my ($t, $client) = @_;
    my $flood = start_flood($t, $client);
    sleep 1;
    kill KILL => children_of($t->pid);
    sleep 1;
    eval { $flood->stop };
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my $outcome;
    for (1 .. 5) {
        $browser->submit($browser->form_with('password'), username => 'alice', password => $t->user('alice'));
        last if ($outcome = $t->outcome($client, $browser->page)) ne '503 sign-in';
        sleep 2;
    }
    is($outcome, '200 consent', 'case 307: killed children leave no turn taken');
    return;
}

# Quiet for five seconds, then flooded: what came of either.
sub measure {
    my ($t, $client, $token, $seconds) = @_;
    $t->begin_window($seconds + 30);
    my $before = length $t->error_log;
    my $load = start_others($t, $token);
    sleep 5;
    my %found = (quiet => [ $load->stop ]);
    my ($flood, $right) = (start_flood($t, $client), start_right($t, $client));
    $load = start_others($t, $token);
    sleep $seconds;
    @found{qw(flooded right flood)} = map { [ $_->stop ] } $load, $right, $flood;
    return { %found, log => substr $t->error_log, $before };
}

my $seconds = 20;
on_each_db({ conf => 'LogLevel gpt_oauth:trace1', allow => [qr/exit signal Killed/] }, sub {
    my ($t) = @_;
    my $client = $t->client_add('app');
    my $token = $t->tokens_for($client, params => { scope => 'hello' })->{access_token};
    my $found;
    for (1 .. $TRIES) {
        $found = measure($t, $client, $token, $seconds);
        my @right = @{ $found->{right} };
        last unless p99(@right) > $PATIENCE || left_out(@right) > 1 || grep { is_slow($_, $found->{quiet}, $found->{flooded}) } @targets;
    }
    judge_flood($seconds, $found->{log}, @{ $found->{flood} });
    judge_others($found->{quiet}, $found->{flooded});
    judge_right(@{ $found->{right} });
    test_killed_child($t, $client) if $seconds == 20;
    $seconds = 6;
});
done_testing();
