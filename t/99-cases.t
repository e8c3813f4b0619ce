#!/usr/bin/perl
# Every critical and high case of t/cases.txt has an assertion that names it and, where ./check kept the output of the tests
# that ran before this one, an assertion that passed and was not skipped.
use strict;
use warnings;
use FindBin;
use Test::More;

my @required = qw(1 2 5 6 9 12 13 24 28 30 40 42 44 45 46 48 49 50 52 53 54 56 57 58 60 61 62 64 65 68 70 72 74 76 77 78 81 82
  86 108 109 113 114 116 117 118 120 121 125 129 130 132 134 136 137 138 140 144 149 150 152 153 154 156 157 158 162 164
  93 169 172 173 174 180 184 185 186 188 192 198 200 202 205 206 208 209 210 212 213 214 217
  221 222 224 226 253 256
  229 230 234 237 238 240 241 242 244 245 246 248 249 250 260 261 262 264 265 268 270 273 276 280 281 282 284 285 288 289 290
  297 298 300 301 302 304 305 306 307 308 309 311 314 319 320 321 322 324 325 326 327 328 330);

# "case 5", "cases 5, 6 and 12"
sub names {
    my ($text, $number) = @_;
    while ($text =~ /\bcases? (\d+(?:(?:, | and |, and )\d+)*)\b/g) {
        return 1 if grep { $_ == $number } $1 =~ /\d+/g;
    }
    return 0;
}

sub read_file {
    open my $file, '<', $_[0] or return '';
    local $/;
    return <$file>;
}

# What the test printed; a unit test's lines are in the output of the one test that runs them all.
sub output_of {
    my ($test) = @_;
    my $folder = $ENV{PERL_TEST_HARNESS_DUMP_TAP} or return;
    my ($found) = grep { -s } map { "$folder/$_" } map { ("t/$_", $_) } $test =~ /^unit/ ? '00-unit.t' : $test;
    return $found && read_file($found);
}

my %row;
for (split /\n/, read_file("$FindBin::Bin/cases.txt")) {
    next if /^(#|$)/;
    my ($number, $severity, $title, $where) = /^ *(\d+) ([CHML]) \| ([^|]+?) \|(?: (.+))?$/
      or fail("cases.txt: cannot read the line '$_'"), next;
    fail("cases.txt: $number stands there twice") if $row{$number};
    $row{$number} = { severity => $severity, where => $where // '' };
}
fail("case $_ is missing in cases.txt") for grep { !$row{$_} } @required;

for my $number (sort { $a <=> $b } keys %row) {
    my ($severity, $where) = @{ $row{$number} }{qw(severity where)};
    next if $where =~ /^later: ./;
    if ($where eq '') {
        fail("$severity $number: no test is named") if grep { $_ == $number } @required;
        next;
    }
    # In TAP an unescaped # begins SKIP or its like.
    for my $test (split /[ ,]+/, $where) {
        my $source = join "\n", grep { !/^\s*(#|\/\*|\*)/ } split /\n/, read_file("$FindBin::Bin/$test");
        my $output = output_of($test);
        my $passed = !defined $output || grep { /^\s*ok \d/ && !/(?<!\\)# / && names($_, $number) } split /\n/, $output;
        ok(names($source, $number) && $passed, "$severity $number: $test asserts it" . (defined $output ? ', and it passed' : ''));
    }
}

done_testing();
