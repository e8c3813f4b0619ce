#!/usr/bin/perl
# The unit tests of base/, store/ and grant/; the program prints TAP itself.
use strict;
use warnings;
use FindBin;

my $build = $ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build";
exec "$build/t/unit/unit" or die "cannot run $build/t/unit/unit: $!\n";
