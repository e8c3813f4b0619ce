#!/usr/bin/perl
# A database that is there and says nothing, under 64 connections: requests that need it are refused soon, and no others are
# held up.
use strict;
use warnings;
use FindBin;
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Load;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();

# Threads enough for the 64 and for others; idle ones are kept. Without a database mod_dbd cannot make its pools when a child
# starts, and says so.
# Every request has to ask: how long the cache still answers in place of the database is in 94-listener.t.
my $threads = "StartServers 4\nMaxSpareThreads 1000\nGPTOAuthCache off\n";
my @allow = (qr/AH00636/);

# 64 connections that ask for a greeting five times a second, and one more at a time that wants a file.
sub start_loads {
    my ($t, $token) = @_;
    my @hello = (GET => '/api/hello', headers => [ Test::GptOauth::Flow::bearer($token) ]);
    my $hello = Test::GptOauth::Load->start($t, 64, sub { [@hello] }, pause => 0.2);
    my $static = Test::GptOauth::Load->start($t, 1, sub { [ GET => '/plain.txt' ] }, pause => 0.02, fresh => 1);
    return ($hello, $static);
}

sub judge_refusals {
    my ($name, $hello, $static) = @_;
    unavailable("$name: every protected request is answered 503", @$hello);
    my ($longest) = sort { $b <=> $a } map { $_->{seconds} } @$hello;
    cmp_ok($longest, '<=', 4, sprintf '%s: within 4 s (%d requests, the longest %.2f s)', $name, scalar @$hello, $longest);
    all_answered("$name: a static file is served", @$static);
    nearly_all(0.1, "$name: within 100 ms", @$static);
    return;
}

# Not full, the kernel accepts what nobody will answer; full, it lets all packets vanish.
sub black_hole {
    my ($full) = @_;
    my $hole = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => $full ? 1 : 1024) or die "no port: $!\n";
    my @sockets = ($hole);
    while ($full) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $hole->sockport, Blocking => 0) or die "$!\n";
        push @sockets, $socket;
        last unless IO::Select->new($socket)->can_write(0.3);
        die "no backlog is so long\n" if @sockets > 20;
    }
    return @sockets;
}

subtest 'PostgreSQL and its backends are stopped' => sub {
    my $t = Test::GptOauth->new(db => 'pgsql', tcp => 1, conf => $threads);
    my $token = $t->tokens_for($t->client_add('app'), params => { scope => 'hello' })->{access_token};
    my ($hello, $static) = start_loads($t, $token);
    sleep 1.5;
    my @children = children_of($t->pid);
    my $from = time;
    freeze($t->cluster);
    my $frozen = time;
    sleep 8;
    my $to = time;
    thaw($t->cluster);
    sleep 4;
    my (@hello, @static) = $hello->stop;
    @static = $static->stop;
    # What was still unanswered at the end belongs here if it had its 4 s.
    my @during = grep { $_->{sent} >= $frozen && ($_->{sent} + $_->{seconds} < $to || $_->{sent} < $to - 4) } @hello;
    all_answered('before: all is well', grep { $_->{sent} + $_->{seconds} < $from } @hello);
    judge_refusals('stopped', \@during, [ grep { $_->{sent} >= $from && $_->{sent} < $to } @static ]);
    # Who then waits to connect is let in, or gave up at most 2 s ago, and for a second after that nobody tries.
    all_answered('after SIGCONT all is well', grep { $_->{sent} > $to + 1.5 } @hello) or diag(reasons($t));
    my %still = map { $_ => 1 } children_of($t->pid);
    is(join(' ', grep { !$still{$_} } @children), '', 'without a restart of httpd');
    $t->finish;
};

for my $full (0, 1) {
    my $name = $full ? 'the address swallows packets' : 'the address accepts and is silent';
    subtest $name => sub {
        my $t = Test::GptOauth->new(db => 'pgsql', conf => $threads, allow => \@allow);
        my $token = $t->tokens_for($t->client_add('app'), params => { scope => 'hello' })->{access_token};
        $t->stop;
        my @hole = black_hole($full);
        my $params = $t->cluster->conninfo($t->database, tcp => 1);
        $params =~ s/port=\d+/'port=' . $hole[0]->sockport/e;
        $t->write_file('dbd.conf', "DBDriver pgsql\nDBDParams \"$params\"\n");
        $t->start;
        # Each child lets mod_dbd try to connect before it serves anybody.
        is($t->http->get('/plain.txt')->status, 200, 'httpd starts');
        sleep 1;
        my ($hello, $static) = start_loads($t, $token);
        sleep 6;
        judge_refusals($name, [ $hello->stop ], [ $static->stop ]);
        $t->finish;
    };
}

# Look-ups which are given up go on waiting at the server, and take up backends there: no more than were in use when it began.
subtest 'a table is locked' => sub {
    my $t = Test::GptOauth->new(db => 'pgsql', dbd => 'DBDMax 4', conf => "StartServers 1\nServerLimit 1\nMaxRequestWorkers 64\nGPTOAuthCache off\n");
    my $token = $t->tokens_for($t->client_add('app'), params => { scope => 'hello' })->{access_token};
    my $load = Test::GptOauth::Load->start($t, 8, sub { [ GET => '/api/hello', headers => [ Test::GptOauth::Flow::bearer($token) ] ] }, pause => 0.05);
    sleep 1;
    my $waiting = q(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock');
    open my $holder, '|-', $t->cluster->psql_command($t->database) or die "psql: $!\n";
    $holder->autoflush(1);
    print {$holder} "BEGIN; LOCK TABLE oauth_grant;\n";
    my ($from, $most) = (time, 0);
    while (time < $from + 7.5) {
        sleep 0.2;
        my $now = $t->sql($waiting);
        $most = $now if $now > $most;
    }
    my $to = time;
    close $holder;
    sleep 1.5;
    my @results = $load->stop;
    unavailable('locked: every protected request is answered 503', grep { $_->{sent} >= $from + 0.2 && $_->{sent} + $_->{seconds} < $to } @results);
    cmp_ok($most, '>=', 4, 'locked: look-ups wait for the lock');
    cmp_ok($most, '<=', 9, "locked: at the most $most backends wait for it");
    all_answered('afterwards all is well', grep { $_->{sent} > $to + 0.5 } @results) or diag(reasons($t));
    $t->finish;
};

subtest 'httpd starts before PostgreSQL' => sub {
    my $t = Test::GptOauth->new(db => 'pgsql', allow => \@allow);
    my $token = $t->tokens_for($t->client_add('app'), params => { scope => 'hello' })->{access_token};
    $t->stop;
    $t->cluster->stop;
    $t->start;
    is($t->hello($token)->status, 503, 'until it is there, 503');
    $t->cluster->start;
    is($t->hello($token)->status, 200, 'once it is there, all is well') for 1 .. 3;
    $t->finish;
};

done_testing;
