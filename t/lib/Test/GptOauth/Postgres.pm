package Test::GptOauth::Postgres;

# A private PostgreSQL cluster: run by user postgres (the server refuses root), reached through a socket in a short temporary
# directory or a loopback port, and gone at the end of the test file.

use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp ();
use POSIX ();
use Scalar::Util qw(weaken);
use Time::HiRes qw(sleep time);

my @servers;
my ($bin) = reverse sort { ($a =~ m{/(\d+)/})[0] <=> ($b =~ m{/(\d+)/})[0] } glob '/usr/lib/postgresql/*/bin';

sub available { return defined $bin && -x "$bin/initdb" }

sub bin { return "$bin/$_[1]" }

# durable => 1 keeps fsync on, for tests that kill the server and look at what is left.
sub new {
    my ($class, %opt) = @_;
    my $self = $class->place;
    my $dir = $self->{dir};
    system('cp', '-a', $self->template, "$dir/data") == 0 or die "no copy of a database cluster\n";
    push @{ $self->{options} }, map { ('-c', $_) } qw(fsync=off synchronous_commit=off full_page_writes=off) unless $opt{durable};
    $self->start;
    $self->psql('postgres', 'CREATE ROLE oauth LOGIN', 'postgres');
    return $self;
}

# A cluster that was never started, made by whichever test is first and kept beside the build: the copy of it takes a quarter of what
# initdb does.
sub template {
    my ($self) = @_;
    my ($dir, $build) = ($self->{dir}, $ENV{GPTOAUTH_BUILD} // dirname(__FILE__) . '/../../../../build');
    my ($kept, $own) = ("$build/cluster-" . ($bin =~ m{/(\d+)/})[0], "$build/cluster.$$");
    return $kept if -d $kept;
    $self->as_postgres(">$dir/initdb.log", "$bin/initdb", qw(-U postgres -A trust -E UTF8 --locale=C --no-sync -D), "$dir/template")
        or die 'initdb failed: ' . slurp("$dir/initdb.log");
    # Another test may have kept its own meanwhile, and then this one serves just once.
    return $kept if system('cp', '-a', "$dir/template", $own) == 0 && rename $own, $kept;
    remove_tree($own);
    return "$dir/template";
}

# A folder and a port for a server.
sub place {
    my ($class) = @_;
    my $dir = File::Temp::tempdir('gptpg-XXXXXX', DIR => '/tmp', CLEANUP => 1);
    my ($uid, $gid) = (getpwnam 'postgres')[ 2, 3 ] or die "there is no user postgres\n";
    chmod 0755, $dir;
    chown $uid, $gid, $dir;
    my $self = bless { dir => $dir, port => Test::GptOauth::free_port(), owner => $$, count => 0, options => [] }, $class;
    push @servers, $self;
    weaken($servers[-1]);
    return $self;
}

# A copy of this server that follows it. Once synchronous_standby_names says so, what role oauth commits here is in the standby's log
# before it is told so; where servers are stopped and their operating system lives on, that needs no fsync.
sub standby {
    my ($self) = @_;
    my $standby = ref($self)->place;
    my $dir = $standby->{dir};
    my @copy = (qw(-U postgres -R -X stream --checkpoint=fast --no-sync -D), "$dir/data", '-h', $self->{dir}, '-p', $self->{port});
    $standby->as_postgres(">$dir/copy.log", "$bin/pg_basebackup", @copy) or die 'pg_basebackup failed: ' . slurp("$dir/copy.log");
    @{ $standby->{options} } = (@{ $self->{options} }, '-c', 'wal_retrieve_retry_interval=100ms');
    $standby->start;
    $self->psql('postgres', 'ALTER ROLE oauth SET synchronous_commit = on', 'postgres');
    return $standby;
}

# Whether a commit here waits for a standby, soon.
sub is_synchronous {
    my ($self) = @_;
    my $follows = "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')";
    my $deadline = time + 20;
    sleep 0.05 while $self->psql('postgres', $follows, 'postgres') ne 't' && time < $deadline;
    return time < $deadline;
}

# Makes a primary of this standby, which waits for no other.
sub promote {
    my ($self) = @_;
    $self->psql('postgres', 'SELECT pg_promote()', 'postgres') eq 't' or die 'no promotion: ' . $self->log;
    return;
}

sub dir { return $_[0]{dir} }
sub port { return $_[0]{port} }
sub pid { return $_[0]{pid} }

sub as_postgres {
    my ($self, $output, @command) = @_;
    my $pid = $self->spawn($output, @command);
    waitpid $pid, 0;
    return $? == 0;
}

sub spawn {
    my ($self, $output, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    setpgrp;
    open STDIN, '<', '/dev/null';
    open STDOUT, $output or POSIX::_exit(126);
    open STDERR, '>&', \*STDOUT;
    chdir $self->{dir};
    exec qw(setpriv --reuid=postgres --regid=postgres --clear-groups --pdeathsig INT --), @command or POSIX::_exit(127);
}

sub start {
    my ($self) = @_;
    my $dir = $self->{dir};
    $self->{pid} = $self->spawn(">>$dir/log", "$bin/postgres", '-D', "$dir/data", '-k', $dir, '-p', $self->{port}, '-c',
        'listen_addresses=127.0.0.1', '-c', 'max_connections=200', '-c', 'log_min_messages=warning', @{ $self->{options} });
    my $deadline = time + 30;
    until ($self->ready) {
        die "PostgreSQL does not start: " . slurp("$dir/log") if time > $deadline || waitpid($self->{pid}, POSIX::WNOHANG()) > 0;
        sleep 0.05;
    }
    return;
}

sub ready {
    my ($self) = @_;
    return system("$bin/pg_isready -q -t 1 -h $self->{dir} -p $self->{port} -d postgres -U postgres") == 0;
}

# mode: fast (the default), immediate, or kill.
sub stop {
    my ($self, $mode) = @_;
    return unless $self->{pid};
    my %signal = (fast => 'INT', immediate => 'QUIT', kill => 'KILL');
    kill CONT => -$self->{pid};
    kill $signal{ $mode // 'fast' } => $self->{pid};
    my $deadline = time + 20;
    until (waitpid($self->{pid}, POSIX::WNOHANG()) != 0) {
        kill KILL => -$self->{pid} if time > $deadline;
        sleep 0.02;
    }
    # Backends of a killed postmaster end by themselves; the next one cannot start before they have.
    my $group = $self->{pid};
    for (1 .. 250) {
        last unless kill 0 => -$group;
        sleep 0.02;
    }
    delete $self->{pid};
    return;
}

sub restart {
    my ($self, $mode) = @_;
    $self->stop($mode);
    return $self->start;
}

# A new, empty database of role oauth.
sub create_database {
    my ($self, $options) = @_;
    my $name = 'oauth' . ++$self->{count};
    $self->psql('postgres', "CREATE DATABASE $name OWNER oauth " . ($options // ''), 'postgres');
    return $name;
}

sub conninfo {
    my ($self, $database, %opt) = @_;
    my $host = $opt{tcp} ? '127.0.0.1' : $self->{dir};
    return "host=$host port=$self->{port} dbname=$database user=oauth connect_timeout=2 tcp_user_timeout=3000";
}

sub psql_command {
    my ($self, $database, $user) = @_;
    my @connection = ('-h', $self->{dir}, '-p', $self->{port}, '-U', $user // 'oauth', '-d', $database);
    return ("$bin/psql", qw(-X -q -A -t -v ON_ERROR_STOP=1), @connection);
}

sub psql {
    my ($self, $database, $statement, $user) = @_;
    return Test::GptOauth::output($statement, $self->psql_command($database, $user));
}

sub dump {
    my ($self, $database) = @_;
    return Test::GptOauth::output('', "$bin/pg_dump", '-h', $self->{dir}, '-p', $self->{port}, '-U', 'oauth', '-d', $database);
}

sub log { return slurp("$_[0]{dir}/log") }

sub slurp {
    my ($file) = @_;
    open my $handle, '<', $file or return '';
    local $/;
    return <$handle>;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!, $@);
    $self->stop('immediate');
    return;
}

# Those that a test file still holds.
END {
    my $status = $?;
    $_->stop('immediate') for grep { $_ && $_->{owner} == $$ } @servers;
    $? = $status;
}

1;
