package Test::GptOauth::Program;

# A program that talks: its output is awaited line by line, what it asks is answered. It ends with the test, its children too.

use strict;
use warnings;
use IO::Handle;
use IO::Select;
use POSIX ();
use Time::HiRes qw(time);

# env holds variables for it, dir is where it runs.
sub start {
    my ($class, $opt, @command) = @_;
    pipe my $stdin, my $to or die "pipe: $!\n";
    pipe my $from, my $stdout or die "pipe: $!\n";
    my $self = bless { to => $to, from => $from, buffer => '', output => '', name => "@command", owner => $$ }, $class;
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        setpgrp;
        open STDIN, '<&', $stdin;
        open STDOUT, '>&', $stdout;
        open STDERR, '>&', $stdout;
        chdir $opt->{dir} or POSIX::_exit(126) if $opt->{dir};
        %ENV = (%ENV, %{ $opt->{env} // {} });
        exec qw(setpriv --pdeathsig TERM --), @command or POSIX::_exit(127);
    }
    $to->autoflush(1);
    return $self;
}

# All that it has printed so far.
sub output { return $_[0]{output} . $_[0]{buffer} }

sub say {
    my ($self, $line) = @_;
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{to} } "$line\n";
    return;
}

sub end_input { close $_[0]{to}; return }

# The captures of the next line that matches; dies when there is none within that time, or the program ends before.
sub await {
    my ($self, $pattern, $seconds) = @_;
    my $deadline = time + ($seconds // 60);
    while (1) {
        while (defined(my $line = $self->next_line)) {
            my @found = $line =~ $pattern;
            return wantarray ? @found : $found[0] if @found;
        }
        my $left = $deadline - time;
        my $why = $left <= 0 ? 'in time' : $self->read_some($left) ? next : 'before its end';
        die "$self->{name}: no line that matches $pattern $why:\n" . $self->output . "\n";
    }
}

sub next_line {
    my ($self) = @_;
    $self->{buffer} =~ s/^([^\n]*)\n// or return;
    $self->{output} .= "$1\n";
    return $1;
}

# False at the end of its output.
sub read_some {
    my ($self, $seconds) = @_;
    return 1 unless IO::Select->new($self->{from})->can_read($seconds);
    return sysread $self->{from}, $self->{buffer}, 65536, length $self->{buffer};
}

# Waits for its end; answers its exit status, or "signal 15".
sub finish {
    my ($self, $seconds) = @_;
    my $deadline = time + ($seconds // 30);
    $self->end_input;
    1 while time < $deadline && $self->read_some($deadline - time);
    return $self->stop(time < $deadline ? () : 'TERM');
}

sub stop {
    my ($self, $signal) = @_;
    my $pid = delete $self->{pid} or return;
    kill $signal => -$pid if $signal;
    waitpid $pid, 0;
    return $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!, $@);
    $self->stop('KILL');
    return;
}

1;
