#!/usr/bin/perl
# The manual pages: without a fault that mandoc finds, and in agreement with the command's help and with the module's tables.
use strict;
use warnings;
use File::Find;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $top = "$FindBin::Bin/..";
my $build = $ENV{GPTOAUTH_BUILD} // "$top/build";
my $gptoauth = "$build/gptoauth";

# A page as text, so wide that no name of an entry is broken, and its sections by name.
sub page {
    my ($file) = @_;
    my ($name) = $file =~ m{([^/]+)$};
    my $lint = Test::GptOauth::run({}, qw(mandoc -T lint -W warning), $file);
    is($lint->{status}, 0, "mandoc finds no fault with $name") or diag $lint->{out}, $lint->{err};
    my $text = Test::GptOauth::run({}, qw(mandoc -T ascii -O width=400), $file)->{out};
    $text =~ s/.\x08//g;    # how bold and underlined letters are written
    my %section = $text =~ /^([A-Z][A-Z ]*)\n(.*?)(?=^\S)/msg;
    return ($text, %section);
}

# What the entries of a list are called, line by line, and what stands below each.
sub entries {
    my ($section) = @_;
    my @found;
    for my $line (split /\n/, $section) {
        my ($indent, $words) = $line =~ /^( *)(\S.*)$/ or next;
        # Where the name is short, the text begins beside it.
        my ($name, $beside) = $words =~ /^(\S+) {2,}(.*)$/ && length($1) < 8 ? ($1, $2) : ($words, '');
        push @found, [ $name, $beside ] if length $indent == 5;
        $found[-1][1] .= $words if length $indent > 5 && @found;
    }
    return @found;
}

sub options { my %seen = map { $_ => 1 } $_[0] =~ /(?<![\w-])(--[a-z][\w-]*)/g; return sort keys %seen }

sub sources {
    my ($folder) = @_;
    my @files;
    find({ no_chdir => 1, wanted => sub { push @files, $_ if /\.[ch]$/ } }, "$top/mod_gpt_oauth/$folder");
    return join '', map { Test::GptOauth::slurp($_) } sort @files;
}

subtest 'gptoauth.1' => sub {
    my $help = Test::GptOauth::run({}, $gptoauth, '--help')->{out};
    my ($commands, $options) = $help =~ /^Usage: .*?\n\n(.*?)\n\n(.*)\z/s;
    my @synopses = map { s/ {2,}.*//r } $commands =~ /^ {2}(\S.*)$/mg;
    my @common = map { s/ {2,}.*//r } $options =~ /^ {2}(\S.*)$/mg;
    cmp_ok(scalar @synopses, '>', 25, 'the help was understood');

    my ($text, %section) = page("$top/man/gptoauth.1");
    my @described = entries($section{COMMANDS});
    my $known = join '|', map { /^(\w+)/ } @synopses;
    is_deeply([ sort grep { /^(?:$known) ?/ } map { $_->[0] } @described ], [ sort @synopses ],
        'the page has each command of the help, word for word, and no other');
    my @options = entries($section{OPTIONS});
    is_deeply([ map { join ', ', sort split /, / } grep { /^-/ } map { $_->[0] } @options ], [ map { join ', ', sort split /, / } @common ],
        '... and each option that goes with all of them');

    my ($usage) = $help =~ /^Usage: (.*)$/m;
    like($section{SYNOPSIS}, qr/^ *\Q$usage\E$/m, '... and the usage');
    my @table = sources('cli') =~ /^ *\{ "(--[\w-]+)", ARG_\w+/mg;
    cmp_ok(scalar @table, '>', 20, "the command's table of options was found");
    is_deeply([ options($help) ], [ sort @table ], 'the help names each option there is');
    is_deeply([ grep { $_ ne '--name' } options($text) ], [ sort @table ], '... and so does the page');

    my %noun = map { $_ => 1 } map { /^(\w+)/ } @synopses;
    for my $noun (sort keys %noun) {
        my $own = Test::GptOauth::run({}, $gptoauth, $noun, '--help')->{out};
        is_deeply([ map { s/ {2,}.*//r } grep { /^\Q$noun\E\b/ } $own =~ /^ {2}(\S.*)$/mg ], [ grep { /^\Q$noun\E\b/ } @synopses ], "gptoauth $noun --help");
    }

    my ($statuses) = sources('cli') =~ /^enum \{ (DONE\b[^}]*) \};/m;
    is_deeply([ map { $_->[0] } entries($section{'EXIT STATUS'}) ], [ ($statuses // '') =~ /= (\d+)/g ], 'it knows the exit statuses');
    my ($file) = $help =~ m{\(default: (/\S+)\)};
    is((map { $_->[0] } entries($section{FILES}))[0], $file, '... and the file that is read by default');
};

subtest 'mod_gpt_oauth.7' => sub {
    my ($text, %section) = page("$build/man/mod_gpt_oauth.7");
    my $sources = sources('web');

    my %context;
    while ($sources =~ /\bAP_INIT_\w+\(\s*"(GPTOAuth\w+)",[^"]*?\b((?:RSRC_CONF|ACCESS_CONF)[\w |]*),/g) {
        my ($name, $where) = ($1, $2);
        $context{$name} = join ', ', ($where =~ /RSRC_CONF/ ? 'server' : ()), ($where =~ /ACCESS_CONF/ ? 'section' : ());
    }
    cmp_ok(scalar keys %context, '>', 20, 'the command table was found');
    my %described;
    for my $entry (entries($section{DIRECTIVES})) {
        my ($name) = $entry->[0] =~ /^(GPTOAuth\w+)/ or next;
        ($described{$name}) = $entry->[1] =~ /^\(([a-z, ]+)\) \S/;
    }
    is_deeply(\%described, \%context, 'it has each directive with its context, and no other');

    my %handler = map { $_ => 1 } $sources =~ /^ *\{ (?:NULL|WELL_KNOWN_\w+|"[^"]+"), "(gpt-oauth-[a-z]+)",/mg;
    cmp_ok(scalar keys %handler, '>', 5, 'the table of endpoints was found');
    is_deeply([ sort $section{ENDPOINTS} =~ /\((gpt-oauth-[a-z]+)\)/g ], [ sort keys %handler ], '... and each endpoint');
    like($section{DIAGNOSTICS}, qr/\bGPT\d{3}\b/, 'it quotes a code of the log');
};

done_testing;
