package Bench::Load;

# One measurement: a client on a processor of its own, and what httpd and PostgreSQL have used meanwhile. The result is a hash: rate
# (answers a second), p50 and p99 (microseconds), httpd and pgsql (microseconds of CPU for each answer), client (how busy its
# processor was, of 1).

use strict;
use warnings;
use Bench::Data;
use Bench::Server;
use Digest::SHA qw(sha256);
use Fcntl qw(:flock);
use File::Temp ();
use FindBin;
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use Test::GptOauth::Process qw(output slurp);
use Time::HiRes qw(sleep time);

my @on_client;    # how a client gets its processor
my $lock;

# Servers on the first processor, which what is started from now on inherits, clients on the second. False where there is but one.
sub pin {
    my @cpus = map { /^(\d+)-(\d+)$/ ? $1 .. $2 : $_ } split /,/, qx(taskset -cp $$) =~ s/.*: //sr =~ s/\s//gr;
    return if @cpus < 2;
    output('', 'taskset', '-cp', $cpus[0], $$);
    @on_client = ('taskset', '-c', $cpus[1]);
    return 1;
}

# From now on nothing is measured while somebody else holds this file.
sub share { my ($file) = @_; open $lock, '>>', $file or die "bench: $file: $!\n"; return }

# The CPU that two process trees and our own children use while the sub runs, which answers requests and what else it measured.
sub observe {
    my ($server, $sub) = @_;
    flock $lock, LOCK_EX if $lock;
    my @trees = ($server->pid, $server->cluster->pid);
    my @before = map { Bench::Server::cpu($_) } @trees;
    my ($begun, @times) = (time, times);
    my $result = $sub->();
    my ($used, $elapsed) = ((times)[2] + (times)[3] - $times[2] - $times[3], time - $begun);
    my @after = map { Bench::Server::cpu($_) } @trees;
    flock $lock, LOCK_UN if $lock;
    my $count = $result->{requests} + ($result->{beside} // 0) || 1;
    @$result{qw(httpd pgsql)} = map { ($after[$_] - $before[$_]) / $count } 0, 1;
    $result->{cpu} = $result->{httpd} + $result->{pgsql};
    $result->{client} = $used / $elapsed;
    return $result;
}

# wrk with one of our scripts; args is what stands behind --. Answers what report.lua prints. All requests must be answered, or, with
# refused, all be refused; tolerate is the part of them that may be refused all the same.
sub wrk {
    my ($server, $opt, @args) = @_;
    my ($threads, $connections) = ($opt->{threads} // 1, $opt->{connections});
    my $url = 'http://127.0.0.1:' . $server->port . $opt->{path};
    my $said = output('', qw(setpriv --pdeathsig TERM --), @on_client, 'wrk', "-t$threads", "-c$connections", "-d$opt->{seconds}s", '--timeout', 5,
        '-s', "$FindBin::Bin/$opt->{script}.lua", $url, '--', @args);
    my ($requests, $seconds, $refused, $failed, $p50, $p99) = $said =~ /^bench (\d+) ([\d.]+) (\d+) (\d+) (\d+) (\d+)$/m
        or die "bench: wrk printed\n$said\n";
    die "bench: $failed requests to $url failed\n" if $failed;
    my @expected = $opt->{refused} ? ($requests, $requests) : (0, $requests * ($opt->{tolerate} // 0));
    die "bench: $refused of $requests requests to $url were refused\n" if $refused < $expected[0] || $refused > $expected[1] || !$requests;
    my $answered = $opt->{refused} ? $requests : $requests - $refused;
    return { requests => $requests, rate => $answered / $seconds, refused => $refused, p50 => $p50, p99 => $p99 };
}

# GET with credentials drawn from a file.
sub draw {
    my ($server, $opt) = @_;
    return wrk($server, { %$opt, script => 'draw' }, $opt->{file}, $opt->{walk} ? 'walk' : 'random', $opt->{pause} // 0);
}

# Runs a sub in a process of its own, and what it answers is awaited.
sub background {
    my ($sub) = @_;
    my $job = { file => File::Temp->new, pid => fork // die "fork: $!\n" };
    return $job if $job->{pid};
    my $value = eval { $sub->() };
    print STDERR $@ unless defined $value;
    print { $job->{file} } $value // '';
    close $job->{file};
    POSIX::_exit(defined $value ? 0 : 1);
}

sub await {
    my ($job) = @_;
    waitpid $job->{pid}, 0;
    die "bench: what ran beside it failed\n" if $?;
    return slurp($job->{file}->filename);
}

# The same beside another load, which begins earlier and ends later.
sub draw_beside {
    my ($server, $opt, $other) = @_;
    my $job = background(sub { draw($server, { %$other, seconds => $opt->{seconds} + 1 })->{requests} });
    sleep 0.5;
    my $result = draw($server, $opt);
    $result->{beside} = await($job);
    return $result;
}

# The same beside `gptoauth purge`, which begins at the same time; purged is how many tokens a second it deletes.
sub draw_beside_purge {
    my ($server, $opt, $data, $count) = @_;
    $data->add_expired($count);
    my $job = background(sub { my $begun = time; $server->gptoauth('purge'); return time - $begun });
    my $result = observe($server, sub { draw($server, $opt) });
    my $seconds = await($job);
    $result->{purged} = ($count - $data->count_expired) / $seconds;
    return $result;
}

# The token endpoint; kind is code or refresh. One in a hundred may be told to come again, where the machine is too busy.
sub exchange {
    my ($server, $data, $kind, $connections, $seconds) = @_;
    my $client = $data->client;
    my (undef, $file) = $kind eq 'code' ? $data->codes(codes_for($seconds)) : $data->refresh_tokens($connections);
    return observe($server, sub {
        return wrk($server, { path => '/oauth/token', script => 'exchange', threads => $connections, connections => $connections, seconds => $seconds, tolerate => 0.01 },
            $file, $client->{id}, $connections, $kind, $Bench::Data::VERIFIER, $client->{redirect_uri});
    });
}

# More than anybody redeems in the time.
sub codes_for { my ($seconds) = @_; return 10_000 * $seconds + 2_000 }

# One of our scripts by pgbench, which is to write a token in each transaction.
sub pgbench {
    my ($server, $data, $script, $connections, $seconds) = @_;
    my $cluster = $server->cluster;
    my $now = int time;
    my ($run) = $script eq 'redeem' ? $data->codes(codes_for($seconds), 1) : $data->refresh_tokens($connections);
    my %variable = (now => $now, run => $run, issuer => $Bench::Server::ISSUER, taken => -1, connections => $connections, client => $data->client->{id},
        redirect => $data->client->{redirect_uri}, challenge => encode_base64url(sha256($Bench::Data::VERIFIER)));
    my $tokens = "SELECT count(*) FROM oauth_access_token WHERE grant_id LIKE '$run%'";
    my $log = $server->dir . '/pgbench';
    my $result = observe($server, sub {
        my $said = output('', qw(setpriv --pdeathsig TERM --), @on_client, $cluster->bin('pgbench'), '-n', '-M', 'prepared', '-c', $connections, '-j', $connections,    # as many threads as wrk has
            '-T', $seconds, '-f', "$FindBin::Bin/$script.pgbench", '-l', "--log-prefix=$log", (map { "-D$_=$variable{$_}" } sort keys %variable),
            '-h', $cluster->dir, '-p', $cluster->port, '-U', 'oauth', $server->database);
        my ($count) = $said =~ /transactions actually processed: (\d+)/ or die "bench: pgbench printed\n$said\n";
        my ($rate) = $said =~ /^tps = ([\d.]+)/m;
        return { requests => $count, rate => $rate };
    });
    my $written = $server->sql($tokens);
    die "bench: $script.pgbench wrote $written tokens in $result->{requests} transactions\n" if $written != $result->{requests};
    my @logs = glob "$log.*";
    my @micros = sort { $a <=> $b } map { (split)[2] } map { split /\n/, slurp($_) } @logs;
    unlink @logs;
    @$result{qw(p50 p99)} = @micros[ $#micros * 0.5, $#micros * 0.99 ];
    return $result;
}

# Starts a server, has it answer for a second, and stops it: start is the ms until it took a connection; memory the MB of its processes,
# what they share included; shared the MB of anonymous memory that they share.
sub start {
    my ($server, $opt) = @_;
    flock $lock, LOCK_EX if $lock;
    $server->start;
    draw($server, { %$opt, seconds => 1 });
    my %result = (start => 1000 * $server->{start_seconds}, memory => Bench::Server::memory($server->pid), shared => Bench::Server::shared_memory($server->pid));
    $server->stop;
    flock $lock, LOCK_UN if $lock;
    return \%result;
}

1;
