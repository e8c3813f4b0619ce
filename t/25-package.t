#!/usr/bin/perl
# What can be seen of Debian's packages without building them, which t/package does: that they have the version of the module, need
# for the build what ./check installs, and that bash completes what the command's help names.
use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $top = "$FindBin::Bin/..";
my $build = $ENV{GPTOAUTH_BUILD} // "$top/build";
sub text { return Test::GptOauth::slurp("$top/$_[0]") }

my ($version) = text('configure.ac') =~ /^AC_INIT\(\[mod_gpt_oauth\], \[([\d.]+)\]\)/m;
like(text('debian/changelog'), qr/\Amod-gpt-oauth \(\Q$version\E\)/, 'the packages have the version of the module');

my ($needed) = text('debian/control') =~ /^Build-Depends: (.*?)^\S/msg;
my %debhelper = map { $_ => 1 } qw(debhelper-compat dh-apache2);    # which brings make, autoconf and its like
my @needed = sort map { s/^pkgconf$/pkg-config/r } grep { !$debhelper{$_} } $needed =~ /([a-z][\w-]*)(?: \([^)]*\))?(?:,|\n)/g;
my ($installed) = text('t/lib/build.sh') =~ /^build_packages=\((.*)\)/m;
my %debhelpers = map { $_ => 1 } qw(gcc libc6-dev make autoconf automake);
is_deeply(\@needed, [ sort grep { !$debhelpers{$_} } split / /, $installed ], '... and need for the build what ./check installs');

# What purging says of the database, by what dbd.conf says, and never its password.
my $dir = tempdir(CLEANUP => 1);
(my $purge = text('debian/gptoauth.postrm')) =~ s{/(?:etc|var/lib)/gpt-oauth}{$dir/gpt-oauth}g;
$purge =~ s{/(?:etc/(?=apache2)|var/(?=backups))}{$dir/}g;
my $sqlite = Test::GptOauth->write_file("$dir/oauth.db", '');
my %left = (
    'DBDParams "host=db.internal dbname=oauth user=oauth password=xyzzy connect_timeout=2"' => ' (host=db.internal dbname=oauth)',
    "dbdparams\t'host=db.internal password=xyzzy'" => '',
    q{DBDParams "password='xyzzy host=xyzzy' dbname=oauth"} => '',
    'DBDParams postgres://oauth:xyzzy@db.internal:5433/oauth?sslmode=require' => ' (oauth on db.internal:5433)',
    'DBDParams postgresql:///oauth' => '',
    'DBDParams postgres://oauth:12/xyzzy@db.internal/oauth' => '',
    'DBDParams postgres://oauth:12/xyzzy?@db.internal/oauth' => '',
    'DBDParams "dbname=oauth"' . "\n# password=xyzzy" => ' (dbname=oauth)',
);
for my $line (sort keys %left) {
    Test::GptOauth->write_file("$dir/gpt-oauth/dbd.conf", "DBDriver pgsql\n$line\n");
    my $done = Test::GptOauth::run({}, 'sh', '-c', $purge, 'postrm', 'purge');
    is($done->{out} . $done->{err}, "gptoauth: the PostgreSQL database$left{$line} is left as it is\n", "purged, with $line");
    ok(!-e "$dir/gpt-oauth", '... and the password is gone');
}
for my $params ("DBDParams $sqlite", qq(  DBDParams "$sqlite"  )) {
    Test::GptOauth->write_file("$dir/gpt-oauth/dbd.conf", "$params\n");
    is(Test::GptOauth::run({}, 'sh', '-c', $purge, 'postrm', 'purge')->{out}, "gptoauth: the database $sqlite is left as it is\n", "purged, with $params");
}
Test::GptOauth->write_file("$dir/gpt-oauth/dbd.conf", qq(DBDParams "host=a password="xyzzy""\n));
is(Test::GptOauth::run({}, 'sh', '-c', $purge, 'postrm', 'purge')->{out}, "gptoauth: the database that dbd.conf named is left as it is\n", 'purged, with what nobody can read');
ok(-e $sqlite, '... which is true');

# The site goes if setup wrote it, with the link to it.
my ($site, $link) = map { "$dir/apache2/sites-$_/gpt-oauth.conf" } qw(available enabled);
Test::GptOauth->write_file($site, "# mine\n");
Test::GptOauth->write_file("$dir/apache2/sites-enabled/other.conf", "# mine\n");
mkdir "$dir/backups";
symlink '../sites-available/gpt-oauth.conf', $link;
is(Test::GptOauth::run({}, 'sh', '-c', $purge, 'postrm', 'purge')->{out}, '', 'purged, with a site of the administrator');
ok(-e $site && -l $link, '... which stays');
Test::GptOauth->write_file($site, "# Written by gptoauth setup. It is yours to change\n");
is(Test::GptOauth::run({}, 'sh', '-c', $purge, 'postrm', 'purge')->{out}, "gptoauth: the site gpt-oauth.conf, which setup wrote, is now $dir/backups/gpt-oauth-site.conf\n",
    'purged, with the site of setup');
ok(!-e $site && !-l $link && -e "$dir/apache2/sites-enabled/other.conf", '... which is out of the way, and nothing else');
like(Test::GptOauth::slurp("$dir/backups/gpt-oauth-site.conf"), qr/yours to change/, "... and not lost");

# What is offered for a line that ends at the cursor.
sub offered {
    my (@words) = ('gptoauth', @_);
    my $script = 'PATH=$1:$PATH; . "$2"; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gptoauth "$1" "${@: -1}" "${@: -2:1}"; printf "%s\n" "${COMPREPLY[@]}"';
    my $done = Test::GptOauth::run({}, 'bash', '-uc', $script, 'bash', $build, "$top/conf/completion/gptoauth", @words);
    is($done->{err}, '', "completion of @words");
    return join ' ', split /\n/, $done->{out};
}

my $help = Test::GptOauth::run({}, "$build/gptoauth", '--help')->{out};
my ($commands) = $help =~ /^Usage: .*?\n\n(.*?)\n\n/s;
my (%verbs, %nouns);
for my $line ($commands =~ /^ {2}(\S.*)$/mg) {
    my ($noun, $verb) = $line =~ /^([a-z]+)(?: ([a-z]+)\b)?/;
    $nouns{$noun} = 1;
    $verbs{$noun}{$verb} = 1 if defined $verb;
}
is(offered(''), join(' ', sort keys %nouns), 'every command');
is(offered($_, ''), join(' ', sort keys %{ $verbs{$_} }), "... and what can be done with a $_") for sort keys %verbs;
is(offered('cl'), 'client', 'one that has begun');
is(offered('--db-conf', '/etc/x', '--json', 'user', 'pass'), 'passwd', 'options and their values are passed over');
is(offered(qw(key add k --e)), '--expires', "a command's own option");
is(offered(qw(key add k --js)), '--json', '... and one of all');
is(offered(qw(key list --e)), '', 'but not that of another command');
is(offered(qw(client show x)), '', 'nothing is asked of the database');
is(offered('--db-conf', "$top/READ"), "$top/README.md", 'a file');
done_testing;
