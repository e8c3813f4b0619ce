#!/usr/bin/perl
# The shipped configuration: as it stands it switches nothing on, and with every line uncommented it is one that httpd takes.
# The files for sign-ins are what docs/sign-in.md says.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::GptOauth;

my $text = Test::GptOauth::slurp("$FindBin::Bin/../conf/gpt_oauth.conf");
is(join('', grep { !/^(?:#|$)/ } split /^/, $text), '', 'gpt_oauth.conf is all comments');

$text =~ s/^#(?=GPTOAuth|<|    )//mg;
$text =~ s/^    #(?=GPTOAuth|Require)/    /mg;
$text = join '', grep { !/^ *#/ } split /^/, $text;
my $t = Test::GptOauth->new(db => 'sqlite', start => 0, issuer => '', pages => '',
    dbd => qq(DBDriver pgsql\nDBDParams "host=db.internal dbname=oauth connect_timeout=2"\n));    # which alone has somewhere to listen
$t->write_file('conf/openapi.json', Test::GptOauth::slurp("$FindBin::Bin/../conf/openapi-hello.json"));
$t->write_file('conf/logo.png', Test::GptOauth::slurp("$FindBin::Bin/../conf/logo.png"));
mkdir $t->dir . '/conf/pages';
$t->write_conf(conf => $text =~ s{/var/log/apache2/}{%%DIR%%/}r);
$ENV{GPT_SERVICE_KEY} = '0123456789abcdef' x 2;
my ($status, $said) = $t->configtest;
is($status, 0, 'uncommented it passes configtest') or diag($said);

# Signing in: each file is for all pages of people, and for nothing else of the module's.
my $guide = Test::GptOauth::slurp("$FindBin::Bin/../docs/sign-in.md");
for my $file (glob "$FindBin::Bin/../conf/sign-in/*.conf") {
    my ($name) = $file =~ m{([^/]+)$};
    my @sections = Test::GptOauth::slurp($file) =~ /^(<[^\/].*>)$/mg;
    is_deeply([ grep { $_ ne '<Location /signed-in>' } @sections ], ['<LocationMatch ^/oauth/(authorize|apps|console)$>'], "$name is for the pages of people");
    like($guide, qr{^\| \[\Q$name\E\]\(\.\./conf/sign-in/\Q$name\E\) \|}m, '... and docs/sign-in.md has it');
}

done_testing();
