#!/usr/bin/perl
# The build as a packager meets it: out of tree, into a DESTDIR, with a sentence for what is missing; and README's line for apxs.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use FindBin;
use Test::More;

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

for my $missing (
    ['PKG_CONFIG=false', 'pkg-config'],
    ['PKG_CONFIG_LIBDIR=/nonexistent', 'libpq-dev'],
    ['PKG_CONFIG_LIBDIR=/nonexistent LIBPQ_LIBS=-lpq LIBPQ_CFLAGS=-I.', 'libjansson-dev'],
    ['PKG_CONFIG_LIBDIR=/nonexistent LIBPQ_LIBS=-lpq LIBPQ_CFLAGS=-I. JANSSON_LIBS=-ljansson JANSSON_CFLAGS=-I.', 'libssl-dev'],
    ['PKG_CONFIG_LIBDIR=/nonexistent LIBPQ_LIBS=-lpq LIBPQ_CFLAGS=-I. JANSSON_LIBS=-ljansson JANSSON_CFLAGS=-I. CRYPTO_LIBS=-lcrypto CRYPTO_CFLAGS=-I.',
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
ok(scalar run("$tmp/build", "make install DESTDIR='$tmp/root'"), 'make install, with DESTDIR');
my $installed = "$tmp/root$modules/mod_gpt_oauth.so";
ok(-e $installed, 'the module is where apxs says');
exported($installed, 'the installed module');
ok(-x "$tmp/root/usr/local/bin/gptoauth", 'the command is in bindir');
my @conf = map { chomp; $_ } `find '$tmp/root' -name 'gpt_oauth.*'`;
is(scalar(@conf), 2, 'gpt_oauth.load and gpt_oauth.conf are installed');
my ($load) = grep { /load$/ } @conf;
is(scalar(`tail -n 1 '$load'`), "LoadModule gpt_oauth_module $modules/mod_gpt_oauth.so\n", 'gpt_oauth.load names the module');

my ($conf) = grep { /conf$/ } @conf;
ok(scalar run($tmp, "echo '# ours' >> '$conf' && cd build && make install DESTDIR='$tmp/root' && make uninstall DESTDIR='$tmp/root'"),
    'make install over an edited gpt_oauth.conf, and make uninstall');
is(join(' ', `cd '$tmp/root' && find . -type f`), '.' . substr($conf, length "$tmp/root") . "\n", 'leave that file, and only that');

open my $readme, '<', "$source/README.md" or die "README.md: $!\n";
my ($line) = do { local $/; <$readme> =~ /^ *(sh conf.*\n *apxs -c (?:.*\\\n)*.*)$/m };
ok($line, 'README has the lines for apxs') or done_testing(), exit;
ok(scalar run("$tmp/apxs", "cp -R '$source/mod_gpt_oauth' '$source/conf' . && rm -f mod_gpt_oauth/*/migrations.c mod_gpt_oauth/*/built_in_documents.c && $line"), 'they build the module');
exported("$tmp/apxs/mod_gpt_oauth/.libs/mod_gpt_oauth.so", 'the module built by apxs');

done_testing();
