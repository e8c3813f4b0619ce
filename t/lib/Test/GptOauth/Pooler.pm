package Test::GptOauth::Pooler;

# pgbouncer in front of a test's PostgreSQL. It ends with the object, or with the process.

use strict;
use warnings;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);
use Test::GptOauth::Process qw(slurp);

my $program = '/usr/sbin/pgbouncer';

sub available { return -x $program }

# mode: transaction, session or statement; size: how many backends there are for each database.
sub start {
    my ($class, $cluster, $mode, $size) = @_;
    my ($dir, $port) = ($cluster->dir, Test::GptOauth::free_port());
    my $name = "$dir/pooler-$mode-$port";
    write_file("$name.txt", qq("oauth" ""\n"postgres" ""\n));
    write_file("$name.ini", <<"EOC");
[databases]
* = host=$dir port=${\ $cluster->port }
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $name.txt
pool_mode = $mode
default_pool_size = $size
max_client_conn = 300
EOC
    my $self = bless { port => $port, owner => $$, pid => $cluster->spawn(">>$name.log", $program, "$name.ini") }, $class;
    my $deadline = time + 20;
    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)) {
        die 'pgbouncer does not start: ' . slurp("$name.log") if time > $deadline || waitpid($self->{pid}, 1) > 0;
        sleep 0.05;
    }
    return $self;
}

sub write_file {
    my ($file, $text) = @_;
    open my $handle, '>', $file or die "$file: $!\n";
    print {$handle} $text;
    close $handle or die "$file: $!\n";
    return;
}

sub port { return $_[0]{port} }

# DBDParams of a server whose connections are to go by it; for the option params of Test::GptOauth.
sub params {
    my ($self) = @_;
    return sub {
        my ($t) = @_;
        return $t->cluster->conninfo($t->database, tcp => 1) =~ s/port=\d+/port=$self->{port}/r;
    };
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill INT => $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!, $@);
    $self->stop;
    return;
}

1;
