package Bench::Server;

# An httpd as people run it, for measuring: the event MPM with 2 processes of 80 threads, pools of 16 connections, no access log. All
# servers of a run live side by side; idle ones cost nothing. Options beside those of Test::GptOauth: beside (a server whose database
# this one shares); plain (without our module); floor (the module with the handlers to compare with); directives.

use strict;
use warnings;
use Test::GptOauth::Process qw(slurp);
use Time::HiRes qw(time);

use parent 'Test::GptOauth';

our $ISSUER = 'http://localhost';

my @modules = qw(mpm_event authn_core authz_core authz_user auth_basic authn_dbd authn_socache socache_shmcb dbd mime);
chomp(my $folder = qx(apxs -q LIBEXECDIR) || '/usr/lib/apache2/modules');

my $conf = <<'EOC';
ServerRoot "%%DIR%%"
ServerName localhost
Listen 127.0.0.1:%%PORT%%
%%MODULES%%
User www-data
Group www-data
PidFile "%%DIR%%/httpd.pid"
ErrorLog "%%DIR%%/error.log"
LogLevel warn
Mutex default:%%DIR%%
StartServers 2
ServerLimit 2
ThreadsPerChild 80
ThreadLimit 80
MaxRequestWorkers 160
MinSpareThreads 1
MaxSpareThreads 160
MaxKeepAliveRequests 0
KeepAliveTimeout 60
Timeout 60
DocumentRoot "%%DIR%%/htdocs"
TypesConfig /dev/null
Include "%%DIR%%/dbd.conf"
DBDKeep 16
DBDMax 16
<Location /floor>
    SetHandler bench-floor
</Location>
<Location /floor-hello>
    SetHandler bench-hello
</Location>
EOC

my $peers = <<'EOC';
AuthnCacheSOCache "shmcb:%%DIR%%/socache(33554432)"
<Location /dbd>
    SetHandler bench-floor
    AuthType Basic
    AuthDBDUserPWQuery "SELECT password FROM bench_user WHERE name = %s"
    AuthName bench
    AuthBasicProvider dbd
    Require valid-user
</Location>
<Location /socache>
    SetHandler bench-floor
    AuthType Basic
    AuthDBDUserPWQuery "SELECT password FROM bench_user WHERE name = %s"
    AuthName bench
    AuthBasicProvider socache dbd
    AuthnCacheProvideFor dbd
    Require valid-user
</Location>
EOC

my $ours = <<"EOC";
GPTOAuthIssuer $ISSUER
GPTOAuthScope read "Read" default
GPTOAuthScope write "Write"
<Location /guard>
    SetHandler bench-floor
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
<Location /forbidden>
    SetHandler bench-floor
    AuthType GPTOAuth
    Require oauth-scope write
</Location>
<Location /hello>
    SetHandler gpt-oauth-hello
</Location>
EOC

sub prepare_database {
    my ($self) = @_;
    my $beside = $self->{beside} or return $self->SUPER::prepare_database;
    @$self{qw(database db_params)} = @$beside{qw(database db_params)};
    $self->write_file('dbd.conf', slurp("$beside->{dir}/dbd.conf"));
    return;
}

sub issuer { return $ISSUER }

sub write_conf {
    my ($self) = @_;
    my @load = map { "LoadModule ${_}_module $folder/mod_$_.so" } @modules;
    push @load, "LoadModule bench_floor_module $self->{floor}";
    push @load, "LoadModule gpt_oauth_module $self->{module}" unless $self->{plain};
    (my $text = $conf) =~ s/%%MODULES%%/join "\n", @load/e;
    return $self->write_file('httpd.conf', $text . ($self->{plain} ? $peers : $ours) . ($self->{directives} // ''));
}

# Seconds from the start to the first connection.
sub start {
    my ($self) = @_;
    my $begun = time;
    $self->SUPER::start;
    return $self->{start_seconds} = time - $begun;
}

# ---- what it costs

# A process and all below it.
sub tree {
    my ($pid) = @_;
    my @below = split ' ', slurp("/proc/$pid/task/$pid/children");
    return ($pid, map { tree($_) } @below);
}

my $tick = 1e6 / (qx(getconf CLK_TCK) || 100);

# Microseconds of CPU that a process, those below it, and those of them that have ended, have used.
sub cpu {
    my ($pid) = @_;
    my $sum = 0;
    for (tree($pid)) {
        my @field = split ' ', slurp("/proc/$_/stat") =~ s/^.*\) //sr;
        $sum += $_ // 0 for @field[ 11 .. 14 ];
    }
    return $sum * $tick;
}

# MB that a process and those below it have to themselves or share in fair parts.
sub memory {
    my ($pid) = @_;
    my $sum = 0;
    for my $rollup (map { slurp("/proc/$_/smaps_rollup") } tree($pid)) {
        $sum += $1 if $rollup =~ /^Pss:\s+(\d+)/m;
    }
    return $sum / 1024;
}

# MB of anonymous memory that the processes of a server share.
sub shared_memory {
    my ($pid) = @_;
    my ($sum, $is_shared) = (0, 0);
    for (split /\n/, slurp("/proc/$pid/smaps")) {
        $is_shared = m{ rw-s .*/dev/zero} if /^[0-9a-f]+-/;
        $sum += $1 if $is_shared && /^Size:\s+(\d+)/;
    }
    return $sum / 1024;
}

1;
