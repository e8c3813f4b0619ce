#!/usr/bin/perl
# What the store does by itself, on both databases: actions of forms are spent once, one-time passwords sign in to nothing, and the
# pages of a list hold each row once and in order.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $unit = ($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") . '/t/unit/unit';

on_each_db({ start => 0 }, sub {
    my ($t) = @_;
    open my $out, '-|', $unit, $t->is_pgsql ? 'pgsql' : 'sqlite3', $t->{db_params} or die "cannot run $unit: $!\n";
    my @lines = <$out>;
    ok(close $out, 'the program passes') or diag(map { /^not ok/ .. /^ok/ ? $_ : () } @lines);
    cmp_ok(scalar(grep { /^ok/ } @lines), '>', 100, '... of which all was run');
});
done_testing;
