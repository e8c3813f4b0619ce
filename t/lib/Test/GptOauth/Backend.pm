package Test::GptOauth::Backend;

# What httpd proxies to: a server of one process that answers every request with the request as it arrived.

use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();

sub new {
    my ($class) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 20) or die "no free port: $!\n";
    my $self = bless { port => $listener->sockport, owner => $$ }, $class;
    $self->{pid} = fork // die "fork: $!\n";
    return $self if $self->{pid};
    $SIG{TERM} = 'DEFAULT';
    while (my $connection = $listener->accept) {
        local ($SIG{PIPE}, $/) = ('IGNORE', "\r\n\r\n");
        my $head = <$connection> // '';
        my $answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Backend: yes\r\nConnection: close\r\n";
        print {$connection} $answer . 'Content-Length: ' . length($head) . "\r\n\r\n$head";
    }
    POSIX::_exit(0);
}

sub url { return "http://127.0.0.1:$_[0]{port}" }

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
