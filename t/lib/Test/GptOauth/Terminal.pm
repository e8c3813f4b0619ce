package Test::GptOauth::Terminal;

# A terminal, and somebody who types when he is asked.

use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use POSIX ();
use Time::HiRes qw(time);

our @EXPORT = qw(run_on_terminal);

# Runs a program on a terminal of its own. What is typed, it is given when it shows a prompt that ends with a colon; a reference to a number is a
# signal instead. Answers what was seen, the status, and whether the terminal echoes at the end.
sub run_on_terminal {
    my ($program, @typed) = @_;
    my ($number, $unlock) = ('', pack 'i', 0);
    open my $master, '+<', '/dev/ptmx' or die "/dev/ptmx: $!\n";
    ioctl $master, 0x40045431, $unlock or die "TIOCSPTLCK: $!\n";
    ioctl $master, 0x80045430, $number = pack 'i', 0 or die "TIOCGPTN: $!\n";
    my $path = '/dev/pts/' . unpack 'i', $number;
    open my $terminal, '+<', $path or die "$path: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        POSIX::setsid();
        $SIG{QUIT} = 'DEFAULT';    # a shell's background jobs ignore it, and the command would, too
        open STDIN, '<', $path;
        open STDOUT, '>', $path;
        open STDERR, '>', $path;
        exec qw(prlimit --core=0 --), @$program or POSIX::_exit(127);
    }
    my ($seen, $part, $select, $deadline, $ended) = ('', '', IO::Select->new($master), time + 20);
    while (time < $deadline) {
        if ($select->can_read(0.05)) {
            sysread $master, my $bytes, 4096;
            $seen .= $bytes;
            $part .= $bytes;
        }
        elsif (waitpid($pid, POSIX::WNOHANG()) > 0) {
            $ended = 1;
            last;
        }
        elsif ($part =~ /: \z/ && @typed) {
            $part = '';
            my $next = shift @typed;
            ref $next ? kill(${$next} => $pid) : syswrite $master, $next;
        }
    }
    my $status = $ended ? $? : -1;
    kill KILL => $pid and waitpid $pid, 0 if !$ended;
    my $modes = POSIX::Termios->new;
    $modes->getattr(fileno $terminal);
    return { seen => $seen, status => $status, echo => $modes->getlflag & POSIX::ECHO() };
}

1;
