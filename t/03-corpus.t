#!/usr/bin/perl
# The targets of ./check --fuzz with the inputs of t/fuzz/corpus/ alone: what is parsed keeps its properties. A fuzzer's find
# becomes a file there.
use strict;
use warnings;
use FindBin;
use Test::More;

my $build = $ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build";
my $fuzz = "$FindBin::Bin/fuzz";
my @targets = map { m{([^/]+)$} } sort glob "$fuzz/corpus/*";

# The sources are the one list of targets that nobody has to keep.
my %is_none = map { $_ => 1 } qw(broken feed libfuzzer);
is_deeply(\@targets, [ sort grep { !$is_none{$_} } map { m{([^/]+)\.c$} } glob "$fuzz/*.c" ], 'each target has a corpus');
for my $target (@targets) {
    my @files = sort glob "$fuzz/corpus/$target/*";
    cmp_ok(scalar @files, '>=', 5, "$target has inputs");
    open my $out, '-|', "$build/t/fuzz/feed", $target, @files or die "cannot run $build/t/fuzz/feed: $!\n";
    my @done = <$out>;
    ok(close($out) && @done == @files, "$target takes them all")
      or diag(@done < @files ? "not $files[@done]" : "status $?");
}
done_testing;
