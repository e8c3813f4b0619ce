package Test::GptOauth::Files;

# What a path may lead to that is no file, or one without a sensible end.

use strict;
use warnings;
use IO::Socket::UNIX;
use POSIX ();

my @sockets;

# Makes them in a folder. A list of [what, path, why it is not read]; the last is of so many bytes, and none when that is not given.
sub awkward {
    my ($dir, $size) = @_;
    mkdir "$dir/a-folder";
    POSIX::mkfifo("$dir/a-pipe", 0600);
    push @sockets, IO::Socket::UNIX->new(Local => "$dir/a-socket", Listen => 1) // die "$dir/a-socket: $!\n";
    symlink '/dev/zero', "$dir/a-link";
    my @found = (
        [ 'a folder', "$dir/a-folder", 'directory' ],
        [ 'a device', '/dev/zero', 'it is a device' ],
        [ 'the terminal', '/dev/tty', 'it is a device' ],
        [ 'a link to a device', "$dir/a-link", 'it is a device' ],
        [ 'a pipe that nobody writes to', "$dir/a-pipe", 'it is a pipe' ],
        [ 'a socket', "$dir/a-socket", 'it is a socket' ],
    );
    return @found if !$size;
    open my $file, '>', "$dir/a-large-file" or die "$dir/a-large-file: $!\n";
    truncate $file, $size;
    close $file;
    return (@found, [ 'a large file', "$dir/a-large-file", 'it has more than \d+ KB' ]);
}

1;
