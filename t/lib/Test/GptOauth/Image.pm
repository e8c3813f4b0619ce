package Test::GptOauth::Image;

# docker/Dockerfile without a container engine: its instructions are read from the file and executed, one folder for each stage, on a
# Debian that debootstrap makes; what it describes is then started as a container would be. What a container sees of itself is
# true (a process tree of its own, a root that it cannot write to, no capabilities, nobody's environment); its network is ours.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Fcntl qw(:flock);
use File::Path qw(make_path);
use JSON::PP ();
use POSIX ();
use Socket qw(AF_INET SOCK_DGRAM);
use Test::GptOauth ();

my $path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

# $0 is the root, $1 the folder in it, then comes a command. The mounts are gone with the process.
my $build_step = 'mount -t proc proc "$0/proc" && root=$0 cd=$1 && shift && exec chroot "$root" env -C "$cd" "$@"';

# $0 is the root, $1 a folder to be seen at /run/secrets, then comes a command. It dies with its parent, and that one with ours.
my $container = <<'EOS';
root=$0 secrets=$1
shift
mount --bind "$root" "$root" && cd "$root" && mount -t proc proc proc && mount -t tmpfs -o uid=33,gid=33,mode=700 runtime run/gpt-oauth &&
    mount --bind "$secrets" run/secrets && mount -o remount,bind,ro "$root" &&
    exec chroot . setpriv --pdeathsig=KILL --reuid=33 --regid=33 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
EOS

# From now on this process and its children have a loopback of their own and no other network: containers may listen on every
# address, and nobody else is on their ports.
sub own_network {
    my %unshare = (x86_64 => 272, aarch64 => 97);
    my $clone_newnet = 0x40000000;
    syscall($unshare{ (POSIX::uname())[4] } // 0, $clone_newnet) == 0 or die "unshare: $!\n";
    my ($set_flags, $up_and_running) = (0x8914, 0x41);
    socket my $socket, AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
    my $request = pack 'a16 s x22', 'lo', $up_and_running;
    ioctl $socket, $set_flags, $request or die "ioctl: $!\n";
    return;
}

# Options: dockerfile; context (the folder that COPY takes from); cache (what may be used again); work (for the stages).
sub build {
    my ($class, %opt) = @_;
    my $self = bless { %opt, env => {}, stages => {} }, $class;
    make_path($opt{cache}, $opt{work});
    open my $lock, '>', "$opt{cache}/lock" or die "$opt{cache}/lock: $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    my @instructions = instructions(Test::GptOauth::slurp($opt{dockerfile}));
    while (@instructions) {
        my ($word, $rest) = @{ shift @instructions };
        my $do = $self->can("do_$word") or die "the Dockerfile says $word, which is not known here\n";
        $self->$do($rest);
    }
    $self->begin if $self->{steps};
    system 'rm', '-rf', grep { !$self->{used}{$_} && $_ ne "$opt{cache}/lock" } glob "$opt{cache}/*";
    make_path("$self->{root}/run/secrets", "$opt{work}/no-secrets");
    return $self;
}

sub root { return $_[0]{root} }
sub stage { my ($self, $name) = @_; return $self->{stages}{$name} }

# [WORD, rest] of each instruction, lines that end in a backslash joined.
sub instructions {
    my ($text) = @_;
    $text =~ s/^\s*#.*\n//mg;
    $text =~ s/\\\n/ /g;
    return map { /^\s*([A-Z]+)\s+(.*?)\s*$/ ? [ $1, $2 ] : () } split /\n/, $text;
}

# ---- one function for each instruction

sub do_FROM {
    my ($self, $rest) = @_;
    $rest =~ /^debian:(\w+)-slim(?: AS (\w+))?$/ or die "FROM $rest is not known here\n";
    $self->begin if $self->{steps};
    @$self{qw(steps suite root cd env)} = ([$1], $1, "$self->{work}/stage-" . ($2 // 'last'), '/', {});
    $self->{stages}{ $2 // 'last' } = $self->{root};
    return;
}

sub do_RUN {
    my ($self, $rest) = @_;
    if ($self->{steps}) {
        push @{ $self->{steps} }, $rest;
    }
    else {
        $self->step($self->{root}, $rest);
    }
    return;
}

sub do_COPY {
    my ($self, $rest) = @_;
    $self->begin;
    my $from = $rest =~ s/^--from=(\w+) // ? $self->{stages}{$1} : undef;
    my @sources = split ' ', $rest;
    my $target = pop @sources;
    $target = "$self->{root}/" . ($target =~ m{^/} ? '' : $self->{cd}) . "/$target";
    make_path($target);
    for my $source (@sources) {
        defined $from ? copy("$from/$source", $target) : $self->copy_context($source, $target);
    }
    return;
}

sub do_WORKDIR { my ($self, $rest) = @_; $self->begin; $self->{cd} = $rest; make_path("$self->{root}/$rest"); return }
sub do_USER { my ($self, $rest) = @_; $self->{user} = $rest; return }
sub do_ENV { my ($self, $rest) = @_; $self->{env}{$1} = $2 while $rest =~ /(\w+)=(\S+)/g; return }
sub do_EXPOSE { my ($self, $rest) = @_; $self->{expose} = $rest; return }
sub do_ENTRYPOINT { my ($self, $rest) = @_; $self->{entrypoint} = JSON::PP::decode_json($rest); return }
sub do_CMD { my ($self, $rest) = @_; $self->{command} = JSON::PP::decode_json($rest); return }
sub do_HEALTHCHECK { my ($self, $rest) = @_; ($self->{healthcheck}) = $rest =~ /\bCMD (.*)/; return }

# ---- how

# Makes the folder of the stage. What comes before the first COPY depends on nothing but the words of the Dockerfile, so its outcome
# is kept; what this Dockerfile does not use is thrown away.
sub begin {
    my ($self) = @_;
    my ($key, $below) = ('');
    for my $step (@{ delete $self->{steps} // return }) {
        $key = sha256_hex("$key $step");
        my $kept = "$self->{cache}/$key";
        if (!-e $kept) {
            system 'rm', '-rf', "$kept.new";
            if ($below) {
                copy("$below/.", "$kept.new");
                $self->step("$kept.new", $step);
            }
            else {
                $self->debootstrap("$kept.new");
            }
            rename "$kept.new", $kept or die "$kept: $!\n";
        }
        $self->{used}{$kept} = 1;
        $below = $kept;
    }
    copy("$below/.", $self->{root});
    return;
}

# The base image: Debian as the machine's own package sources have it, with the settings of the official slim images.
sub debootstrap {
    my ($self, $folder) = @_;
    my $sources = join '', map { Test::GptOauth::slurp($_) } '/etc/apt/sources.list', glob '/etc/apt/sources.list.d/*.{list,sources}';
    my ($mirror) = $sources =~ m{^(?:URIs:|deb\s)[^\n#]*?(\S+/debian)/?(?:\s|$)}m;
    $self->must("debootstrap of $self->{suite}", 'debootstrap', '--variant=minbase', $self->{suite}, $folder, $mirror // ());
    my $dpkg = "$folder/etc/dpkg/dpkg.cfg.d";
    make_path($dpkg);
    Test::GptOauth->write_file("$dpkg/docker", join '', map { "$_\n" } 'force-unsafe-io', map { "path-exclude /usr/share/$_/*" } qw(doc man locale));
    return;
}

sub step {
    my ($self, $folder, $command) = @_;
    my @env = map { "$_=$self->{env}{$_}" } sort keys %{ $self->{env} };
    push @env, map { "$_=$ENV{$_}" } grep { exists $ENV{$_} } qw(http_proxy https_proxy);
    $self->must("RUN $command", qw(unshare --mount --pid --fork --kill-child -- sh -c), $build_step, $folder, $self->{cd}, '-i', $path, @env,
        '/bin/sh', '-c', $command);
    return;
}

sub must {
    my ($self, $what, @command) = @_;
    my $result = Test::GptOauth::run({}, @command);
    die "$what: $result->{err}\n" . substr($result->{out}, -2000) . "\n" if $result->{status};
    return;
}

sub copy {
    my ($from, $to) = @_;
    make_path($to) if $from =~ m{/\.$};
    system('cp', '-a', $from, $to) == 0 or die "cp -a $from $to failed\n";
    return;
}

# What .dockerignore leaves of the context.
sub copy_context {
    my ($self, $source, $target) = @_;
    my $rules = Test::GptOauth::slurp("$self->{context}/.dockerignore");
    my @rules = map { /^(!?)(.+)/ ? [ $1 eq '!', pattern($2) ] : () } grep { !/^#/ } split /\n/, $rules;
    chomp(my @files = qx(cd '$self->{context}' && find '$source' -type f -o -type l));
    for my $file (@files) {
        $file =~ s{^\./}{};
        my $wanted = 1;
        $file =~ $_->[1] and $wanted = $_->[0] for @rules;
        next unless $wanted;
        my ($place) = $source eq '.' ? $file =~ m{^(.*/)?} : '';
        $place //= '';
        make_path("$target/$place");
        copy("$self->{context}/$file", "$target/$place");
    }
    return;
}

# A rule matches a path and everything below it.
sub pattern {
    my ($rule) = @_;
    my $regexp = quotemeta $rule;
    $regexp =~ s{\\\*\\\*\\/}{(?:.*/)?}g;
    $regexp =~ s{\\\*}{[^/]*}g;
    return qr{^$regexp(?:/.*)?$};
}

# ---- containers

# Options: env; command (in place of CMD); secrets (a folder, seen at /run/secrets). Answers a running container.
sub start {
    my ($self, %opt) = @_;
    my ($uid, $gid) = split /:/, $self->{user};
    die "the image does not run as 33:33\n" unless $uid == 33 && $gid == 33;
    my %env = (%{ $self->{env} }, %{ $opt{env} });
    my $log = File::Temp->new;
    chown $uid, $gid, $log->filename;
    my @command = (@{ $self->{entrypoint} }, @{ $opt{command} // $self->{command} });
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $log->filename;
        open STDERR, '>>', $log->filename;
        exec qw(setpriv --pdeathsig=KILL -- unshare --mount --pid --fork -- sh -c), $container, $self->{root}, $opt{secrets} // "$self->{work}/no-secrets", 'env', '-i', $path,
            'HOME=/var/www', (map { "$_=$env{$_}" } sort keys %env), @command
            or POSIX::_exit(127);
    }
    return Test::GptOauth::Container->new(pid => $pid, log => $log, image => $self, env => \%env);
}

package Test::GptOauth::Container;

use parent -norequire, 'Test::GptOauth::Flow';
use Time::HiRes qw(sleep time);

sub new { my ($class, %self) = @_; return bless { %self, owner => $$ }, $class }

sub log { my ($self) = @_; return Test::GptOauth::slurp($self->{log}->filename) }
sub port { my ($self) = @_; return $self->{env}{PORT} }
sub issuer { my ($self) = @_; return $self->{env}{GPT_OAUTH_ISSUER} }
sub http { my ($self) = @_; return Test::GptOauth::Http->new($self->port) }

# Its first process, as we see it.
sub first {
    my ($self) = @_;
    my ($first) = Test::GptOauth::slurp("/proc/$self->{pid}/task/$self->{pid}/children") =~ /^(\d+)/;
    return $first;
}

# All of its processes.
sub processes {
    my ($self) = @_;
    my $space = readlink '/proc/' . $self->first . '/ns/pid';
    return grep { (readlink "/proc/$_/ns/pid" // '') eq $space } map { m{(\d+)$} } glob '/proc/[0-9]*';
}

sub kill { my ($self, $signal) = @_; return CORE::kill $signal => $self->first }

# The exit status, once it has ended.
sub status {
    my ($self) = @_;
    $self->{status} = $? >> 8 || $? if !defined $self->{status} && waitpid($self->{pid}, POSIX::WNOHANG()) != 0;
    return $self->{status};
}

sub wait {
    my ($self) = @_;
    my $deadline = time + 60;
    until (defined $self->status) {
        CORE::kill KILL => $self->{pid} if time > $deadline;
        sleep 0.02;
    }
    return $self->{status};
}

# Waits until it listens, or has ended. Is it healthy?
sub healthy {
    my ($self) = @_;
    my $deadline = time + 60;
    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->port)) {
        return 0 if time > $deadline || defined $self->status;
        sleep 0.05;
    }
    return $self->http->get('/oauth/health')->status == 200;
}

# Another command in the running container.
sub execute {
    my ($self, $stdin, @command) = @_;
    my @env = map { "$_=$self->{env}{$_}" } sort keys %{ $self->{env} };
    return Test::GptOauth::run({ stdin => $stdin }, 'nsenter', '-t', $self->first, qw(-m -p -r -w -S 33 -G 33 -- env -i), $path, 'HOME=/var/www', @env,
        @command);
}

sub gptoauth_stdin {
    my ($self, $stdin, @args) = @_;
    my $result = $self->execute($stdin, 'gptoauth', @args);
    die "gptoauth @args: $result->{err}$result->{out}\n" if $result->{status};
    return $result->{out};
}

sub gptoauth { my ($self, @args) = @_; return $self->gptoauth_stdin('', @args) }
sub gptoauth_json { my ($self, @args) = @_; return JSON::PP::decode_json($self->gptoauth(@args, '--json')) }

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || defined $self->{status};
    local ($?, $!, $@);
    CORE::kill KILL => $self->{pid} unless defined $self->status;
    $self->wait;
    return;
}

1;
