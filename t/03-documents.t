#!/usr/bin/perl
# The documents: their links lead somewhere, their lines fit, and each sentence stands in one of them.
use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth::Sources;

my @documents = glob '*.md docs/*.md';
my %text = map { $_ => read_file($_) } @documents;
my %prose = map { $_ => $text{$_} =~ s{^( *)```.*?^\1```$}{}msgr } @documents;

# The anchors that a forge gives to the headings of a file.
sub anchors {
    my ($file) = @_;
    return map { lc =~ s/[^\w\- ]//gr =~ tr/ /-/r } $text{$file} =~ /^#+ (.*)/mg;
}

my $links = 0;
for my $document (@documents) {
    my @wrong;
    for my $link ($prose{$document} =~ /\]\(([^)]+)\)|(?:src|href)="([^"]+)"/g) {
        next if !defined $link || $link =~ /^https?:/;
        $links++;
        my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
        my $file = !length $path ? $document : $document =~ m{/} ? dirname($document) . "/$path" : $path;
        $file =~ s{(?:^|(?<=/))[^/]+/\.\./}{};
        push @wrong, $link if !-e $file || defined $anchor && !grep { $_ eq $anchor } anchors($file);
    }
    none("every link of $document leads somewhere", @wrong);
}
cmp_ok($links, '>', 30, 'the links were found');

cmp_ok($text{'README.md'} =~ tr/\n//, '<=', 180, 'README is no longer than an administrator reads');

# What a test could not find: t/21-readme.t, t/23-admin.t and t/72-guide.t run what is fenced.
my %ours = map { $_ => $prose{$_} } grep { $_ ne 'HACKING.md' } @documents;
for my $document (sort keys %ours) {
    none("$document has fenced code only", $ours{$document} =~ /^\n(?: {4,}|\t)(?![-\d|])(\S.*)$/mg);
    none("... in languages that are tested", grep { !/^(?:sh|apache|html)$/ } $text{$document} =~ /^ *```(.+)$/mg);
}

# A code span that is longer than a line has one to itself.
for my $document (sort keys %ours) {
    none("the lines of $document fit",
        grep { length > 119 && !/^\s*(?:\||<|#)/ && !/^\s*(?:- |\d+\. )?`[^`]*`\S*$/ } split /\n/, $ours{$document});
}

# Sentences of prose and of tables, without marks and spaces.
my %at;
for my $document (sort keys %ours) {
    (my $flat = $ours{$document}) =~ s/\n(?! *(?:[-|#]|\d+\. |\n))/ /g;
    for my $sentence (map { split /(?<=[.:;?!])\s+/ } map { split / \| / } split /\n/, $flat) {
        my $bare = lc $sentence =~ s/[^\w\/.]+/ /gr;
        push @{ $at{$bare} }, $document if length $bare > 45;
    }
}
none('no sentence stands in two documents',
    map { my %in = map { $_ => 1 } @{ $at{$_} }; keys %in > 1 ? "$_ (@{[ sort keys %in ]})" : () } sort keys %at);

done_testing();
