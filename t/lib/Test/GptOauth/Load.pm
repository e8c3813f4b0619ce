package Test::GptOauth::Load;

# Requests over many kept-alive connections, from a process of their own, so that a test can break things meanwhile:
#
#     my $load = Test::GptOauth::Load->start($t, 8, sub { my ($slot, $last) = @_; return [ GET => '/plain.txt' ] });
#     ...
#     my @results = $load->stop;
#
# The sub is asked for the next request of a connection (0 and up), with the response to its last one. undef ends the connection.
# A result is a hash: slot, sent (when) and seconds (how long), target, response, and its status (0: there was none); and what the
# option `about` of the request said.

use strict;
use warnings;
use File::Temp ();
use IO::Select;
use POSIX ();
use Storable ();
use Time::HiRes qw(sleep time);
use Test::GptOauth::Http;
use Test::GptOauth::Secrets;

# Options: pause (seconds between the requests of a connection, 0.01); fresh (a new connection for each request); from (loopback
# addresses, as which the connections call in turn).
sub start {
    my ($class, $t, $connections, $next, %opt) = @_;
    my $self = bless { pause => 0.01, %opt, http => Test::GptOauth::Http->new($t->port), next => $next }, $class;
    $self->{file} = File::Temp->new;
    $self->{pid} = fork // die "fork: $!\n";
    return $self if $self->{pid};

    $SIG{TERM} = sub { $self->{ending} = 1 };
    $SIG{INT} = $SIG{HUP} = 'DEFAULT';
    $SIG{PIPE} = 'IGNORE';
    my $done = eval { $self->run($connections); Storable::store($self->{results} // [], $self->{file}->filename) };
    print STDERR "# load: $@" unless $done;
    POSIX::_exit($done ? 0 : 1);
}

# Ends the load, after the responses that are still due, and answers all results in the order in which they came.
sub stop {
    my ($self) = @_;
    kill TERM => $self->{pid};
    return $self->wait(40);
}

sub is_running { my ($self) = @_; return $self->{pid} && waitpid($self->{pid}, POSIX::WNOHANG()) == 0 }

# The same when the load ends by itself.
sub wait {
    my ($self, $timeout) = @_;
    my $deadline = time + $timeout;
    while ($self->is_running) {
        kill KILL => $self->{pid} if time > $deadline;
        sleep 0.02;
    }
    delete $self->{pid};
    my @results = @{ Storable::retrieve($self->{file}->filename) };
    $_->{response}->remember for @results;
    return @results;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $!);
    kill KILL => $self->{pid} if $self->{pid};
    return;
}

# ---- in the process of its own

sub run {
    my ($self, $connections) = @_;
    my @slots = map { { index => $_, wake => time + $self->{pause} * $_ / $connections } } 0 .. $connections - 1;
    my $select = IO::Select->new;
    while (@slots) {
        for my $slot (grep { !$_->{request} && $_->{wake} <= time } @slots) {
            $slot->{request} = $self->{ending} ? undef : $self->{next}->($slot->{index}, $slot->{last});
            $slot->{ended} = !$slot->{request} or $self->send($slot, $select);
        }
        @slots = grep { !$_->{ended} } @slots;
        my %by_file = map { fileno($_->{connection}{socket}) => $_ } grep { $_->{request} } @slots;
        for my $socket ($select->can_read($self->idle(@slots))) {
            $self->receive($by_file{ fileno $socket }, $select);
        }
        for my $slot (grep { $_->{request} && $_->{sent} + $Test::GptOauth::Http::TIMEOUT < time } @slots) {
            $self->note($slot, $select, undef);
        }
    }
    return;
}

# Until the next request is due; a signal does not end it.
sub idle {
    my ($self, @slots) = @_;
    my $wait = 0.05;
    for my $due (map { $_->{wake} - time } grep { !$_->{request} } @slots) {
        $wait = $due if $due < $wait;
    }
    return $wait > 0 ? $wait : 0;
}

sub send {
    my ($self, $slot, $select) = @_;
    my ($method, $target, %opt) = @{ $slot->{request} };
    delete $slot->{connection} if $self->{fresh};
    $opt{headers} = [ @{ $opt{headers} // [] }, Connection => 'close' ] if $self->{fresh};
    $slot->{sent} = time;
    $slot->{connection} //= { %{ $self->connect_from($slot->{index}) }, used => 0 };
    $slot->{connection}{buffer} = '';
    $select->add($slot->{connection}{socket});
    syswrite $slot->{connection}{socket}, $self->{http}->build($method, $target, %opt);
    return;
}

sub connect_from {
    my ($self, $index) = @_;
    my $from = $self->{from} or return $self->{http}->connect_now;
    return Test::GptOauth::Http->new($self->{http}{port}, from => $from->[ $index % @$from ])->connect_now;
}

sub receive {
    my ($self, $slot, $select) = @_;
    my $connection = $slot->{connection};
    my $eof = !sysread $connection->{socket}, $connection->{buffer}, 65536, length $connection->{buffer};
    my $response = Test::GptOauth::Http::take_response(\$connection->{buffer}, $slot->{request}[0], $eof);
    return unless $response || $eof;
    if (!$response && $connection->{used} && $connection->{buffer} eq '') {
        # The server closed the idle connection while the request was under way to it: every client asks again.
        $select->remove($connection->{socket});
        delete $slot->{connection};
        return $self->send($slot, $select);
    }
    $connection->{used}++;
    $self->note($slot, $select, $response);
    return;
}

sub note {
    my ($self, $slot, $select, $response) = @_;
    $select->remove($slot->{connection}{socket});
    delete $slot->{connection} if !$response || ($response->header('Connection') // '') =~ /close/i;
    $response //= Test::GptOauth::Response->new('000 no response', [], '');
    push @{ $self->{results} }, {
        slot => $slot->{index},
        sent => $slot->{sent},
        seconds => time - $slot->{sent},
        target => $slot->{request}[1],
        about => { @{ $slot->{request} }[ 2 .. $#{ $slot->{request} } ] }->{about},
        status => $response->status,
        response => $response
    };
    @$slot{qw(last wake)} = ($response, time + $self->{pause});
    delete $slot->{request};
    return;
}

1;
