#!/usr/bin/perl
# The cache in shared memory while many processes use it and some are killed: as it is built for use, and under ThreadSanitizer.
use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;

chdir "$FindBin::Bin/.." or die;
my $tmp = tempdir(CLEANUP => 1);
my $flags = join ' ', '-std=gnu11 -pthread -Imod_gpt_oauth -It/stress', split /\n/, `apr-1-config --cppflags --includes`;
my $sources = join ' ', 't/stress/cache.c', (map { "mod_gpt_oauth/cache/$_.c" } qw(cache slots)), 'mod_gpt_oauth/base/crypto.c';
my $libraries = join ' ', split /\n/, `apr-1-config --link-ld --libs; pkg-config --libs libcrypto`;

# Without -R the kernel may put the program where an older ThreadSanitizer cannot run.
for my $how ([ 'as it is', '-O2', '' ], [ 'under ThreadSanitizer', '-O1 -g -fsanitize=thread', 'setarch -R' ]) {
    my ($name, $options, $runner) = @$how;
    subtest $name => sub {
        is(system("gcc $options $flags -o $tmp/cache $sources $libraries"), 0, 'it builds') or return done_testing;
        my $out = `TSAN_OPTIONS=halt_on_error=1 $runner $tmp/cache 2 2>&1`;
        is($?, 0, 'it runs to its end');
        unlike($out, qr/ThreadSanitizer|runtime error/, 'nothing is found');
        ok($1 eq '', $2) while $out =~ /^(not )?ok \d+ - (.*)/mg;
        like($out, qr/^1\.\.4$/m, 'all was tried') or diag($out);
        note($out);
        done_testing;
    };
}
done_testing;
