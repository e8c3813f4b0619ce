package Test::GptOauth::Markdown;

# A document of the checkout, as a test follows it: its fenced blocks by section, each taken once, so that a test can tell whether it
# has left one out.

use strict;
use warnings;
use FindBin;
use Test::GptOauth ();

sub new {
    my ($class, $file) = @_;
    my $text = Test::GptOauth::slurp("$FindBin::Bin/../$file");
    my $self = bless { file => $file, text => $text, blocks => [] }, $class;
    my $section = '';
    while ($text =~ /^(?:#+ (?<section>[^\n]*)|(?<indent> *)```(?<language>\w*)\n(?<block>.*?)^\g{indent}```)$/msg) {
        my %found = %+;
        $section = $found{section}, next if defined $found{section};
        $found{block} =~ s/^$found{indent}//mg;    # of the list that it stands in
        push @{ $self->{blocks} }, { section => $section, language => $found{language}, text => $found{block} };
    }
    return $self;
}

sub text { return $_[0]{text} }

# The blocks of a language in a section (all sections, if it is undef) that nobody has taken yet, in the order of the text.
sub take {
    my ($self, $section, $language) = @_;
    my @taken = grep { !$_->{taken} && $_->{language} eq $language && (!defined $section || $_->{section} eq $section) } @{ $self->{blocks} };
    $_->{taken} = 1 for @taken;
    return map { $_->{text} } @taken;
}

# What is left of these languages, as "file, section: first line".
sub left {
    my ($self, @languages) = @_;
    my %wanted = map { $_ => 1 } @languages;
    return map { "$self->{file}, $_->{section}: " . ($_->{text} =~ /(.*)/)[0] } grep { !$_->{taken} && $wanted{ $_->{language} } } @{ $self->{blocks} };
}

1;
