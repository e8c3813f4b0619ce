package Test::GptOauth::Backend;

# What httpd proxies to: a server of one process that answers every request with the request as it arrived.

use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();

# scgi => 1: one that speaks SCGI, as FastCGI programs are spoken to, and answers with the environment.
sub new {
    my ($class, %opt) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 20) or die "no free port: $!\n";
    my $self = bless { %opt, port => $listener->sockport, owner => $$ }, $class;
    $self->{pid} = fork // die "fork: $!\n";
    return $self if $self->{pid};
    $SIG{TERM} = 'DEFAULT';
    while (my $connection = $listener->accept) {
        local $SIG{PIPE} = 'IGNORE';
        print {$connection} $opt{scgi} ? environment($connection) : echo($connection);
    }
    POSIX::_exit(0);
}

sub echo {
    my ($connection) = @_;
    local $/ = "\r\n\r\n";
    my $head = <$connection> // '';
    my $answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Backend: yes\r\nConnection: close\r\n";
    return $answer . 'Content-Length: ' . length($head) . "\r\n\r\n$head";
}

sub environment {
    my ($connection) = @_;
    local $/ = ':';
    my ($size) = (<$connection> // '') =~ /^(\d+):/ or return '';
    read $connection, my ($head), $size;
    my %env = split /\0/, $head;
    return join '', "Status: 200\r\nContent-Type: text/plain\r\n\r\n", map { "$_=$env{$_}\n" } sort keys %env;
}

sub url { my ($self) = @_; return ($self->{scgi} ? 'scgi' : 'http') . "://127.0.0.1:$self->{port}" }

# The values of a header in what the backend saw; nothing when it saw none, or when the response is not the backend's.
sub saw {
    my ($response, $name) = @_;
    return $response->body =~ /^\Q$name\E: (.*?)\r$/gmi;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!, $@);
    kill TERM => $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

1;
