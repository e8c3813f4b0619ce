#!/usr/bin/perl
# The build as a packager meets it: out of tree, into a DESTDIR, with a sentence for what is missing; the line for apxs of docs/operations.md; and each
# module that can be built at work in httpd.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $source = abs_path("$FindBin::Bin/..");
my $tmp = tempdir(CLEANUP => 1);
plan skip_all => 'no configure here: run autoreconf -i first' unless -x "$source/configure";
chomp(my $modules = `apxs -q LIBEXECDIR`);

# Runs a shell command in a folder; gives its output, with the command before it where it failed.
sub run {
    my ($folder, $command) = @_;
    mkdir $folder;
    my $output = `cd '$folder' && { $command\n} 2>&1`;
    return wantarray ? ($? == 0, $output) : $? == 0 || (diag("$command\n$output"), 0)[1];
}

sub exported {
    my @symbols = map { (split)[-1] } `nm -D --defined-only '$_[0]'`;
    is("@symbols", 'gpt_oauth_module', "$_[1] exports the module and nothing else");
}

# What links may yet be refused by httpd, for a symbol that nothing there defines.
sub serves {
    my ($module, $what) = @_;
    subtest "$what in httpd" => sub {
        my $t = eval { Test::GptOauth->new(db => (dbs())[0], module => $module) } or fail("it is loaded: $@"), return;
        my $token = $t->tokens_for($t->client_add('notes'))->{access_token};
        is($t->fetch('/api/notes.txt', $token)->status, 200, 'it issues a token, and lets it in');
        is($t->fetch('/api/notes.txt', substr $token, 0, -1)->status, 401, 'and not another one');
        $t->finish;
    };
    return;
}

for my $missing (
    ['PKG_CONFIG=false', 'pkg-config'],
    ['PKG_CONFIG_LIBDIR=/nonexistent', 'libpq-dev'],
    ['PKG_CONFIG_LIBDIR=/nonexistent LIBPQ_LIBS=-lpq LIBPQ_CFLAGS=-I.', 'libjansson-dev'],
    ['PKG_CONFIG_LIBDIR=/nonexistent LIBPQ_LIBS=-lpq LIBPQ_CFLAGS=-I. JANSSON_LIBS=-ljansson JANSSON_CFLAGS=-I.', 'libssl-dev'],
    ['PKG_CONFIG_LIBDIR=/nonexistent LIBPQ_LIBS=-lpq LIBPQ_CFLAGS=-I. JANSSON_LIBS=-ljansson JANSSON_CFLAGS=-I. CRYPTO_LIBS=-lcrypto CRYPTO_CFLAGS=-I.',
        'libutf8proc-dev'],
    ['PKG_CONFIG_LIBDIR=/nonexistent LIBPQ_LIBS=-lpq LIBPQ_CFLAGS=-I. JANSSON_LIBS=-ljansson JANSSON_CFLAGS=-I. CRYPTO_LIBS=-lcrypto CRYPTO_CFLAGS=-I.'
            . ' UTF8PROC_LIBS=-lutf8proc UTF8PROC_CFLAGS=-I.',
        'libcurl4-openssl-dev', '--with-curl'],
    ['APXS=/nonexistent/apxs', 'apache2-dev'],
  )
{
    my ($set, $package, $options) = (@$missing, '');
    my ($done, $output) = run("$tmp/missing", "rm -rf config.* && $set '$source/configure' --quiet $options");
    ok(!$done && $output =~ /^configure: error: .*apt install \Q$package\E\)/m, "configure names $package") or diag($output);
}

ok(scalar run("$tmp/build", "'$source/configure' --quiet --enable-silent-rules"), 'configure, out of tree');
ok(scalar run("$tmp/build", 'make -j2'), 'make');
my ($done, $said) = run("$tmp/build", "make install DESTDIR='$tmp/root'");
ok($done, 'make install, with DESTDIR') or diag($said);
like($said, qr/^  a2enmod gpt_oauth$/m, '... which says what comes next');
like($said, qr/gptoauth migrate$/m, '... and then');
my $installed = "$tmp/root$modules/mod_gpt_oauth.so";
ok(-e $installed, 'the module is where apxs says');
exported($installed, 'the installed module');
serves($installed, 'the installed module');
ok(-x "$tmp/root/usr/local/bin/gptoauth", 'the command is in bindir');
my @pages = ('man1/gptoauth.1', 'man7/mod_gpt_oauth.7');
is_deeply([ grep { -s "$tmp/root/usr/local/share/man/$_" } @pages ], \@pages, 'the manual pages are in mandir');
ok(-s "$tmp/root/usr/local/share/bash-completion/completions/gptoauth", '... and completion is where bash looks for it');
ok(scalar run("$tmp/build", 'make distdir'), 'make distdir');
my ($release) = glob "$tmp/build/mod_gpt_oauth-*";
my @wanted = qw(man/gptoauth.1 man/mod_gpt_oauth.7.in CHANGES.md SECURITY.md .editorconfig);
is_deeply([ grep { -s "$release/$_" } @wanted ], \@wanted, '... a release has the manual pages, and the files that people look for');
my @conf = map { chomp; $_ } `find '$tmp/root' -name 'gpt_oauth.*'`;
is(scalar(@conf), 2, 'gpt_oauth.load and gpt_oauth.conf are installed');
my ($load) = grep { /load$/ } @conf;
is(scalar(`tail -n 1 '$load'`), "LoadModule gpt_oauth_module $modules/mod_gpt_oauth.so\n", 'gpt_oauth.load names the module');

my ($conf) = grep { /conf$/ } @conf;
(my $enabled = dirname($conf)) =~ s/available$/enabled/;
ok(scalar run($tmp, "mkdir -p '$enabled' && ln -s ../mods-available/gpt_oauth.load ../mods-available/gpt_oauth.conf '$enabled'"), 'it is switched on');
ok(scalar run($tmp, "echo '# ours' >> '$conf' && cd build && make install DESTDIR='$tmp/root' && make uninstall DESTDIR='$tmp/root'"),
    'make install over an edited gpt_oauth.conf, and make uninstall');
is(join(' ', `cd '$tmp/root' && find . ! -type d`), '.' . substr($conf, length "$tmp/root") . "\n", 'leave that file, and only that');

# Hardly optimised, which is as good for what they show; and one with flags as they are for programs.
for my $variant ([ 'without libcurl', '--without-curl CFLAGS="$(apxs -q CFLAGS) -O1 -fPIE" LDFLAGS=-pie' ], [ 'by clang', 'CC=clang CFLAGS="$(apxs -q CFLAGS) -O0"' ]) {
    my ($what, $options) = @$variant;
    my ($done, $output) = run("$tmp/variant", "rm -rf * && '$source/configure' --quiet --enable-silent-rules --disable-dependency-tracking --enable-werror $options && make -j2 mod_gpt_oauth.so gptoauth");
    ok($done && $output !~ /warning:/, "a build $what, without a warning") or diag($output), next;
    my $module = "$tmp/variant/mod_gpt_oauth.so";
    if ($options =~ /without/) {
        unlike(scalar `ldd '$module'`, qr/libcurl/, '... needs no libcurl');
        for my $command ('doctor', 'try x --user y', 'try', 'doctor --issuer nonsense', 'try x y z') {
            my $got = Test::GptOauth::run({}, "$tmp/variant/gptoauth", '--db-conf', "$tmp/nowhere", split / /, $command);
            ok($got->{status} == 2 && $got->{out} eq '' && $got->{err} =~ /^gptoauth: this gptoauth was built without libcurl, .*apt install/,
                "... $command says what it lacks, and asks for nothing before") or diag("$got->{status}: $got->{err}$got->{out}");
        }
    }
    exported($module, "the module $what");
    serves($module, "the module $what");
}

open my $operations, '<', "$source/docs/operations.md" or die "operations.md: $!\n";
my ($line) = do { local $/; <$operations> =~ /^ *(sh conf.*\n(?:.*\n)*? *apxs -c (?:.*\\\n)*.*)$/m };
ok($line, 'operations.md has the lines for apxs') or done_testing(), exit;
ok(scalar run("$tmp/apxs", "cp -R '$source/mod_gpt_oauth' '$source/conf' . && rm -f mod_gpt_oauth/*/migrations.c mod_gpt_oauth/*/built_in_documents.c mod_gpt_oauth/web/page/built_in_pages.c && $line"),
    '... and they build the module');
exported("$tmp/apxs/mod_gpt_oauth/.libs/mod_gpt_oauth.so", 'the module built by apxs');
serves("$tmp/apxs/mod_gpt_oauth/.libs/mod_gpt_oauth.so", 'the module built by apxs');

done_testing();
