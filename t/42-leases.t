#!/usr/bin/perl
# No connection to the database is held beyond a statement: not while a proxied answer trickles, nor while a body is awaited.
use strict;
use warnings;
use FindBin;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;

# One process with four connections to the database at the most, for all requests of this test.
my %options = (
    cache => 'off',    # each request asks the database
    dbd => 'DBDMax 4',
    conf => <<'EOC'
StartServers 1
ServerLimit 1
ThreadLimit 160
ThreadsPerChild 160
MaxRequestWorkers 160
<Location /slow>
    AuthType GPTOAuth
    Require oauth-scope read
    ProxyPass http://127.0.0.1:%%PORT_B%%/
</Location>
EOC
);

# Begins every answer at once, and never ends one.
sub start_backend {
    my ($port) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128, ReuseAddr => 1) or die "$!\n";
    my $parent = $$;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    $SIG{TERM} = 'DEFAULT';
    my $select = IO::Select->new($listener);
    while (getppid == $parent) {
        for my $socket ($select->can_read(1)) {
            if ($socket == $listener) {
                $select->add(scalar $listener->accept);
            }
            elsif (!sysread $socket, my $request, 65536) {
                $select->remove($socket);
                close $socket;
            }
            elsif ($request =~ /^GET/) {
                syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\nbegun";
            }
        }
    }
    POSIX::_exit(0);
}

# Sends the same request over 64 connections and answers them.
sub begin {
    my ($t, $bytes) = @_;
    my @sockets = map { $t->http->connect_now->{socket} } 1 .. 64;
    print {$_} $bytes for @sockets;
    return @sockets;
}

sub in_progress {
    my (@sockets) = @_;
    my ($begun, $deadline) = (0, time + 20);
    for my $socket (@sockets) {
        my $head = '';
        while (IO::Select->new($socket)->can_read($deadline - time)) {
            last if !sysread($socket, $head, 4096, length $head) || $head =~ /begun$/;
        }
        $begun += $head =~ m{^HTTP/1.1 200 .*begun$}s;
    }
    return $begun;
}

sub probe {
    my ($t, $name, @request) = @_;
    my @results;
    for (1 .. 40) {
        my $sent = time;
        my $response = $t->http->request(@request);
        my %result = (sent => $sent, seconds => time - $sent, target => $request[1], response => $response);
        push @results, { %result, status => $response->status };
    }
    all_answered("$name: another request is answered", @results) or diag(reasons($t));
    nearly_all(0.1, "$name: within 100 ms", @results);
    return;
}

on_each_db(\%options, sub {
    my ($t) = @_;
    my $client = $t->client_add('app');
    my $token = $t->tokens_for($client, params => { scope => 'read hello' })->{access_token};
    my @authorized = (headers => [ Test::GptOauth::Flow::bearer($token) ]);
    my $backend = start_backend($t->port('B'));

    my @slow = begin($t, $t->http->build('GET', '/slow/', @authorized));
    is(in_progress(@slow), 64, '64 proxied answers are in progress');
    probe($t, 'slow answers', GET => '/api/hello', @authorized);
    close $_ for @slow;

    my ($body) = $t->token_body($client, { grant_type => 'refresh_token', refresh_token => 'x' });
    my @short = ('Content-Length' => 1 + length $body);
    my @waiting = begin($t, $t->http->build('POST', '/oauth/token', headers => \@short, body => $body));
    probe($t, '64 unfinished token requests', GET => '/api/hello', @authorized);
    close $_ for @waiting;

    my @json = ('Content-Type' => 'application/json', 'Content-Length' => 9, @{ $authorized[1] });
    @waiting = begin($t, $t->http->build('POST', '/api/hello', headers => \@json, body => '{'));
    probe($t, '64 unfinished protected requests', GET => '/api/hello', @authorized);
    close $_ for @waiting;

    kill TERM => $backend;
    waitpid $backend, 0;
});

done_testing;
