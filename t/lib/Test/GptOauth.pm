package Test::GptOauth;

# A running httpd with the module in it, on SQLite or PostgreSQL, for one test:
#
#     on_each_db({ conf => 'GPTOAuthRefreshGrace 0' }, sub {
#         my ($t) = @_;
#         my $client = $t->client_add('notes');
#         is($t->redeem($t->code_for($client))->status, 200, 'case 136: ...');
#     });
#     done_testing;
#
# Every server is at last asked for a log without crashes, for logs and a database without secrets, and an audit log of JSON. GPTOAUTH_BUILD names the
# folder of the build (default: build), GPTOAUTH_DB restricts the databases, GPTOAUTH_SANITIZE=1 preloads the sanitizers' runtime
# into httpd, and GPTOAUTH_KEEP=1 keeps the temporary folder.

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use parent 'Test::GptOauth::Flow';
use Test::GptOauth::Configuration qw($pages $server @usual_modules);
use Test::GptOauth::Hearing qw(await_hearing);
use Test::GptOauth::Http;
use Test::GptOauth::Postgres;
use Test::GptOauth::Process qw(output run slurp);
use Test::GptOauth::Secrets;

our @EXPORT = qw(dbs on_each_db secret);
our $PASSWORD_COST = sprintf '%02d', $ENV{GPTOAUTH_PASSWORD_COST} // 12;    # of this build, which need not be the one that is shipped

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$root/build") // "$root/build";
my $module = "$build/mod_gpt_oauth.so";
my $command = "$build/gptoauth";
my ($httpd) = grep { -x } qw(/usr/sbin/apache2 /usr/sbin/httpd);
chomp(my $modules = qx(apxs -q LIBEXECDIR) || '/usr/lib/apache2/modules');

# A crash leaves a core.
my @cores = $> == 0 ? qw(prlimit --core=unlimited --) : ();

my ($cluster, @running);
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);   # END runs

# ---- for the test files

sub dbs { return defined $ENV{GPTOAUTH_DB} ? split /[ ,]+/, $ENV{GPTOAUTH_DB} : qw(sqlite pgsql) }

# Runs the test on each database in turn, on a server of its own. Options as for new, and `allow`: patterns of error log
# lines that this test provokes.
sub on_each_db {
    my ($options, $test) = @_;
    for my $db (dbs()) {
        subtest "on $db" => sub {
            my $t = __PACKAGE__->new(%$options, db => $db);
            $test->($t);
            $t->finish;
        };
    }
    return;
}

# Notes a value that must not turn up in a log or in the database, and returns it.
sub secret { return Test::GptOauth::Secrets::remember(typed => @_) }

# ---- the server

# Options: db; conf (added to the server's configuration); pages (in place of the scopes and Locations above); issuer (in place
# of http://localhost:PORT; '' for none); dbd (more DBD directives); modules (more of httpd's); allow; tcp (PostgreSQL by TCP);
# durable (PostgreSQL with fsync); cluster (a PostgreSQL of the test's own); params (a sub that makes DBDParams for this server);
# cache => 'off' (GPTOAuthCache); hears => 1 (the test itself sees to when revocations are heard);
# beside (a server whose database, users and issuer this one shares, as one on another host would); no_dump (the database is out of
# order at the end); start => 0; module (of another build); under (a command that is to run httpd). In all texts %%PORT%%, %%PORT_A%% and so on stand for free ports and %%DIR%% for the folder.
sub new {
    my ($class, %opt) = @_;
    BAIL_OUT("there is no $module: build first, or set GPTOAUTH_BUILD") unless -f $module;
    my $dir = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => !$ENV{GPTOAUTH_KEEP});
    chmod 0755, $dir;
    my $self = bless { dir => $dir, db => 'sqlite', cache => $opt{hears} ? 'on' : $ENV{GPTOAUTH_CACHE} // 'on', allow => [], owner => $$, ports => {}, logs_from => 0, module => $module, %opt }, $class;
    if (my $other = $opt{beside}) {
        $other->{users} //= {};
        %$self = (%$self, issuer => $other->issuer, map { $_ => $other->{$_} } qw(db cluster database users));
    }
    make_path(map { "$dir/$_" } qw(db asan cores htdocs htdocs/api htdocs/write));
    chown 33, 33, map { "$dir/$_" } qw(db asan cores) if $> == 0;
    $self->write_file('htdocs/plain.txt', "plain\n");
    $self->write_file("htdocs/$_/notes.txt", "protected data\n") for qw(api write);
    $self->prepare_database;
    $self->write_conf;
    $self->start unless defined $opt{start} && !$opt{start};
    return $self;
}

sub dir { return $_[0]{dir} }
sub db { return $_[0]{db} }
sub is_pgsql { return $_[0]{db} eq 'pgsql' }
sub cluster { return $_[0]{cluster} }
sub database { return $_[0]{database} }
sub port { my ($self, $name) = @_; return $self->{ports}{ $name // '' } //= free_port() }
sub issuer { my ($self) = @_; return $self->{issuer} // 'http://localhost:' . $self->port }
sub http { my ($self) = @_; return $self->{http} //= Test::GptOauth::Http->new($self->port) }
sub pid { return $_[0]{pid} }

# Not taken, and promised to nobody else while this process lives: an abstract socket of the port's name says so to other tests.
my @promises;
sub free_port {
    while (1) {
        my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1) or die "no free port: $!\n";
        my $port = $socket->sockport;
        my $promise = IO::Socket::UNIX->new(Local => "\0gptoauth-port-$port", Listen => 1) or next;
        push @promises, $promise;
        return $port;
    }
}

# Throttles count in windows of five minutes: waits out one that ends within the seconds that a test needs.
sub begin_window {
    my ($self, $seconds) = @_;
    my $left = 300 - POSIX::fmod(time, 300);
    sleep $left + 0.1 if $left < $seconds;
    return;
}

sub expand {
    my ($self, $text) = @_;
    $text =~ s/%%DIR%%/$self->{dir}/g;
    $text =~ s/%%PORT(?:_([A-Z]))?%%/$self->port($1)/ge;
    return $text;
}

sub write_file {
    my ($self, $name, $text) = @_;
    my $file = $name =~ m{^/} ? $name : "$self->{dir}/$name";
    make_path(dirname($file));
    open my $handle, '>', $file or die "$file: $!\n";
    print {$handle} $self->expand($text);
    close $handle or die "$file: $!\n";
    return $file;
}

sub prepare_database {
    my ($self) = @_;
    my $params = "$self->{dir}/db/oauth.sqlite";
    if ($self->is_pgsql) {
        $self->{cluster} //= $cluster //= Test::GptOauth::Postgres->new(durable => $self->{durable});
        $self->{database} //= $self->cluster->create_database;
        $params = $self->{params} ? $self->{params}->($self) : $self->cluster->conninfo($self->{database}, tcp => $self->{tcp});
    }
    $self->{db_params} = $params;
    my $driver = $self->is_pgsql ? 'pgsql' : 'sqlite3';
    $self->write_file('dbd.conf', "DBDriver $driver\nDBDParams \"$params\"\n");
    $self->gptoauth('migrate');
    chown 33, 33, glob "$self->{dir}/db/*";
    return;
}

# Writes httpd.conf anew, with changed options where given.
sub write_conf {
    my ($self, %opt) = @_;
    %$self = (%$self, %opt);
    my @load = map { "LoadModule ${_}_module $modules/mod_$_.so" } @usual_modules, @{ $self->{modules} // [] };
    my $issuer = $self->issuer;
    my %part = (
        MODULES => join("\n", @load, "LoadModule gpt_oauth_module $self->{module}"),
        DBD => $self->{dbd} // '',
        CACHE => $self->{cache} eq 'off' ? 'GPTOAuthCache off' : '',
        ISSUER => $issuer eq '' ? '' : "GPTOAuthIssuer $issuer",
        PAGES => $self->{pages} // $pages,
        CONF => $self->{conf} // ''
    );
    my $text = $server;
    $text =~ s/%%(MODULES|DBD|CACHE|ISSUER|PAGES|CONF)%%/$part{$1}/g;
    return $self->write_file('httpd.conf', $text);
}

# Runs `httpd -t` on the configuration: (exit status, what it said).
sub configtest {
    my ($self) = @_;
    local %ENV = %ENV;
    sanitize("$self->{dir}/asan/configtest") if $ENV{GPTOAUTH_SANITIZE};
    my $result = run({}, $httpd, '-t', '-f', "$self->{dir}/httpd.conf");
    return ($result->{status}, $result->{err} . $result->{out});
}

sub start {
    my ($self) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/httpd.out";
        open STDERR, '>&', \*STDOUT;
        sanitize("$self->{dir}/asan/httpd") if $ENV{GPTOAUTH_SANITIZE};
        exec @cores, qw(setpriv --pdeathsig TERM --), @{ $self->{under} // [] }, $httpd, '-DFOREGROUND', '-f', "$self->{dir}/httpd.conf" or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    push @running, $self;
    my $deadline = time + 30;
    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->port)) {
        if (time > $deadline || waitpid($pid, POSIX::WNOHANG()) > 0) {
            die "httpd does not start:\n" . slurp("$self->{dir}/httpd.out") . $self->error_log;
        }
        sleep 0.01;
    }
    delete @$self{qw(http)};
    return;
}

# The runtimes must come before everything else in a process that loads an instrumented module.
sub sanitize {
    my ($log) = @_;
    chomp(my @libraries = map { qx(gcc -print-file-name=$_) } qw(libasan.so libubsan.so));
    $ENV{LD_PRELOAD} = join ':', @libraries, $ENV{LD_PRELOAD} // ();
    $ENV{ASAN_OPTIONS} = "detect_leaks=0:log_path=$log";
    $ENV{UBSAN_OPTIONS} = "print_stacktrace=1:log_path=$log";
    return;
}

sub stop {
    my ($self) = @_;
    my $pid = $self->{pid} or return;
    @running = grep { $_ != $self } @running;
    # A child of the event MPM that is told to stop closes the connections of its workers from another thread, and may crash where one
    # of these is just done: those that other people's clients have closed are waited for, and workers that still have to do with
    # what they have answered. Ours stay open until it is gone.
    my $patience = time + 2;
    sleep 0.01 while time < $patience && ($self->is_closing_connections || $self->is_working);
    my $before = length $self->error_log;
    kill TERM => $pid;
    my $deadline = time + 20;
    until (waitpid($pid, POSIX::WNOHANG()) != 0) {
        kill KILL => -$pid if time > $deadline;
        sleep 0.02;
    }
    kill KILL => -$pid;
    push @{ $self->{endings} }, substr $self->error_log, $before;
    delete @$self{qw(pid http browsers)};
    return;
}

# Whether the server still has to close what the other side has closed (TCP's CLOSE_WAIT).
sub is_closing_connections {
    my ($self) = @_;
    my $local = sprintf '0100007F:%04X', $self->port;
    return grep { my @field = split; $field[1] eq $local && $field[3] eq '08' } split /\n/, slurp('/proc/net/tcp');
}

# Whether a thread of the server's children runs, or would if it had a processor.
sub is_working {
    my ($self) = @_;
    my @children = split ' ', slurp("/proc/$self->{pid}/task/$self->{pid}/children");
    return grep { slurp($_) =~ /^\d+ \(.*\) [RD] /s } map { glob "/proc/$_/task/*/stat" } @children;
}

sub restart { my ($self) = @_; $self->stop; return $self->start }

# ---- the command

sub gptoauth {
    my ($self, @args) = @_;
    return $self->gptoauth_stdin('', @args);
}

sub gptoauth_json {
    my ($self, @args) = @_;
    return JSON::PP::decode_json($self->gptoauth(@args, '--json'));
}

sub gptoauth_stdin {
    my ($self, $stdin, @args) = @_;
    my $result = $self->try_gptoauth($stdin, @args);
    die "gptoauth @args: $result->{err}$result->{out}\n" if $result->{status};
    return $result->{out};
}

# status, out and err, whatever they are.
sub try_gptoauth {
    my ($self, $stdin, @args) = @_;
    my $result = run({ stdin => $stdin }, $command, '--db-conf', "$self->{dir}/dbd.conf", @args);
    $self->settle if "@args" =~ /^\w+ (?:disable|enable|remove|revoke|passwd)\b/;
    return $result;
}

# Until all servers of this database have heard of what others ended in it.
sub settle {
    my ($self) = @_;
    my $of = sub { $_[0]{database} // $_[0]{db_params} };
    await_hearing($self, grep { $_->{cache} ne 'off' && $of->($_) eq $of->($self) } @running) if !$self->{hears};
    return;
}

# Starts the command without waiting for it, and answers its process id.
sub begin_gptoauth {
    my ($self, @args) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    exec $command, '--db-conf', "$self->{dir}/dbd.conf", @args or POSIX::_exit(127);
}

# ---- the database, behind the module's back

# Runs a statement and returns what it prints: a row a line, columns separated by |. Tests move time with it.
sub sql {
    my ($self, $statement) = @_;
    my $printed = $self->is_pgsql ? $self->cluster->psql($self->{database}, $statement)
        : output($statement, 'sqlite3', '-batch', '-cmd', '.timeout 10000', $self->{db_params});
    $self->settle if $statement =~ /\b(?:UPDATE|DELETE FROM|TRUNCATE) oauth_(?:access_token|grant|client|user|service_key)\b/;
    return $printed;
}

sub dump_database {
    my ($self) = @_;
    return $self->cluster->dump($self->{database}) if $self->is_pgsql;
    return output(".dump\n", 'sqlite3', '-batch', '-cmd', '.timeout 10000', $self->{db_params});
}

# ---- what is left behind

sub error_log { return slurp("$_[0]{dir}/error.log") }
sub access_log { return slurp("$_[0]{dir}/access.log") }

# Stops the server and judges what it wrote.
sub finish {
    my ($self) = @_;
    ok(kill(0 => $self->{pid}), 'httpd still runs') if $self->{pid};
    my $dump = $self->{no_dump} ? '' : $self->dump_database;
    $self->stop;
    my @bad = grep { /:(?:crit|alert|emerg)\]|exit signal|AddressSanitizer|runtime error:/ } split /\n/, $self->error_log;
    my @crashes = grep { /exit signal/ } @bad;
    @bad = grep { !/exit signal/ } @bad if @crashes && $self->is_httpds_own(@crashes);
    for my $allowed (@{ $self->{allow} }) {
        @bad = grep { $_ !~ $allowed } @bad;
    }
    push @bad, map { $_ . ': ' . slurp($_) } glob "$self->{dir}/asan/*";
    is(join("\n", @bad), '', 'no crash and nothing critical in the error log');
    my $errors = $self->error_log . slurp("$self->{dir}/httpd.out");
    my $audit = join '', map { slurp($_) } glob "$self->{dir}/audit.log*";
    my @broken = grep { length && (length > 4094 || /[^\t -~]/ || !eval { JSON::PP::decode_json($_) }) } split /\n/, $audit;
    is(join("\n", Test::GptOauth::Secrets::found_in($errors)), '', 'no secret in the error log');
    is(join("\n", Test::GptOauth::Secrets::found_in($audit)), '', 'no secret in the audit log');
    is(join("\n", @broken), '', 'each line of the audit log is one of JSON');
    is(join("\n", Test::GptOauth::Secrets::found_in($self->access_log, urls => 1)), '', 'no secret in the access log');
    is(join("\n", Test::GptOauth::Secrets::found_in_dump($dump)), '', 'no secret in the database');
    diag("the end of the error log:\n", substr $errors, length $errors > 3000 ? -3000 : 0) unless Test::More->builder->is_passing;
    return;
}

# Once in a thousand times or so a child of the event MPM crashes as it is stopped. That it is this is told by when it was, and by its
# core, which shows no thread in this module. Without a core there is no excuse.
sub is_httpds_own {
    my ($self, @crashes) = @_;
    my @cores = glob "$self->{dir}/cores/*";
    my @traces = map { scalar qx(gdb -batch -ex "thread apply all bt" $httpd $_ 2>/dev/null) } @cores;
    diag(join "\n", @crashes, map { grep { /^(?:#|Thread)/ } split /\n/ } @traces);
    my $endings = join '', @{ $self->{endings} };
    return 0 if @cores != @crashes || grep { index($endings, $_) < 0 } @crashes;
    return !grep { !/^#0/m || /mod_gpt_oauth/ } @traces;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} && $self->{owner} == $$;
    local ($?, $!, $@);
    $self->stop;
    return;
}

END {
    my $status = $?;
    my @left = grep { $_->{owner} == $$ } @running;    # stop changes the list
    $_->stop for @left;
    undef $cluster;
    $? = $status;
}

1;
