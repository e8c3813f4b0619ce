package Test::GptOauth::Statements;

# Every statement that an operation of store/ can run, read from the preprocessed sources: an op_t with the arguments that it is
# run with.

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);

our @EXPORT = qw(operations);

my $root = abs_path(dirname(__FILE__) . '/../../../..');
my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$root/build") // "$root/build";

my $string = qr/"(?:[^"\\]|\\.)*"/;
my $strings = qr/$string(?:\s*$string)*/;
my $step = qr/\(?$strings\)?/;

# Neighbours are one.
sub literal { my ($text) = @_; return join '', map { s/^"|"$//gr =~ s/\\(.)/$1/gr } $text =~ /$string/g }

# The sources as the compiler sees them, without what their includes bring along: name to text.
sub preprocessed {
    my $make = 'preprocess: ; @$(COMPILE) -E $(FILES)';
    my $all = qx{make -s -C '$build' --eval='$make' preprocess FILES="\$(echo $root/mod_gpt_oauth/store/*.c)"};
    die "the sources cannot be preprocessed\n" if $?;
    my (%text, $file);
    for my $line (split /^/, $all) {
        if ($line =~ /^# \d+ "([^"]*)"/) {
            $file = $1 =~ m{/store/(\w+\.c)$} ? $1 : undef;
        } elsif (defined $file) {
            $text{$file} .= $line;
        }
    }
    return %text;
}

# text, number or digest, in the order of an initializer.
sub kinds { my ($text) = @_; return $text =~ /\bv_(text|number|digest)\(/g }

# Each has: file; name (of the op_t's function, or its own outside of functions); sql, done (undef where there is none), steps; kinds,
# of its arguments; since (undef where any schema will do). What stands in the place of one that has it, follows it.
sub operations {
    my %text = preprocessed();
    my @client = kinds($text{'client_row.c'} =~ /value_t bound\[\] = \{(.*?)\};/s);
    my (@found, %left);
    $left{ $_->[0] . ': ' . $_->[1]{sql} } = 1 for map { my $file = $_; my %ops = ops_in($text{$file}); map { [ $file => $_ ] } map { @$_ } values %ops } keys %text;
    for my $file (sort keys %text) {
        my %outside = ops_in($text{$file} =~ s/^\{.*?^\}//gmsr);
        while ($text{$file} =~ /(\w+)\([^;{}()]*\)\s*^\{(.*?)^\}/gms) {
            my ($function, $body) = ($1, $2);
            my %ops = (%outside, ops_in($body));
            my %args = map { @$_ } map { [ $_->[0] => [ kinds($_->[1]) ] ] } pairs($body =~ /value_t (\w+)\[\] = \{(.*?)\};/gs);
            $args{args} //= [ @client, kinds(join ' ', $body =~ /args\[[^\]]*\] = [^;]*/g) ] if $body =~ /bind_client\(/;
            my %run = $body =~ /\(&?store,\s*&?(\w+)(?:\[[^;]*?\])?,\s*(\w+|\(\(void \*\)0\))\s*,/g;
            for my $op (grep { $run{$_} } sort keys %ops) {
                my @all = map { $_, $_->{before} ? $ops{ $_->{before} }[0] : () } @{ $ops{$op} };
                delete $left{"$file: $_->{sql}"} for @all;
                push @found, map { { %$_, file => $file, name => $function, kinds => $args{ $run{$op} } // [] } } @all;
            }
        }
    }
    die "nobody knows with what these are run:\n", map { "  $_\n" } sort keys %left if %left;
    return @found;
}

# The list in twos.
sub pairs { my @pairs; push @pairs, [ splice @_, 0, 2 ] while @_; return @pairs }

# Name to the op_ts that it holds: one, or those of an array.
sub ops_in {
    my ($text) = @_;
    my %ops;
    while ($text =~ /const op_t (\w+)(?:\[\d*\])? =\s*((?:[^;"]|$string)*);/g) {
        my ($name, $value) = ($1, $2);
        for my $one (split /(?=\.sql\s*=)/, $value) {
            my ($sql) = $one =~ /\.sql\s*=\s*($strings)/ or next;
            my ($done) = $one =~ /\.done\s*=\s*($strings)/;
            my ($steps) = $one =~ /\.steps\s*=\s*\{\s*($step(?:\s*,\s*$step)*)/;
            my @steps = defined $steps ? map { literal($_) } $steps =~ /$strings/g : ();
            my ($since) = $one =~ /\.since\s*=\s*(\d+)/;
            my ($before) = $one =~ /\.before\s*=\s*&(\w+)/;
            push @{ $ops{$name} }, { sql => literal($sql), done => defined $done ? literal($done) : undef, steps => \@steps, since => $since, before => $before };
        }
    }
    return %ops;
}

1;
