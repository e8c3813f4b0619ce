package Test::GptOauth::Process;

# Programs that are run to their end, and files that are read whole.

use strict;
use warnings;
use Exporter qw(import);
use File::Temp ();
use POSIX ();

our @EXPORT_OK = qw(output run slurp);

# status, out and err of a command; stdin: what it reads.
sub run {
    my ($opt, @command) = @_;
    my @files = map { File::Temp->new } 1 .. 3;
    print { $files[0] } $opt->{stdin} // '';
    $files[0]->flush;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', $files[0]->filename;
        open STDOUT, '>', $files[1]->filename;
        open STDERR, '>', $files[2]->filename;
        exec @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $?;
    return { status => $status >> 8 || $status, out => slurp($files[1]->filename), err => slurp($files[2]->filename) };
}

# What a command prints, without the last line feed. Dies where it fails.
sub output {
    my ($stdin, @command) = @_;
    my $result = run({ stdin => $stdin }, @command);
    die "@command: $result->{err}\n" if $result->{status};
    chomp $result->{out};
    return $result->{out};
}

# Empty where there is no such file.
sub slurp {
    my ($file) = @_;
    open my $handle, '<', $file or return '';
    local $/;
    return <$handle> // '';
}

1;
