package Test::GptOauth::Sources;

# For tests that read the checkout itself. Whoever uses it finds itself at the top of the checkout, and may print UTF-8.

use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(dirname);
use Test::More;

our @EXPORT = qw(none read_file);

binmode $_, ':encoding(UTF-8)' for Test::More->builder->output, Test::More->builder->failure_output;
chdir dirname(__FILE__) . '/../../../..' or die "cannot enter the checkout: $!\n";

# The characters of a file; none where there is no such file.
sub read_file {
    my ($file) = @_;
    open my $in, '<:encoding(UTF-8)', $file or return '';
    local $/;
    return <$in> // '';
}

# Passes when nothing is wrong, else prints what is.
sub none {
    my ($name, @wrong) = @_;
    return ok(!@wrong, $name) || diag(map { "  $_\n" } @wrong);
}

1;
