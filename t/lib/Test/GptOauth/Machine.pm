package Test::GptOauth::Machine;

# A Debian machine of a test's own, on which the commands of the documents run as they stand: its network, processes, /etc, /var, /run,
# /usr/local/bin and httpd's modules are its own, with the layout of Debian's package apache2; all the rest is that of the real machine,
# which it leaves as it was. Everything that runs on it ends with the test.

use strict;
use warnings;
use Cwd qw(abs_path);
use Fcntl qw(:flock);
use File::Path qw(make_path);
use File::Temp ();
use Test::GptOauth ();

use parent -norequire, 'Test::GptOauth::Flow';

# What the package switches on when it is installed.
my $enabled = 'mpm_event authz_host auth_basic access_compat authn_file authz_user alias dir autoindex env mime negotiation setenvif filter'
    . ' deflate status reqtimeout';

# There is no systemd on it. What is stopped is gone, and what is started listens, before this returns.
my $systemctl = <<'EOS';
#!/bin/sh
export APACHE_STARTED_BY_SYSTEMD=1
pid=$(cat /run/apache2/apache2.pid 2>/dev/null)
case $1 in stop | restart)
    [ -z "$pid" ] || apachectl stop
    while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done ;;
esac
case $1 in start | restart)
    apachectl start || exit 1
    tries=0
    until curl -s -o /dev/null http://127.0.0.1/; do
        [ $((tries += 1)) -lt 300 ] || exit 1
        sleep 0.05
    done ;;
esac
EOS

# Starts the test again as the only program of a new machine. A shell is its first process, which takes care of the orphans.
sub enter {
    return if $ENV{GPTOAUTH_MACHINE};
    $ENV{GPTOAUTH_MACHINE} = unpacked();
    exec qw(setpriv --pdeathsig KILL -- unshare --mount --net --pid --fork --kill-child --mount-proc -- sh -c), '"$@"; exit $?', 'sh', $^X, $0
        or die "unshare: $!\n";
}

# Debian's package, unpacked and not installed: that would start a server.
sub unpacked {
    my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") or die "build first, or set GPTOAUTH_BUILD\n";
    my $folder = "$build/debian";
    make_path($folder);
    open my $lock, '>', "$folder/lock" or die "$folder/lock: $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    return "$folder/apache2" if -e "$folder/apache2";
    my $get = 'cd "$0" && rm -rf ./*.deb new && { apt-get download apache2 || { apt-get update -qq && apt-get download apache2; }; } &&'
        . ' dpkg -x ./*.deb new && mv new apache2 && rm ./*.deb';
    my $done = Test::GptOauth::run({}, 'sh', '-c', $get, $folder);
    die "the package apache2 cannot be had: $done->{err}\n" if $done->{status};
    return "$folder/apache2";
}

# Options: hosts (more names of 127.0.0.1); path (more folders of programs); issuer and port (of the server that it will have).
sub new {
    my ($class, %opt) = @_;
    my $dir = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);
    chmod 0755, $dir;
    my $self = bless { %opt, dir => $dir, env => {} }, $class;
    chomp(my $modules = qx(apxs -q LIBEXECDIR));
    $self->must(<<"EOS");
ip link set lo up
cp -a /etc $dir/etc
rm -rf $dir/etc/apache2 $dir/etc/gpt-oauth
cp -a $ENV{GPTOAUTH_MACHINE}/etc/apache2 $dir/etc
sed -i 's,/usr/share/apache2/,$ENV{GPTOAUTH_MACHINE}&,' $dir/etc/apache2/mods-available/ssl.conf
mkdir -p $dir/local $dir/bin
cp -a $modules $dir/modules
rm -f $dir/modules/mod_gpt_oauth.so
echo '127.0.0.1 localhost @{ $opt{hosts} // [] }' >$dir/etc/hosts
mount --bind $dir/etc /etc
mount --bind $dir/modules $modules
mount --bind $dir/local /usr/local/bin
mount -t tmpfs -o mode=755 tmpfs /usr/local/share
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var
mkdir -p /run/lock /var/lib/apache2 /var/log/apache2 /var/backups /var/www/html
ln -s /run /var/run
ln -s /run/lock /var/lock
EOS
    Test::GptOauth->write_file("$dir/bin/systemctl", $systemctl);
    chmod 0755, "$dir/bin/systemctl";
    $self->must("a2enmod -q $enabled && echo 'ServerName localhost' >/etc/apache2/conf-enabled/name.conf");
    return $self;
}

sub dir { return $_[0]{dir} }

# Where its server is, for the steps of Test::GptOauth::Flow.
sub port { return $_[0]{port} }
sub issuer { return $_[0]{issuer} }
sub http { my ($self) = @_; return $self->{http} //= Test::GptOauth::Http->new($self->port) }
sub gptoauth_json { my ($self, @args) = @_; return JSON::PP::decode_json($self->gptoauth_stdin('', @args, '--json')) }

sub write_file { my ($self, $file, $text) = @_; return Test::GptOauth->write_file($file, $text) }

sub gptoauth_stdin {
    my ($self, $stdin, @args) = @_;
    return $self->must('gptoauth ' . join(' ', map { quotemeta } @args), stdin => $stdin);
}

# Variables that its shell has besides, until they are undef.
sub set { my ($self, %env) = @_; %{ $self->{env} } = (%{ $self->{env} }, %env); return }

# Runs a text as root types it; status, out and err.
sub sh {
    my ($self, $text, %opt) = @_;
    my @path = ("$self->{dir}/bin", @{ $self->{path} // [] }, "$ENV{GPTOAUTH_MACHINE}/usr/sbin");
    my $path = join ':', @path, qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin);
    my @env = map { "$_=$self->{env}{$_}" } grep { defined $self->{env}{$_} } sort keys %{ $self->{env} };
    my $in = $opt{in} // '/';
    return Test::GptOauth::run({ stdin => $opt{stdin} // '' }, 'env', '-i', '-C', $in, 'HOME=/root', 'LANG=C.UTF-8', "PATH=$path", @env, 'bash', '-ec', $text);
}

sub must {
    my ($self, $text, %opt) = @_;
    my $done = $self->sh($text, %opt);
    die "$text: $done->{err}$done->{out}\n" if $done->{status};
    return $done->{out};
}

1;
