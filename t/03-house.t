#!/usr/bin/perl
# The map of the house, read from the sources: which room may see which, that nothing goes in a circle, neither what is included nor
# what is called, and that files and functions are of a size to be read. Prints the arrows between the rooms (prove -v).
use strict;
use warnings;
use File::Find;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth::Sources;

my @sources;
find({ no_chdir => 1, wanted => sub { push @sources, substr $_, length 'mod_gpt_oauth/' if /\.[ch]$/ } }, 'mod_gpt_oauth');
@sources = sort grep { !m{/(?:migrations|built_in_documents|built_in_pages)\.c$} } @sources;
my %text = map { $_ => read_file("mod_gpt_oauth/$_") } @sources;

# Without comments and the contents of strings.
my %code;
for my $file (@sources) {
    $code{$file} = $text{$file} =~ s{("(?:[^"\\\n]|\\.)*")|'(?:[^'\\\n]|\\.)+'|/\*.*?\*/|//[^\n]*}{ defined $1 ? '""' : "\n" x ($& =~ tr/\n//) }gser;
}

sub room { my ($file) = @_; return $file =~ m{^(.+)/} ? $1 : '.' }
sub stem { my ($file) = @_; return $file =~ s/\.[ch]$//r }

# Lower rooms first. What a room sees: itself and what is named.
my $store = qr{^store/(?:apps|at_once|conninfo|grant_list|health|listen|listing|migrate|migrations|one_time|purge|sessions|source|store|throttles|token_find|value)\.h$};
my @rooms = (
    [ 'base' => qr{^base/} ],
    [ 'store' => qr{^(?:base|store)/} ],
    [ 'cache' => qr{^(?:base|cache)/|$store} ],
    [ 'grant' => qr{^(?:base|grant)/|$store|^cache/(?:answers|endings)\.h$} ],
    [ 'admin' => qr{^(?:admin|base|grant)/|$store} ],
    [ 'web/config' => qr{^(?:base|grant|web/config)/|$store|^private\.h$} ],
    [ 'web/http' => qr{^(?:base|cache|grant|web/config|web/http)/|$store|^private\.h$} ],
    [ 'web/page' => qr{^(?:base|web/config|web/http|web/page)/|^private\.h$} ],
    [ 'web/guard' => qr{^(?:base|grant|web/config|web/http|web/page|web/guard)/|$store|^private\.h$} ],
    [ 'web/endpoint' => qr{^(?:base|grant|web/config|web/http|web/page|web/guard|web/endpoint)/|$store|^private\.h$} ],
    [ 'web/console' => qr{^(?:admin|base|grant|web/config|web/http|web/page|web/endpoint|web/console)/|$store|^private\.h$} ],
    [ 'web/status' => qr{^(?:admin|base|cache|grant|web/config|web/http|web/page|web/endpoint|web/console|web/status)/|$store|^private\.h$} ],
    [ 'web/setup' => qr{^(?:base|cache|grant|web/\w+)/|$store|^private\.h$} ],
    [ '.' => qr{^(?:web/\w+/|private\.h$)} ],
    [ 'cli' => qr{^(?:admin|base|grant|cli|cli/\w+)/|$store} ],
    [ 'cli/client' => qr{^(?:base|grant|cli|cli/client)/|$store} ],
    [ 'cli/doctor' => qr{^(?:admin|base|grant|cli|cli/client|cli/doctor)/|$store} ],
    [ 'cli/setup' => qr{^(?:base|grant|cli|cli/client|cli/setup)/|$store} ],
    [ 'cli/try' => qr{^(?:base|grant|cli|cli/client|cli/try)/|$store} ],
);
my %sees = map { @$_ } @rooms;

# Arrows between files, a source and its header being one, and between rooms.
my (%includes, %calls, %arrows, @wrong, @loose);
for my $file (@sources) {
    for my $included ($text{$file} =~ /^\s*#\s*include\s+"([^"]+)"/mg) {
        push @wrong, "$file: $included" unless $included =~ ($sees{ room($file) } // qr/^$/);
        push @loose, "$file: $included" unless $text{$included} || $included =~ /^(?:private|[\w\/]+\/(?:migrations|built_in_documents))\.h$/;
        $includes{ stem($file) }{ stem($included) } = 1 if stem($file) ne stem($included);
        $arrows{ room($file) }{ room($included) }++ if room($file) ne room($included);
    }
}
none('every room is on the map', grep { my $room = room($_); !$sees{$room} } @sources);
none('a room includes what stands below it, and of store/ only what is for others', @wrong);
none('every include names a file with its folder', @loose);

# Who defines a function or a table, and who names it.
my %home;
for my $file (grep { /\.c$/ } @sources) {
    for my $name ($code{$file} =~ /^(?!static\b)[a-z][\w ]*[ *](\w+)\([^;{}]*\)\n\{/mg, $code{$file} =~ /^(?:const )?\w+ (\w+)(?:\[\])? = \{/mg) {
        $home{$name} = stem($file);
    }
}
cmp_ok(scalar keys %home, '>', 300, 'the functions were found');
for my $file (grep { /\.c$/ } @sources) {
    my %own = map { $_ => 1 } $code{$file} =~ /^static [\w *]*?(\w+)\(/mg;
    # A name of one word is as well a variable's, unless it is called.
    for my $name ($code{$file} =~ /(?<![.>\w])([a-z][a-z0-9]*_\w+|[a-z]\w+(?=\())/g) {
        $calls{ stem($file) }{ $home{$name} }{$name} = 1 if $home{$name} && !$own{$name} && $home{$name} ne stem($file);
    }
}

# The circles of a graph: its strongly connected parts (Tarjan).
sub circles {
    my ($graph) = @_;
    my (%index, %low, %open, @stack, @circles);
    my $visit = sub {
        my ($self, $node) = @_;
        $index{$node} = $low{$node} = keys %index;
        push @stack, $node;
        $open{$node} = 1;
        for my $next (sort keys %{ $graph->{$node} // {} }) {
            $self->($self, $next) if !defined $index{$next};
            my $reached = $open{$next} ? $low{$next} : $low{$node};
            $low{$node} = $reached if $reached < $low{$node};
        }
        return if $low{$node} != $index{$node};
        my @part;
        do { push @part, pop @stack; delete $open{ $part[-1] } } until $part[-1] eq $node;
        push @circles, join ', ', sort @part if @part > 1;
    };
    defined $index{$_} || $visit->($visit, $_) for sort keys %$graph;
    return @circles;
}

is_deeply([ circles({ a => { b => 1 }, b => { c => 1 }, c => { a => 1, d => 1 }, d => {} }) ], ['a, b, c'], 'a circle is found');
none('nothing is included in a circle', circles(\%includes));
none('nothing is called in a circle', map {
    my @part = split /, /;
    ($_, map { my $from = $_; map { my $to = $_; $calls{$from}{$to} ? "    $from -> $to: " . join ' ', sort keys %{ $calls{$from}{$to} } : () } @part } @part)
} circles(\%calls));

my (@silent, @long);
for my $file (grep { /\.c$/ } @sources) {
    my ($opening) = $text{$file} =~ m{\A/\*(.*?)\*/\n}s;
    push @silent, $file unless defined $opening && length $opening > 40 && ($opening =~ tr/\n//) <= 10;
    while ($code{$file} =~ /^\{\n(.*?)^\}$/msg) {
        my $lines = $1 =~ tr/\n//;
        push @long, "$file:" . (1 + (substr($code{$file}, 0, $-[0]) =~ tr/\n//)) . ": $lines lines" if $lines > 50;
    }
}
none('every source opens by saying what it answers for', @silent);
none('no function is longer than 50 lines', @long);

for my $room (map { $_->[0] } reverse @rooms) {
    my $files = grep { room($_) eq $room } @sources;
    note sprintf '%-13s %3d files -> %s', $room, $files, join ', ', map { "$_ ($arrows{$room}{$_})" } sort keys %{ $arrows{$room} // {} };
}
done_testing;
