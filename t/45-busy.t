#!/usr/bin/perl
# httpd is told to reload under load; and many processes write to one SQLite database at the same time.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Load;

# Connections that refresh a chain each; those beyond the chains ask for a greeting.
sub start_load {
    my ($t, $connections, $chains, %opt) = @_;
    my $hello = [ GET => '/api/hello', headers => [ Test::GptOauth::Flow::bearer($chains->[0]{access_token}) ] ];
    return Test::GptOauth::Load->start($t, $connections, sub {
        my ($slot, $last) = @_;
        return $slot < @$chains ? refresher($t, $chains->[$slot], $last) : $hello;
    }, %opt);
}

sub chains {
    my ($t, $client, $count) = @_;
    return [ map { $t->tokens_for($client, user => (qw(alice bob carol))[ $_ % 3 ], params => { scope => 'read hello' }) } 1 .. $count ];
}

on_each_db({}, sub {
    my ($t) = @_;
    my $client = $t->client_add('app', gpt => 1);
    my @kept = (start_load($t, 8, chains($t, $client, 4)), start_load($t, 4, chains($t, $client, 2), fresh => 1));
    my @before = children_of($t->pid);
    for (1 .. 3) {
        sleep 1;
        kill USR1 => $t->pid;
    }
    sleep 1.5;
    my ($kept, $fresh) = map { [ $_->stop ] } @kept;
    all_answered('graceful restart: no request on a kept-alive connection fails', @$kept) or diag(reasons($t));
    all_answered('graceful restart: nor one on a new connection', @$fresh) or diag(reasons($t));
    my %before = map { $_ => 1 } @before;
    is(join(' ', grep { $before{$_} } children_of($t->pid)), '', 'all children were replaced');
});

subtest 'one SQLite database, many writers' => sub {
    plan skip_all => 'not wanted' unless grep { $_ eq 'sqlite' } dbs();
    my $t = Test::GptOauth->new(db => 'sqlite', conf => "StartServers 4\nMaxSpareThreads 1000\n");
    my $client = $t->client_add('app', gpt => 1);
    my $load = start_load($t, 50, chains($t, $client, 50));
    my (@commands, @failed);
    for my $round (1 .. 8) {
        # Two at a time: the command, too, may meet itself.
        my @writes = ([ 'client', 'add', "app $round", '--gpt' ], [ 'user', 'disable', "nobody $round" ]);
        my @running = map { $t->begin_gptoauth(@$_) } @writes;
        for my $pid (@running) {
            waitpid $pid, 0;
            push @commands, $?;
        }
        sleep 0.1;
    }
    my @results = $load->stop;
    is(scalar(grep { $_ != 0 } @commands), 0, scalar(@commands) . ' commands wrote');
    all_answered(scalar(@results) . ' token requests over 50 connections: none fails', @results) or diag(reasons($t));
    my ($longest) = sort { $b <=> $a } map { $_->{seconds} } @results;
    cmp_ok($longest, '<=', 2, sprintf 'none takes longer than 2 s (%.2f s)', $longest);

    # Another program, which does not queue up.
    open my $other, '|-', 'sqlite3', '-batch', '-cmd', '.timeout 10000', $t->{db_params} or die "sqlite3: $!\n";
    $other->autoflush(1);
    print {$other} "BEGIN IMMEDIATE;\n.shell touch '${\ $t->dir }/held'\n";
    sleep 0.02 until -e $t->dir . '/held';
    my @waiting = map { $t->begin_gptoauth($_) } qw(migrate purge);
    sleep 3;
    print {$other} "ROLLBACK;\n";
    close $other;
    is(join(' ', map { waitpid($_, 0); $? } @waiting), '0 0', 'a database in which another program writes for three seconds is waited for');
    $t->finish;
};

done_testing;
