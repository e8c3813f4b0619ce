#!/usr/bin/perl
# The rules that the sources keep, read from the sources.
use strict;
use warnings;
use File::Find;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth::Sources;

my $ours = qr{\.(?:c|h|mjs|pl|pm|py|t|sh|sql)$|/(?:check|demo|run|entrypoint|Dockerfile|Makefile\.am|configure\.ac)$};
my $generated = qr{/(?:migrations|built_in_documents|built_in_pages)\.c$};
my @files;
find({ no_chdir => 1, wanted => sub {
    $File::Find::prune = 1 if m{/(?:node_modules|\.libs|\.deps)$};
    push @files, $_ if -f && m{$ours} && !m{$generated};
} }, grep { -e } qw(mod_gpt_oauth sql t docker check demo .ci Makefile.am configure.ac));
push @files, grep { -e } qw(check demo Makefile.am configure.ac);
my @sources = sort grep { m{^mod_gpt_oauth/.*\.[ch]$} } @files;
my %text = map { $_ => read_file($_) } @files;

# The same with comments, or with comments and the contents of strings, blanked; line numbers stay.
my $string = qr{"(?:[^"\\\n]|\\.)*"};
my $comment = qr{/\*.*?\*/|//[^\n]*}s;
my (%code, %bare);
for my $file (@sources) {
    ($code{$file} = $text{$file}) =~ s{($string|'(?:[^'\\\n]|\\.)+')|$comment}{ defined $1 ? $1 : "\n" x ($& =~ tr/\n//) }gse;
    ($bare{$file} = $code{$file}) =~ s{$string}{""}g;
}

# Every place in the given texts that matches, as "file:line: match".
sub places {
    my ($pattern, $texts, @in) = @_;
    my @found;
    for my $file (@in) {
        my $number = 0;
        for my $line (split /\n/, $texts->{$file}) {
            $number++;
            push @found, "$file:$number: $&" if $line =~ $pattern;
        }
    }
    return @found;
}


my $httpd = qr{^\s*#\s*include\s+<(?:httpd|http_\w+|ap_\w+|util_\w+|mod_\w+|scoreboard|unixd|mpm_common)\.h>};
none('only web/ and mod_gpt_oauth.c know httpd',
    places($httpd, \%code, grep { !m{^mod_gpt_oauth/(?:web/.*|mod_gpt_oauth\.c|private\.h)$} } @sources));

# Upper case anywhere in a string, or any case at its start.
my $verbs = 'select\s|insert\s+into\b|update\s+\w+\s+set\b|delete\s+from\b|with\s+\w+\s+as\b|(?:create|alter|drop)\s+(?:table|index)\b'
  . '|begin\s+immediate|commit["; ]|rollback|pragma\s';
none('SQL stands in store/ only',
    places(qr{"\s*(?i:$verbs)|"[^"]*\b(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|FROM oauth_|PRAGMA|ROLLBACK)\b[^"]*"},
        \%code, grep { !m{^mod_gpt_oauth/store/} } @sources));

none('no file is longer than 400 lines', map { my $lines = $text{$_} =~ tr/\n//; $lines > 400 ? "$_: $lines" : () } @files);
none('no line of C is longer than 130 columns', places(qr/^.{131,}/, \%text, @sources));

# What overruns, truncates, is not thread-safe, uses another heap than pools, or does in httpd what must not be done here.
my @banned = qw(strcpy strncpy strcat strncat sprintf vsprintf strtok gets scanf sscanf alloca gmtime localtime ctime asctime
  atoi atol atoll rand srand random srandom drand48 tmpnam mktemp system popen malloc calloc realloc strdup strndup
  ap_dbd_acquire ap_dbd_cacquire ap_dbd_prepare apr_dbd_transaction_start apr_dbd_transaction_end
  ap_args_to_table ap_parse_form_data ap_cookie_write ap_cookie_write2 ap_custom_response json_set_alloc_funcs
  apr_random_insecure_bytes ap_random_insecure_bytes);
my $banned = join '|', @banned;
none('no banned function is called', grep { !m{^mod_gpt_oauth/web/guard/refusal\.c:.*ap_custom_response} } places(qr{(?<![\w.>])(?:$banned)\s*\(}, \%bare, @sources));
none('digests and secrets are compared in constant time', places(qr{\b(?:memcmp|strcmp)\s*\([^;]*(?:digest|secret|\bhash|->byte|\.byte)}, \%bare, @sources));

my $unfinished = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'XX' . 'X\b';
none('nothing is left to be done in a comment', places(qr{\b(?:$unfinished)}, \%text, @files));
my $machines = join '|', '/' . 'work/', '/' . 'home/', '/' . 'Users/';
none('no path of a machine', places(qr{(?<![\w.\$\}])(?:$machines)}, \%text, @files));

none('every shell script can be parsed',
    grep { system 'bash', '-n', $_ } grep { /\.sh$/ || $text{$_} =~ m{\A#!/bin/(?:ba)?sh\b} } @files);

my %listed = map { $_ => 1 } $text{'Makefile.am'} =~ m{(\S+\.[ch])\b}g;
none('Makefile.am lists every source',
    grep { !$listed{$_} } grep { m{^(?:mod_gpt_oauth/.*\.[ch]|t/unit/.*\.[ch])$} } @files);
none('… and none that is not there', grep { !-e && !m{$generated} } sort keys %listed);


# Directives: the command table, docs/directives.md and the shipped configuration name the same ones, in the same contexts.
my @documents = ('README.md', sort glob 'docs/*.md');
my %directive = map { $_ => 1 } map { /\bAP_INIT_\w+\(\s*"(GPTOAuth\w+)"/g } @code{ grep { m{/web/} } @sources };
ok(%directive, 'the command table was found');
for my $document (@documents, 'conf/gpt_oauth.conf') {
    my %named = map { $_ => 1 } read_file($document) =~ /\b(GPTOAuth[A-Z]\w+)/g;
    none("$document documents every directive", grep { !$named{$_} } sort keys %directive) if $document =~ m{directives\.md$|^conf/};
    none("$document documents no other", grep { !$directive{$_} } sort keys %named);
}
my %where = (RSRC_CONF => 'server', ACCESS_CONF => 'section');
my %context = map { /\bAP_INIT_\w+\(\s*"(GPTOAuth\w+)",[^"]*?\b((?:RSRC_CONF|ACCESS_CONF)(?: \| ACCESS_CONF)?),/g } @code{ grep { m{/web/} } @sources };
my (%row, %default);
my $directives = read_file('docs/directives.md');
while ($directives =~ /^\| `(GPTOAuth\w+)`.*? \| ((?:server|section)(?:, section)?) \| (.+?) \| .+ \|$/mg) {
    ($row{$1}, $default{$1}) = ($2, $3);
}
tr/`//d for values %default;
s/\w+_CONF/$where{$&}/g, s/ \|/,/g for values %context;
is_deeply(\%row, \%context, 'docs/directives.md has a row for each, with its context');
my %said = map { /\bAP_INIT_\w+\(\s*"(GPTOAuth\w+)",[^"]*"[^"]*\(([^")]+)\)"/g } @code{ grep { m{/web/} } @sources };
cmp_ok(scalar keys %said, '>', 10, 'the defaults in the command table were found');
none('... and with the default that the command table says', grep { $default{$_} !~ /^\Q$said{$_}\E(?:$|;)/ } sort keys %said);

# Codes of the log: the list, the table in docs/endpoints.md, and those that the sources use and anybody quotes.
my $list = 'mod_gpt_oauth/base/log_code.h';
my %note = (INFO => ' (info)', TRACE1 => ' (trace1)');
my $table = read_file('docs/endpoints.md');
my (@meanings, @names, @twice, @explained, %seen);
while ($code{$list} =~ /\bX\((LOG_\w+), "(GPT\d{3})", (\w+), "([^"|]+)"\)/g) {
    push @twice, grep { $seen{$_}++ } $1, $2, $4;
    push @names, $1;
    push @meanings, "$2 | $4" . ($note{$3} // '');
}
cmp_ok(scalar @names, '>', 50, 'the list of log codes was found');
is(scalar @names, scalar(() = $code{$list} =~ /\bX\(LOG_/g), '... all of it');
none('no log code, name or cause stands there twice', @twice);
push @explained, "$1 | $2" while $table =~ /^\| (GPT\S+) \| (.+?) \| \S.* \|$/mg;
is_deeply([@explained], [@meanings], 'endpoints.md explains each log code as the list has it, with what to do, and no other');
my @users = grep { !m{/log_code\.[ch]$} } @sources;
my $used = join "\n", @bare{@users};
none('each log code is used', grep { $used !~ /\b$_\b/ } @names);
none('... by its name', places(qr/GPT\d+/, \%text, @users));
none('... and every line of the log has one', places(qr/\bap_log_\w*error\w*|\bAPLOG_MARK\b/, \%bare, grep { $_ ne 'mod_gpt_oauth/web/http/log.h' } @users));
none('who writes to the log is the module',
    grep { $bare{$_} =~ /\blog_(?:request|server|config)\(/ && $code{$_} !~ /^#include "private\.h"$/m } grep { m{/web/.*\.c$} } @users);
for my $document (@documents, 'conf/gpt_oauth.conf', sort grep { m{^(?:t|demo|docker|check)\b} } @files) {
    none("$document quotes no log code that is gone", grep { !$seen{$_} } ($text{$document} // read_file($document)) =~ /\bGPT\d{3}\b/g);
}

# The schema: every database has the same migrations, and a server asks for the newest, for which nothing else would tell it.
my %migrations;
m{^sql/(\w+)/(.+)$} && push @{ $migrations{$1} }, $2 for sort glob 'sql/*/*.sql';
cmp_ok(scalar keys %migrations, '>', 1, 'the migrations were found');
is_deeply($migrations{$_}, $migrations{pgsql}, "$_ has the migrations of pgsql, by their names") for sort keys %migrations;
my ($version) = $code{'mod_gpt_oauth/store/schema.h'} =~ /^#define SCHEMA_VERSION (\d+)$/m;
is($version, scalar @{ $migrations{pgsql} }, 'SCHEMA_VERSION is the number of the newest');

# Databases: whoever is told which ones there are is told of all.
my @drivers = map { /^ +\.driver = "(\w+)",$/mg } @code{ grep { m{/store/} } @sources };
is_deeply([ sort @drivers ], [ sort keys %migrations ], 'a database with migrations has a backend, and the other way round');
for my $place ((map { "mod_gpt_oauth/$_.c" } qw(store/conninfo cli/db_conf web/setup/directives)), 'README.md') {
    my $said = $code{$place} // read_file($place);
    none("$place names every database", grep { $said !~ /\b$_\b/ } @drivers);
}

# Grant types: the table, the sentence that refuses any other, and the document.
my $token = $code{'mod_gpt_oauth/web/endpoint/token.c'};
my ($grants) = $token =~ /^\} grants\[\] = \{(.*?)\};/ms;
my @types = ($grants // '') =~ /"([^"]+)"/g;
cmp_ok(scalar @types, '>', 2, 'the table of grant types was found');
my ($refusal) = $token =~ /"(Only [^"]* grant_type\.)"/;
my ($offer) = $table =~ m{^\| `/oauth/token` \|(.*)$}m;
my ($remedy) = $table =~ /^\| GPT104 \|(.*)$/m;
for my $where ([ 'the refusal of others', $refusal ], [ 'the row of the token endpoint', $offer ], [ 'the row of GPT104', $remedy ]) {
    my ($name, $text) = @$where;
    none("$name names every grant type", grep { index($text // '', $_) < 0 } @types);
}

# What HACKING.md leads to is there.
my $hacking = read_file('HACKING.md');
my $everything = join "\n", @code{@sources}, map { read_file($_) } glob 'sql/*/*.sql';
none('HACKING.md names files that exist', grep { !-e && !(() = glob) } $hacking =~ m{(?<![\w/.])((?:mod_gpt_oauth|t|sql|conf|grant|store)/[\w.*/-]*\w[\w.*]*)}g);
none('... and functions, types and members', grep { $everything !~ /\b$_\b/ } $hacking =~ /`(?:const )?([a-z]+(?:_[a-z]+)+)(?: \*)?`/g);

# Configuration: what a directive sets has its unset value from the create function and is taken over by the merge function. What
# stands below the word Derived is made of the rest later. The policy of a server is such a struct within another.
my $header = $text{'mod_gpt_oauth/web/config/config.h'} // '';
my $policy = $text{'mod_gpt_oauth/grant/policy.h'} // '';
my $config = $code{'mod_gpt_oauth/web/config/config.c'} // '';
my $members = 0;
sub written { my ($struct) = @_; return $struct =~ s{/\* Derived\b.*}{}sr =~ s{$comment}{}gr }
for my $kind (qw(server dir)) {
    my ($struct) = $header =~ /^(?:typedef )?struct ${kind}_conf_t \{\n(.*?)^\}/ms or next;
    $struct = written($struct);
    if ($struct =~ /\bpolicy_t \*policy;/) {
        my ($within) = $policy =~ /^typedef struct policy_t \{\n(.*?)^\}/ms or die "policy_t was not found\n";
        $struct .= written($within) =~ s{(\w+;)}{policy->$1}gr;
    }
    my %body = $config =~ /^void \*config_${kind}_(create|merge)\([^)]*\)\n\{\n(.*?)^\}/msg;
    for my $member ($struct =~ /((?:policy->)?\w+)(?:\[[^\]]*\])?(?: : \d+)?;/g) {
        $members++;
        for my $when (qw(create merge)) {
            my $set = ($body{$when} // '') =~ /\bconf->\Q$member\E = |\bPICK\w*\(\Q$member\E\)/;
            ok($set, "${kind}_conf_t: $member is set on $when");
        }
    }
}
ok($members > 10, 'the configuration structs were found');

done_testing();
