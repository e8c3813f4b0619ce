#!/usr/bin/perl
# How the command finds the database, as whom it writes it, and how it asks for a password.
use strict;
use warnings;
use Config;
use File::Temp ();
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Files;
use Test::GptOauth::Terminal;

my $command = ($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") . '/gptoauth';
my $dir = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $dir;
mkdir "$dir/db";

# Runs the command with a file of this text.
sub with_conf
{
    my ($text, @args) = @_;
    open my $file, '>', "$dir/dbd.conf" or die "$dir/dbd.conf: $!\n";
    print {$file} $text;
    close $file;
    return Test::GptOauth::run({}, $command, '--db-conf', "$dir/dbd.conf", @args);
}

my $driver = "DBDriver sqlite3\n";
my $plain = "${driver}DBDParams $dir/db/oauth.sqlite\n";
is(with_conf($plain, 'migrate')->{status}, 0, 'a plain file') or BAIL_OUT('the command does not work');

$ENV{GPTOAUTH_TEST_FOLDER} = "$dir/db";
my %good = (
    'quotes' => "${driver}DBDParams \"$dir/db/oauth.sqlite\"",
    'single quotes' => "${driver}DBDParams '$dir/db/oauth.sqlite'",
    'comments and empty lines' => "# the database\n\n   # more\n$plain",
    'case, tabs and CRLF' => "\tdbdriver\tsqlite3\r\n  DBDPARAMS $dir/db/oauth.sqlite  \r\n",
    'a continued line' => "${driver}DBDParams \\\n  $dir/db/\\\noauth.sqlite\n",
    'the environment' => "${driver}DBDParams \"\${GPTOAUTH_TEST_FOLDER}/oauth.sqlite\"\n",
    'directives of the pool' => "${plain}DBDMax 20\nDBDKeep 5\nDBDExptime 60\n",
    'where the server is' => "${plain}GPTOAuthIssuer https://api.example.com/x\nGPTOAuthPath /sign-in\n",
    'where the server is that this one guards for' => "${plain}GPTOAuthIssuer https://api.example.com guard\n",
    'from where documents are fetched' => "${plain}GPTOAuthClientMetadata fetch app.example \"docs.example:8443\"\n",
    'from where documents are not' => "${plain}gptoauthclientmetadata pinned\n",
    'the last of two' => "DBDriver pgsql\nDBDParams host=nowhere.invalid\n$plain",
);
for my $name (sort keys %good) {
    my $got = with_conf($good{$name}, 'user', 'list');
    ok($got->{status} == 0 && $got->{err} eq '', "read: $name") or diag($got->{err});
}
with_conf($plain, qw(client add Ours --gpt));
my $urls = with_conf($good{'where the server is'}, qw(gpt Ours))->{out};
like($urls, qr{https://api\.example\.com/sign-in/\Q$_\E\n}, "GPTOAuthIssuer and GPTOAuthPath make the URL of $_") for qw(authorize token);
like(with_conf($good{'where the server is'}, qw(gpt Ours --issuer https://other.example))->{out}, qr{https://other\.example/sign-in/token}, '--issuer counts for more');
my $other = with_conf("<IfModule dbd_module>\n$plain</IfModule>\n", 'user', 'list');
is($other->{status}, 0, 'other directives are passed over');
like($other->{err}, qr/line 1: <IfModule is ignored.*\n.*line 4: <\/IfModule> is/, '... and named');

my @bad = (
    [ 'no DBDriver', "DBDParams /x\n", 'has no DBDriver: write DBDriver' ],
    [ 'no DBDParams', $driver, 'has no DBDParams: write' ],
    [ 'an empty file', '', 'has no DBDriver' ],
    [ 'another database', "DBDriver mysql\nDBDParams x\n", 'use pgsql or sqlite3' ],
    [ 'parameters without quotes', "DBDriver pgsql\nDBDParams host=a user=b\n", 'line 2: DBDParams takes one value: put it in quotes' ],
    [ 'no value', "DBDriver\nDBDParams x\n", 'line 1: DBDriver takes one value' ],
    [ 'a relative path', "${driver}DBDParams oauth.sqlite\n", 'full path' ],
    [ 'an unknown variable', "${driver}DBDParams \${GPTOAUTH_TEST_NOTHING}/x\n", 'GPTOAUTH_TEST_NOTHING\} is not set' ],
    [ 'an issuer over http', "${plain}GPTOAuthIssuer http://api.example.com\n", 'GPTOAuthIssuer http://api.example.com: ' ],
    [ 'two words for an issuer', "${plain}GPTOAuthIssuer https://api.example.com please\n", 'line 3: GPTOAuthIssuer takes one value' ],
    [ 'a path that is none', "${plain}GPTOAuthPath oauth\n", 'GPTOAuthPath oauth: write a path' ],
    [ 'a folder that is not there', "${driver}DBDParams $dir/none/x\n", "$dir/none" ],
    [ 'a database that is not there', "${driver}DBDParams $dir/db/none\n", 'run `gptoauth migrate`' ],
    [ 'a PostgreSQL that is not there', "DBDriver pgsql\nDBDParams \"host=$dir password=xyzzy-secret connect_timeout=2\"\n", "cannot open the database: .*check DBDParams in $dir/dbd.conf" ],
    # libpq would quote the part that it does not understand.
    [ 'a URL with a broken escape', "DBDriver pgsql\nDBDParams \"postgres://oauth:xyzzy%zz\@$dir/oauth?connect_timeout=2\"\n", 'not a connection string' ],
    [ 'a parameter that is none', "DBDriver pgsql\nDBDParams \"host=$dir password='a' xyzzy connect_timeout=2\"\n", 'not a connection string' ],
);
for my $case (@bad) {
    my ($name, $text, $sentence) = @$case;
    my $got = with_conf($text, 'user', 'list');
    ok($got->{status} == 1 && $got->{out} eq '' && $got->{err} =~ /^gptoauth: .*$sentence.*\n\z/, "refused: $name")
        or diag("status $got->{status}: $got->{err}");
    unlike($got->{err}, qr/xyzzy/, 'no password is told');
}
ok(!-e "$dir/db/none", 'only migrate makes a file');
my $hasty = with_conf("DBDriver pgsql\nDBDParams \"host=$dir password=xyzzy-secret\"\n", 'user', 'list');
like($hasty->{err}, qr/^gptoauth: \Q$dir\E\/dbd.conf: DBDParams sets no connect_timeout.*\n.*cannot open the database: /, 'no connect_timeout: a warning');
unlike($hasty->{err}, qr/xyzzy/, '... that tells no password');
my $missing = Test::GptOauth::run({}, $command, '--db-conf', "$dir/none.conf", 'user', 'list');
like($missing->{err}, qr/cannot read \Q$dir\E\/none.conf/, 'no file');

mkdir "$dir/awkward";
for my $case (Test::GptOauth::Files::awkward("$dir/awkward", 65537)) {
    my ($what, $path, $why) = @$case;
    my $got = Test::GptOauth::run({}, qw(timeout 10), $command, '--db-conf', $path, 'user', 'list');
    like($got->{err}, qr/^gptoauth: cannot read \Q$path\E \(.*$why.*\): it should hold DBDriver and DBDParams/i, "--db-conf is $what: refused");
    is($got->{status}, 1, '... at once');
    next if $what =~ /large/;
    $got = with_conf("${driver}DBDParams $path\n", 'migrate');
    like($got->{err}, qr/^gptoauth: \S+: DBDParams \Q$path\E is not a SQLite file: .*$why/i, "DBDParams is $what: refused");
}
SKIP: {
    skip 'no /proc/kallsyms', 1 unless -r '/proc/kallsyms';
    my $got = Test::GptOauth::run({}, $command, '--db-conf', '/proc/kallsyms', 'user', 'list');
    like($got->{err}, qr/it has more than 64 KB/, '--db-conf is a file that says it is empty, and is large');
}
is(with_conf($plain . '#' x (65536 - length $plain), 'user', 'list')->{err}, '', '64 KB are read');
is(with_conf("#${\('x' x 10_000)}\n$plain", 'user', 'list')->{err}, '', '... and lines of any length');
like(with_conf("$plain\0", 'user', 'list')->{err}, qr/cannot read .*\(it is not text\)/, 'a NUL is no text');
symlink 'dbd.conf', "$dir/link.conf";
is(Test::GptOauth::run({}, $command, '--db-conf', "$dir/link.conf", 'user', 'list')->{status}, 1, 'what a link leads to is read: a NUL');
with_conf($plain, 'user', 'list');
is(Test::GptOauth::run({}, $command, '--db-conf', "$dir/link.conf", 'user', 'list')->{status}, 0, '... or a database');

SKIP: {
    skip 'only root can become another user', 9 unless $> == 0;
    my ($uid, $gid) = (getpwnam 'www-data')[ 2, 3 ];
    mkdir "$dir/owned";
    chown $uid, $gid, "$dir/owned";
    my $owned = "${driver}DBDParams $dir/owned/oauth.sqlite\n";
    is(with_conf($owned, 'migrate')->{err}, '', 'migrate in a folder of httpd');
    my @stat = stat "$dir/owned/oauth.sqlite";
    is_deeply([ @stat[ 4, 5 ] ], [ $uid, $gid ], 'the database belongs to the owner of its folder');
    is($stat[2] & 0777, 0600, '... and to nobody else');
    is(with_conf($owned, qw(user disable someone))->{status}, 0, 'it is written');
    is_deeply([ grep { (stat)[4] != $uid } glob "$dir/owned/*" ], [], 'nothing of root is left behind');
    my $roots = with_conf($plain, 'migrate');
    is($roots->{status}, 0, 'migrate in a folder of root');
    like($roots->{err}, qr/^gptoauth: \Q$dir\E\/db belongs to root, so httpd cannot write there: chown it/, '... says so');
    is(with_conf($plain, 'user', 'list')->{err}, '', '... as nothing else does');
    chown 0, 0, "$dir/owned/oauth.sqlite";
    like(with_conf($owned, 'user', 'list')->{err}, qr/cannot be written by user id $uid/, 'a database of root is named as the fault');
}

my $full = Test::GptOauth::run({}, '/bin/sh', '-c', "exec $command --db-conf $dir/none.conf --help >/dev/full");
ok($full->{status} == 1 && $full->{err} =~ /could not be written/, 'output that cannot be written is a failure');

sub on_terminal { my ($args, @typed) = @_; return run_on_terminal([ $command, '--db-conf', "$dir/dbd.conf", @$args ], @typed) }

with_conf($plain, 'migrate');
my $twice = on_terminal([qw(user add alice)], "horse battery\n", "horse battery\n");
is($twice->{status}, 0, 'a password typed twice');
like($twice->{seen}, qr/Password for alice: .*Once more: .*User "alice" is added/s, '... is asked for by name, and once more');
unlike($twice->{seen}, qr/horse/, '... and not shown');
my $differ = on_terminal([qw(user add bob)], "horse battery\n", "horse batterie\n");
ok($differ->{status} && $differ->{seen} =~ /differ/, 'two that differ');
like(on_terminal([qw(user add bob)], "short\n")->{seen}, qr/shorter/, 'a bad one is refused before it is asked for again');
my @names = split ' ', $Config{sig_name};
my %harmless = map { $_ => 1 } qw(ZERO KILL STOP CONT CHLD URG WINCH TSTP TTIN TTOU);
for my $number (1 .. 64) {
    my $signal = $names[$number];
    next if $harmless{$signal} || $signal =~ /^NUM/;    # of those in real time the first and the last have names
    my $killed = on_terminal([qw(user add bob)], \$number);
    is($killed->{status} & 127, $number, "SIG$signal ends the question");
    ok($killed->{echo}, '... and the terminal echoes again');
}
for my $signal (qw(TSTP TTIN TTOU)) {
    my $stopped = on_terminal([ qw(user add), "bob-$signal" ], \$signal, "horse battery\n", "horse battery\n");
    is($stopped->{status}, 0, "after a stop by SIG$signal the question is asked again");
    ok($stopped->{echo}, '... and the terminal echoes at last');
}
is(with_conf($plain, 'user', 'list')->{out} =~ tr/\n//, 5, 'who was added');

# A user of another sign-in may be called anything that httpd lets through.
my $csi = "b\xc2\x9b31mob";
my @said = map { with_conf($plain, @$_) } [ qw(user disable), $csi ], [ qw(user list) ], [ qw(user enable), $csi ], [ qw(user passwd), $csi ],
    [ qw(grant list --user), $csi ], [ qw(grant revoke --user), $csi ], [ qw(user remove), $csi ], [ qw(user remove), $csi ], [ 'user', 'add', "$csi\t" ],
    [ $csi ], [ 'user', $csi ], [ "--$csi" ], [ "--issuer=$csi", qw(user list) ];
my @texts = ((map { $_->{out} . $_->{err} } @said), on_terminal([ 'user', 'add', $csi ], "horse battery\n", "horse battery\n")->{seen});
is(join('|', grep { /\xc2\x9b/ } @texts), '', 'case 313: no name of a user turns the terminal');
is(scalar(grep { /31mob/ } @texts), 11, 'case 313: ... though it is named');

done_testing();
