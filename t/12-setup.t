#!/usr/bin/perl
# gptoauth setup, on a machine of its own: from five answers to a server that has been tried. What it must not do: overwrite what it
# did not write, follow a link, change anything with --dry-run or after a bad answer, show a password.

use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use Test::More;
use Time::HiRes qw(time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Machine;
use Test::GptOauth::Markdown;
use Test::GptOauth::Postgres;
use Test::GptOauth::Terminal;

my $source = abs_path("$FindBin::Bin/..");
my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$source/build");
plan skip_all => 'a machine of its own needs root' if $> != 0;
plan skip_all => 'a checkout there would be out of sight on it' if "$source $build" =~ m{(?:^| )/(?:etc|run|var)/};
Test::GptOauth::Machine->enter;

my ($typed) = Test::GptOauth::Markdown->new('README.md')->take('Set up', 'sh');
is($typed, "gptoauth setup\n", 'README has the command');

my $m = Test::GptOauth::Machine->new(issuer => 'http://localhost:8080', port => 8080, hosts => ['api.example.com']);
chomp(my $modules = qx(apxs -q LIBEXECDIR));
my ($dbd, $site, $enabled) = ('/etc/gpt-oauth/dbd.conf', map { "/etc/apache2/$_/gpt-oauth.conf" } qw(sites-available sites-enabled));
my $password = secret('a long enough password');
my @local = ('http://localhost:8080', 'sqlite', 'notes.read "Read your notes"', 'alice', 'gpt');
my @public = ('https://api.example.com', 'sqlite', 'notes.read "Read your notes"', 'alice', 'mcp');

# The package's files, without its installer.
$m->must(<<"EOS");
cp $build/mod_gpt_oauth.so $modules/
cp $build/gptoauth /usr/local/bin/
sed 's,/usr/lib/apache2/modules,$modules,' $source/conf/gpt_oauth.load >/etc/apache2/mods-available/gpt_oauth.load
EOS

# Runs it with these lines on its standard input.
sub setup { my ($lines, @args) = @_; return $m->sh("gptoauth setup @args", stdin => join '', map { "$_\n" } @$lines) }

# Everything that could have changed, by name, owner, mode, time and target.
sub state { return $m->must(q{find /etc /var/lib /var/log -printf '%p %u %m %T@ %s %l\n' | sort}) }

# Fails without a change, and says why.
sub refuses {
    my ($lines, $why, $name) = @_;
    my $before = state();
    my $done = setup($lines);
    is($done->{status}, 1, "$name: refused");
    like($done->{err}, $why, '... with the reason') or diag $done->{out};
    is(state(), $before, '... and nothing was changed');
    return $done;
}

# ---- answers

sub answer { my ($at, $answer) = @_; my @lines = @local; splice @lines, $at, 1, $answer; return [ @lines[0 .. $at] ] }

subtest 'answers' => sub {
    for my $case (
        [ 0, '', qr/cannot be left out/ ],
        [ 0, 'api.example.com', qr/an issuer is an https URL/ ],
        [ 0, 'http://api.example.com', qr/an issuer begins with https/ ],
        [ 0, 'http://localhost', qr/write one, as in http:\/\/localhost:8080/ ],
        [ 1, 'mysql', qr/write sqlite, the full path/ ],
        [ 1, '/oauth.db', qr/in a folder of its own/ ],
        [ 1, 'postgresql://db/oauth', qr/write sqlite, the full path/ ],
        [ 1, 'host=db password=x', qr/leave passwords out/ ],
        [ 1, "host='db'password = x", qr/leave passwords out/ ],
        [ 1, 'host=db sslpassword=x', qr/leave passwords out/ ],
        [ 1, 'hots=db dbname=oauth', qr/not a connection string that libpq understands/ ],
        [ 1, 'host=db connect_timeout=60', qr/write 1 to 10 seconds/ ],
        [ 1, 'host=${HOST}', qr/for the beginning of a variable/ ],
        [ 2, 'notes.read', qr/what the user reads of it/ ],
        [ 2, 'a,b "Words"', qr/a scope's name consists of letters/ ],
        [ 2, q{'a' "Words"}, qr/a scope's name consists of letters/ ],
        [ 2, "notes.read \"Read\tyour notes\"", qr/no control characters/ ],
        [ 2, 'offline_access "Words"', qr/not offline_access/ ],
        [ 2, 'notes.read "Read ${HOME}"', qr/for the beginning of a variable/ ],
        [ 2, "notes.read \"Read \xff\"", qr/in UTF-8/ ],
        [ 3, 'client:x', qr/client:/ ],
        [ 4, 'both', qr/write gpt or mcp/ ],
    ) {
        my ($at, $answer, $why) = @$case;
        my $done = setup(answer($at, $answer), '--dry-run');
        is($done->{status}, 1, "\"$answer\" is refused");
        like($done->{err}, $why, '... with the reason');
    }
    refuses([ @local[0 .. 2] ], qr/standard input ended where an answer was needed; nothing was changed/, 'too few lines');
    is($m->sh("gptoauth setup $_")->{status}, 2, "$_ goes with commands that do not ask") for '--json', '--issuer https://a.example', '--db-conf /x';
    my $stranger = $m->sh("setpriv --reuid=nobody --clear-groups -- gptoauth setup");
    like($stranger->{err}, qr/run this as root/, 'who is not root is told so');

    # A terminal is asked again.
    my $lines = join '\n', 'nonsense', $local[0], '', '', 'alice', '';
    my $done = $m->sh("printf '$lines\\n' | script -qec 'gptoauth setup --dry-run' /dev/null");
    is($done->{status}, 0, 'on a terminal a bad answer is asked again') or diag $done->{out};
    like($done->{out}, qr/an issuer is an https URL.*GPTOAuthScope notes\.read "Read your notes" default/s, '... and Enter takes what stands in brackets');
};

subtest '--dry-run' => sub {
    my $before = state();
    my $done = setup(\@local, '--dry-run');
    is($done->{status}, 0, 'it shows') or diag $done->{err};
    is(state(), $before, '... and changes nothing');
    my $out = $done->{out};
    like($out, qr{^\Q$dbd\E would be:\n\n# Written by gptoauth setup.*^DBDParams "/var/lib/gpt-oauth/oauth\.db"$}ms, '... one file');
    like($out, qr{^\Q$site\E would be:\n\n# Written by gptoauth setup.*^    ServerName http://localhost:8080$}ms, '... the other');
    like($out, qr/^    \Q$_\E$/m, "... that it runs $_")
        for 'gptoauth migrate', 'gptoauth user add -- alice', 'gptoauth client add "My GPT" --gpt --json', 'apachectl configtest',
        'a2enmod -q gpt_oauth proxy_http', 'a2ensite -q gpt-oauth', 'apachectl -k graceful', 'gptoauth doctor --url /api',
        'gptoauth try "My GPT" --user alice --url /api';
    my $typed = setup([ $local[0], 'host=db dbname=oauth user=oauth', secret('a database password'), @local[ 2 .. 4 ] ], '--dry-run');
    unlike("$typed->{out}$typed->{err}", qr/a database password/, 'a password is not shown');
};

# ---- what is there already

subtest 'files of others' => sub {
    $m->must('mkdir -m 700 /etc/gpt-oauth');
    for my $file ($dbd, $site) {
        $m->write_file($file, "# mine\n");
        my $done = refuses(\@local, qr/\Q$file\E is left as it is: setup did not write it/, $file);
        like($done->{err}, qr/^GPTOAuthIssuer http:\/\/localhost:8080$|^ +GPTOAuthScope notes\.read /m, '... and the lines are there for it');
        $m->must("rm $file && ln -s /etc/hosts $file");
        refuses(\@local, qr/\Q$file\E is left as it is: it is a symbolic link/, "$file, a link");
        $m->must("rm $file && ln -s /etc/nowhere $file");
        refuses(\@local, qr/\Q$file\E is left as it is: it is a symbolic link/, "$file, a link to nothing");
        $m->must("rm $file && echo '# Written by gptoauth setup' >$file && chown www-data $file");
        refuses(\@local, qr/\Q$file\E is left as it is: it belongs to somebody else/, "$file, of another user");
        $m->must("rm $file");
    }
    $m->must('rmdir /etc/gpt-oauth && mkdir /etc/elsewhere && ln -s elsewhere /etc/gpt-oauth');
    like(setup(\@local)->{err}, qr{the folder /etc/gpt-oauth cannot be made: something else has its name}, 'a link in place of the folder is no folder');
    is($m->must('ls /etc/elsewhere'), '', '... and nothing is written there');
    $m->must('rm /etc/gpt-oauth; rmdir /etc/elsewhere /var/lib/gpt-oauth');
    refuses([ $local[0], '/tmp/oauth.db', @local[ 2 .. 4 ] ], qr{the folder /tmp is there already and does not belong to www-data alone}, 'a folder of everybody');
};

# httpd -t binds no port, and a reload that cannot bind one ends httpd.
subtest 'a port that is taken' => sub {
    my $other = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 1, ReuseAddr => 1) or die "port 8080: $!\n";
    refuses(\@local, qr/^gptoauth: httpd could not listen at 127\.0\.0\.1:8080, and would end on being reloaded: Address already in use\./m, 'a port that is taken');
    $other = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => 443, Listen => 1, ReuseAddr => 1) or die "port 443: $!\n";
    refuses(\@public, qr/httpd could not listen at 443, .*End what listens there; mod_ssl comes with that port/, 'the port that mod_ssl brings');
    refuses([ 'https://api.example.com:8443', @public[ 1 .. 4 ] ], qr/httpd could not listen at 443,/, '... at whatever port the issuer is');
    is(setup(\@local, '--dry-run')->{status}, 0, '... which is nothing to one without TLS');
};

# Whoever has edited the site may write the name in another way, and where it listens.
subtest 'an edited site' => sub {
    for my $name ('localhost:8080', 'LocalHost:8080', '"http://localhost:8080"') {
        $m->write_file($site, "# Written by gptoauth setup\nListen *:8080\nListen \${ADDRESS}:8081\n<VirtualHost *:8080>\n ServerName $name\n</VirtualHost>\n");
        my $done = setup(\@local, '--dry-run');
        is($done->{status}, 0, "ServerName $name") or diag $done->{err};
    }
    refuses([ "http://localhost:8081", @local[ 1 .. 4 ] ], qr/an earlier run wrote another issuer into \Q$site\E/, 'another port');
    $m->must("rm $site");
};

subtest 'another site of that name' => sub {
    $m->write_file($enabled, "# mine\n");
    refuses(\@local, qr/\Q$enabled\E is in the way: it has to be a link to \Q$site\E/, 'a file that is no link to the site');
    $m->must("rm $enabled && ln -s ../sites-available/gpt-oauth.conf $enabled");
    refuses(\@local, qr/\Q$enabled\E is a link to what is not there, so httpd does not start/, 'a link to the site, which is not there');
    $m->must("rm $enabled");
};

subtest 'a database by hand' => sub {
    my $typed = secret('byhandandfirst');
    $m->must('mkdir -p -m 700 /etc/gpt-oauth');
    for my $params ("password=$typed dbname=x", "postgresql://oauth:$typed\@db/x") {
        $m->write_file($dbd, qq(# Written by gptoauth setup\nDBDriver pgsql\nDBDParams "$params"\nGPTOAuthIssuer http://localhost:8080\n));
        my $done = setup([ $local[0], '', @local[ 2 .. 4 ] ], '--dry-run');
        like($done->{out}, qr/^DBDParams "?\(as it is\)"?$/m, 'what was written by hand') or diag $done->{out}, $done->{err};
        unlike("$done->{out}$done->{err}", qr/$typed/, '... is not shown');
    }
    $m->must('rm -r /etc/gpt-oauth');
};

# ---- to the end

subtest 'a GPT' => sub {
    my $begun = time;
    my $done = setup([ @local, $password, 'yes' ]);
    is($done->{status}, 0, 'it comes to its end') or diag $done->{out}, $done->{err};
    note sprintf 'in %.1f seconds', time - $begun;
    my $out = $done->{out};
    like($out, qr/^  - `gptoauth try` got a token, and called \/api with it$/m, 'a token was good for a call through the guard');
    like($out, qr/^    \Q$_\E +\S/m, "the builder's $_ stands there") for 'Client ID', 'Client Secret', 'Authorization URL', 'Token URL', 'Scope';
    my ($secret) = $out =~ /Client Secret +(\S+)/;
    secret($secret);
    my ($end) = $out =~ /^(Done:\n.*)/ms;
    cmp_ok($end =~ tr/\n//, '<=', 40, '... on one screen, with what is done and what is left');
    like($end, qr/^Left to do:\n\n  - an example answers at http:\/\/localhost:8080\/api: once your application listens, change that in \Q$site\E, and reload httpd$/m,
        '... that the application is missing');
    unlike("$out$done->{err}", qr/\Q$password\E/, 'the password is nowhere');
    is($m->must("stat -c '%a %U' $dbd $site /var/lib/gpt-oauth /var/lib/gpt-oauth/oauth.db"), "600 root\n644 root\n700 www-data\n600 www-data\n",
        'modes and owners are right');
    is($m->http->get('/api')->status, 401, 'nobody calls without a token');

    my $before = Test::GptOauth::slurp($dbd) . Test::GptOauth::slurp($site);
    my $again = setup([ @local, $password, 'yes' ]);
    is($again->{status}, 0, 'the same lines once more') or diag $again->{out}, $again->{err};
    like($again->{out}, qr/^  - the user alice was there already\n  - the client "My GPT" was there already$/m, '... what is there is kept');
    like($again->{out}, qr/^  - the site is switched on, and httpd was reloaded$/m, '... and the last line means what it meant');
    like($again->{out}, qr/^  - to try it with a token: gptoauth try "My GPT" --user "alice" --url \/api$/m, '... and it says how to try it, since nobody is asked for the secret');
    my $no = setup([ @local, $password, 'no' ]);
    is($no->{status}, 0, 'no');
    like($no->{out}, qr/^  - httpd was not reloaded: /m, '... leaves the site that is on');
    my $ended = setup([ @local, $password ]);
    is($ended->{status}, 1, 'lines that end too early');
    like($ended->{err}, qr/standard input ended where yes or no was needed/, '... are no answer');
    my $typed = run_on_terminal([ 'env', 'PATH=' . join(':', "$ENV{GPTOAUTH_MACHINE}/usr/sbin", $ENV{PATH}), '/usr/local/bin/gptoauth', 'setup' ],
        "\n", "\n", "\n", "alice\n", "\n", "$password\n", "$secret\n", "yes\n");
    is($typed->{status}, 0, 'on a terminal') or diag $typed->{seen};
    like($typed->{seen}, qr/^  - `gptoauth try` got a token/m, '... where it asks for the secret, it is tried again');
    unlike($typed->{seen}, qr/\Q$password\E|\Q$secret\E/, '... and neither is seen');
    is(Test::GptOauth::slurp($dbd) . Test::GptOauth::slurp($site), $before, '... the files stay');
    like($m->must('gptoauth user list; gptoauth client list'), qr/\A.*\nalice .*\n.*\n\S+ +My GPT .*\n\z/, '... with one user and one client');
    refuses([ 'http://localhost:8081', @local[ 1 .. 4 ] ], qr/an earlier run wrote another issuer into \Q$dbd\E/, 'another issuer');
    refuses([ @local[ 0, 1 ], 'other "Words"', @local[ 3, 4 ] ], qr/an earlier run wrote another scope into \Q$site\E/, 'another scope');
    refuses([ @local[ 0 .. 3 ], 'mcp' ], qr/an earlier run wrote another kind of caller into \Q$site\E/, 'another caller');
    my $dry = setup([ $local[0], 'host=db dbname=oauth user=oauth', '', @local[ 2 .. 4 ] ], '--dry-run');
    is($dry->{status}, 1, '--dry-run refuses what the run would');
    like($dry->{err}, qr/an earlier run wrote another database into \Q$dbd\E/, '... with its reason');

    $m->must("a2dissite -q gpt-oauth; mv $dbd $dbd.away; mv $site $site.away");
    refuses([ @local[ 0 .. 3 ], 'mcp' ], qr/httpd itself listens at 127\.0\.0\.1:8080: if a site that was switched off had it listen there, reload httpd first/,
        'what httpd has not let go of');
    $m->must("mv $dbd.away $dbd; mv $site.away $site; a2ensite -q gpt-oauth");

    # The configuration is gone, and the site is not.
    $m->must('systemctl stop apache2; a2dissite -q gpt-oauth; rm -r /etc/gpt-oauth /var/lib/gpt-oauth');
    refuses(\@public, qr/an earlier run wrote another issuer into \Q$site\E/, 'a site that is left of another issuer');
    $m->must("rm $site");
};

# Its role has a password with everything in it, which is asked for by itself and then stands in dbd.conf alone, quoted for httpd and
# then for libpq.
subtest 'a GPT, on PostgreSQL' => sub {
    my $cluster = Test::GptOauth::Postgres->new;
    my $nasty = secret(q{it's "a\\b" ${HOME} $x #{}});
    my @pgsql = @local;
    $pgsql[1] = 'host=127.0.0.1 port=' . $cluster->port . ' dbname=' . $cluster->create_database . ' user=oauth';
    $cluster->psql('postgres', "ALTER ROLE oauth PASSWORD \$as_it_is\$$nasty\$as_it_is\$", 'postgres');
    $m->write_file($cluster->dir . '/data/pg_hba.conf', "local all all trust\nhost all oauth 127.0.0.1/32 scram-sha-256\n");
    $cluster->psql('postgres', 'SELECT pg_reload_conf()', 'postgres');
    sub with_password { my ($lines, $typed) = @_; return [ @$lines[ 0, 1 ], $typed, @$lines[ 2 .. 4 ] ] }

    my $typo = secret(q{it's "a\\c" ${HOME} $x #{}});
    refuses(with_password(\@pgsql, $typo), qr/^gptoauth: cannot open the database: .*password authentication failed.*\. Nothing was changed$/m, 'a wrong password');
    my @nowhere = @pgsql;
    $nowhere[1] =~ s/port=\d+/port=1/;
    refuses(with_password(\@nowhere, $nasty), qr/^gptoauth: cannot open the database: .*onnection refused.*\. Nothing was changed$/m, 'where nothing listens');
    my $asked = run_on_terminal([qw(/usr/local/bin/gptoauth setup)], "$pgsql[0]\n", "$pgsql[1]\n", "$typo\n", "$pgsql[1]\n", "$nasty\n", "\x04");
    like($asked->{seen}, qr/password authentication failed.*Database: .*Password of its role.*First scope, .*standard input ended where an answer was needed; nothing was changed/s,
        'on a terminal it is asked for again');
    unlike($asked->{seen}, qr/it's "a/, '... and not shown');
    my $done = setup([ @{ with_password(\@pgsql, $nasty) }, $password, 'yes' ]);
    is($done->{status}, 0, 'the right one') or diag $done->{out}, $done->{err};
    like($done->{out}, qr/^  - `gptoauth try` got a token, and called \/api with it$/m, '... serves a token that is good');
    unlike("$done->{out}$done->{err}", qr/it's "a/, '... and is not shown');
    my $text = Test::GptOauth::slurp($dbd);
    unlike($text, qr/\$\{/, '... and stands in dbd.conf without the beginning of a variable');
    like($text, qr/ connect_timeout=2 tcp_user_timeout=3000 /, '... with time-outs');
    is($m->must("stat -c '%a %U' $dbd /etc/gpt-oauth"), "600 root\n700 root\n", '... where nobody else can read it');
    my ($secret) = $done->{out} =~ /Client Secret +(\S+)/;
    secret($secret);
    my $again = setup([ $pgsql[0], '', @pgsql[ 2 .. 4 ], $password, 'yes' ]);
    is($again->{status}, 0, 'once more, with Enter for the database') or diag $again->{out}, $again->{err};
    like($again->{out}, qr/^  - the user alice was there already$/m, '... what is there is kept');
    my $other = setup(with_password(\@nowhere, ''));
    like($other->{err}, qr/an earlier run wrote another database into \Q$dbd\E/, '... and another database is another answer');
    $m->must("apachectl stop; a2dissite -q gpt-oauth; rm -r /etc/gpt-oauth $site");
};

subtest 'MCP, and a certificate that comes later' => sub {
    my $live = '/etc/letsencrypt/live/api.example.com';
    my $dry = setup(\@public, '--dry-run');
    like($dry->{out}, qr{^There it would end: line \d+ of \Q$site\E names SSLCertificateFile \Q$live/fullchain.pem\E, which is missing\.$}m, '--dry-run sees that there is no certificate') or diag $dry->{err};
    my $done = setup([ @public, $password ]);
    is($done->{status}, 1, 'without a certificate it ends early');
    my ($line) = $done->{err} =~ m{\Q$site\E, line (\d+): SSLCertificateFile \Q$live/fullchain.pem\E is missing, so the site is not switched on};
    my @lines = split /\n/, Test::GptOauth::slurp($site);
    is($lines[ ($line // 0) - 1 ], "    SSLCertificateFile    $live/fullchain.pem", '... and says which line waits for it') or diag $done->{err};
    like($done->{out}, qr/^  - httpd accepts \Q$site\E$/m, '... after configtest') or diag $done->{err};
    ok(!-e $enabled, '... the site is not switched on');

    $m->must("mkdir -p $live /etc/ssl/certs && cd $live && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90"
            . ' -subj /CN=api.example.com -addext subjectAltName=DNS:api.example.com -keyout privkey.pem -out fullchain.pem 2>/dev/null'
            . ' && cat fullchain.pem >>/etc/ssl/certs/ca-certificates.crt');
    my $no = setup([ @public, '', 'no' ]);
    is($no->{status}, 0, 'with it there is a question');
    like($no->{out}, qr/^  - the site is not switched on: /m, '... to which no is an answer');
    ok(!-e $enabled, '... the site is not switched on');

    my $yes = setup([ @public, '', 'yes' ]);
    like($yes->{out}, qr/^ *ok +guard/mi, 'the guard is looked at') or diag $yes->{out}, $yes->{err};
    like($yes->{out}, qr{^  - type this URL into your MCP client: https://api\.example\.com/mcp$}m, 'and there is a URL to type');
    my $called = $m->sh('curl -si https://api.example.com/mcp')->{out};
    like($called, qr/\AHTTP\S+ 401 .*resource_metadata="https:\/\/api\.example\.com\/\.well-known\/oauth-protected-resource\/mcp"/s,
        'whoever calls it is led to where tokens come from');
    like($m->sh('curl -s https://api.example.com/.well-known/oauth-authorization-server')->{out}, qr/"registration_endpoint"/,
        '... where clients register');
    $m->must('a2dissite -q gpt-oauth');
    is(setup([ @public, '', 'no' ])->{status}, 0, 'a port of TLS that httpd has already is no obstacle');
    $m->must('apachectl stop');
};

my $log = Test::GptOauth::slurp('/var/log/apache2/error.log');
is(join("\n", grep { /:(?:crit|alert|emerg)\]|exit signal/ } split /\n/, $log), '', 'no crash and nothing critical in the error log');

done_testing;
