#!/usr/bin/perl
# README and docs/operations.md from Install to Uninstall, as an admin follows them on Debian: each command and each file of their texts, as it stands, on a machine
# of its own, with httpd on ports 80 and 443. Only the application's port is exchanged. On SQLite, then, installed anew, on PostgreSQL.

use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;
use Test::GptOauth::Markdown;
use Test::GptOauth::Machine;

my $source = abs_path("$FindBin::Bin/..");
my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$source/build");
plan skip_all => 'a machine of its own needs root' if $> != 0;
plan skip_all => 'a checkout there would be out of sight on it' if "$source $build" =~ m{(?:^| )/(?:etc|run|var)/};
Test::GptOauth::Machine->enter;

my ($readme, $directives, $operations, $monitoring) = map { Test::GptOauth::Markdown->new($_) }
    qw(README.md docs/directives.md docs/operations.md docs/monitoring.md);

# A command or line that stands in the midst of a sentence.
sub quoted {
    my ($text) = @_;
    ok((grep { index($_->text =~ s/\s+/ /gr, "`$text`") >= 0 } $readme, $directives, $operations, $monitoring), "the documents have `$text`");
    return $text;
}

my ($database) = $operations->take('Setting up by hand', 'apache');
my ($commands, $site) = $operations->take('Setting up by hand', 'sh');
my %upgrade;
@upgrade{qw(pgsql sqlite)} = $operations->take('Upgrade', 'sh');
my (%backup, %restore);
(@backup{qw(pgsql sqlite)}, @restore{qw(pgsql sqlite)}) = $operations->take('Backup', 'sh');
my ($uninstall) = $operations->take('Uninstall', 'sh');
my ($form, $page) = map { Test::GptOauth::slurp("$source/conf/sign-in/form.$_") } qw(conf html);

# What cannot be run here.
$operations->take($_, 'sh') for 'SELinux',    # Debian has none
    'A database with a standby',              # t/97-failover.t runs what is done to its servers
    'Debian packages',                        # t/package builds and installs them
    'Docker',                                 # no container runs within this machine; t/71-docker.t runs what the image consists of
    'Building without autotools';             # t/01-build.t does
is(join("\n", $operations->left('sh')), '', 'no command of operations.md is left out');

my $cluster = Test::GptOauth::Postgres->new;
my $backend = Test::GptOauth::Backend->new;
my ($application) = $backend->url =~ /(\d+)$/;
my %server = (issuer => 'https://api.example.com', port => 8080);
my $m = Test::GptOauth::Machine->new(%server, hosts => [qw(api.example.com db.internal)], path => [ $cluster->bin('') ]);
$m->set(PGPORT => $cluster->port);
chomp(my $modules = qx(apxs -q LIBEXECDIR));
my $dbd = '/etc/gpt-oauth/dbd.conf';
my $sqlite = '/var/lib/gpt-oauth/oauth.db';

# Runs a text line by line, as somebody types it, in the folder of the build; after each one comes a look at the server.
sub type {
    my ($text, %opt) = @_;
    my ($said, $umask) = ('', '');
    for my $line (split /\n/, $text) {
        $umask = "$line\n" if $line =~ /^umask/;
        my $done = $m->sh("$umask$line", in => $build, %opt);
        is($done->{status}, 0, $line) or diag $done->{out}, $done->{err};
        $said .= $done->{out};
        $opt{after}->($line) if $opt{after};
    }
    return $said;
}

sub as_postgres {
    my ($command) = @_;
    my $host = $cluster->dir;
    return $m->sh("PGHOST=$host setpriv --reuid=postgres --regid=postgres --clear-groups -- $command");
}

sub sql {
    my ($db, $statement) = @_;
    return $db eq 'pgsql' ? $cluster->psql('oauth', $statement) : $m->must("sqlite3 -cmd '.timeout 10000' $sqlite", stdin => "$statement\n");
}

# curl, which trusts whom the machine trusts.
sub curl {
    my ($url) = @_;
    my $done = $m->sh("curl -si '$url'");
    return Test::GptOauth::Http::take_response(\$done->{out}, 'GET', 1) // Test::GptOauth::Response->new('000 no response', [], '');
}

sub configtest { my $done = $m->sh(quoted('apachectl configtest')); return $done->{err} . $done->{out} }

# A certificate for the site, of an authority that the machine trusts.
sub make_certificate {
    my $live = '/etc/letsencrypt/live/api.example.com';
    return $m->must(<<"EOS");
mkdir -p $live /etc/ssl/certs
cd $live
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Authority -days 90 -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=api.example.com -keyout privkey.pem -out request.pem
echo subjectAltName=DNS:api.example.com >names
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -extfile names -out fullchain.pem
cat ca.pem >>/etc/ssl/certs/ca-certificates.crt
EOS
}

sub install {
    my ($db) = @_;
    type('make install');
    type(quoted('install -d -m 700 /etc/gpt-oauth'));
    type(quoted('install -d -m 700 -o www-data /var/lib/gpt-oauth')) if $db eq 'sqlite';
    is(as_postgres(quoted('createdb -O oauth oauth'))->{status}, 0, 'the database') if $db eq 'pgsql';
    my %line = (DBDriver => quoted('DBDriver sqlite3'), DBDParams => quoted("DBDParams $sqlite"));
    my $text = $db eq 'pgsql' ? $database : $database =~ s/^(DBDriver|DBDParams) .*/$line{$1}/mgr;
    $m->write_file($dbd, $text);
    my $said = type($commands, stdin => secret('a long enough password') . "\n");
    $m->{users}{alice} = 'a long enough password';
    my ($secret) = $said =~ /Client Secret\s+(\S+)/i;
    type($site, in => $source);
    $m->must("sed -i s/127.0.0.1:3000/127.0.0.1:$application/ /etc/apache2/sites-available/gpt-oauth.conf");
    is(configtest(), "Syntax OK\n", 'the site passes configtest');
    type(quoted('systemctl restart apache2'));
    return secret($secret);
}

sub test_site {
    my ($secret) = @_;
    my $refused = curl('https://api.example.com/api');
    is($refused->status, 401, 'who calls the application without a token is refused');
    my $resource = 'https://api.example.com/.well-known/oauth-protected-resource/api';
    is($refused->header('WWW-Authenticate'), qq(Bearer realm="https://api.example.com", scope="notes.read", resource_metadata="$resource"),
        '... and told where to get one');
    is(curl($resource)->json->{resource}, 'https://api.example.com/api', '... for which resource');
    my $metadata = curl('https://api.example.com/.well-known/oauth-authorization-server')->json;
    is($metadata->{issuer}, 'https://api.example.com', '... from which issuer');
    is($metadata->{token_endpoint}, 'https://api.example.com/oauth/token', '... at which endpoint');
    my $moved = curl('http://api.example.com/api?a=b');
    is($moved->status . ' ' . $moved->location, '301 https://api.example.com/api?a=b', 'port 80 leads to 443');
    my $tried = $m->sh('gptoauth try "My GPT" --user alice --url /api', stdin => "$secret\n$m->{users}{alice}\n");
    like($tried->{out}, qr/^Everything worked/m, 'a GPT can do everything') or diag $tried->{out}, $tried->{err};
    my $status = $m->sh(quoted(q{curl --resolve api.example.com:443:127.0.0.1 'https://api.example.com/oauth/status?auto'}));
    like($status->{out}, qr{^issuer: https://api\.example\.com\nwell: 1\n}, 'at the machine one sees how it is') or diag $status->{err};
    my $doctor = $m->sh(quoted('gptoauth doctor'));
    is(join("\n", grep { /^ *problem/ } split /\n/, $doctor->{out}), '', 'the doctor finds nothing') or diag $doctor->{out};
    return;
}

# The site behind a proxy that terminates TLS, as its comment has it, for requests that come without.
sub add_plain_site {
    my $text = Test::GptOauth::slurp('/etc/apache2/sites-available/gpt-oauth.conf');
    $text =~ s{^<VirtualHost \*:80>.*?^</VirtualHost>\n}{}ms;
    $text =~ s/^ *SSL.*\n//mg;
    $text =~ s/\*:443/*:8080/;
    $m->write_file('/etc/apache2/sites-available/plain.conf', "Listen 8080\n$text");
    $m->must('a2ensite -q plain');
    is(configtest(), "Syntax OK\n", 'behind a proxy it passes configtest');
    return type('systemctl restart apache2');
}

sub works { my ($tokens) = @_; return $m->token_works($tokens->{access_token}) }
sub connected { my ($client) = @_; return $m->tokens_for($client, params => { scope => 'notes.read' }) }

# ---- what README says of gpt_oauth.conf

sub test_conf {
    my $conf = '/etc/apache2/mods-available/gpt_oauth.conf';
    my $text = Test::GptOauth::slurp($conf);
    my @lines = map { /^#(Include|DBD\w+) / ? $1 : () } split /\n/, $text;
    is("@lines", '', 'gpt_oauth.conf has no line for the database that would be in force outside of the virtual host');
    my ($include) = $text =~ /^#   (Include .*)$/m;
    like(Test::GptOauth::slurp('/etc/apache2/sites-available/gpt-oauth.conf'), qr/^ +\Q$include\E$/m, '... the site has it');
    $m->write_file($conf, "$text$include\n");
    like(configtest(), qr/no scope is defined/, '... for where gpt_oauth.conf stands, configtest fails, as it says');
    $m->write_file($conf, $text);
    is(configtest(), "Syntax OK\n", '... and without it does not');
    return;
}

# ---- upgrade

# The module that httpd has loaded: the one that is installed, or one that was there before.
sub loaded {
    my $maps = Test::GptOauth::slurp('/proc/' . Test::GptOauth::slurp('/run/apache2/apache2.pid') =~ s/\D//gr . '/maps');
    my ($deleted) = $maps =~ m{/mod_gpt_oauth\.so( \(deleted\))?$}m or return 'none';
    return $deleted ? 'before' : 'installed';
}

sub test_upgrade {
    my ($db) = @_;
    my $tokens = connected($m->client_add('upgraded'));
    my %expected = $db eq 'pgsql' ? ('make install' => 'before', 'gptoauth migrate' => 'before', 'systemctl restart apache2' => 'installed') : ();
    my $look = sub {
        my ($line) = @_;
        my $state = $expected{$line} or return;
        is(loaded(), $state, "... httpd has the module that " . ($state eq 'before' ? 'was there before' : 'is installed'));
        ok(works($tokens), '... and serves');
    };
    my ($schema) = Test::GptOauth::slurp("$FindBin::Bin/../mod_gpt_oauth/store/schema.h") =~ /SCHEMA_VERSION (\d+)/;
    # Tables of a version to come, which this one can work with.
    $m->must('gptoauth migrate');
    sql($db, q{UPDATE oauth_setting SET value = '91' WHERE name = 'schema';});
    type($upgrade{$db}, after => $look);
    sql($db, q{UPDATE oauth_setting SET value = '%d' WHERE name = 'schema';} =~ s/%d/$schema/r);
    is(loaded(), 'installed', 'after all httpd has the module that is installed');
    ok(works($tokens), '... with which the token is good');
    is($m->refresh($tokens->{client}, $tokens->{refresh_token})->status, 200, '... and the refresh token');
    return if $db ne 'pgsql';
    type('make install');
    $m->must('apachectl graceful');
    my $deadline = time + 20;
    select undef, undef, undef, 0.05 until loaded() eq 'installed' || time > $deadline;
    is(loaded(), 'installed', 'a mere reload loads it, too');
    ok(works($tokens), '... and goes on');
    return;
}

# ---- backup

# As one sees from time to time whether it can be read back.
sub try_backup {
    my ($file) = @_;
    is(as_postgres(quoted('createdb -O oauth oauth_check'))->{status}, 0, 'a database to try the backup');
    type(quoted('pg_restore --no-owner --dbname="host=db.internal dbname=oauth_check user=oauth"') . " $file");
    my $check = quoted('/etc/gpt-oauth/check.conf');
    $m->write_file($check, Test::GptOauth::slurp($dbd) =~ s/dbname=oauth/${\ quoted('dbname=oauth_check') }/r);
    like(type(quoted("gptoauth --db-conf $check user list")), qr/^alice /m, '... in which the users are');
    $m->must("rm $check");
    is(as_postgres(quoted('dropdb oauth_check'))->{status}, 0, '... and which goes again');
    return;
}

sub test_backup {
    my ($db) = @_;
    my %client = map { $_ => $m->client_add($_) } qw(idle refreshed revoked later);
    my %tokens = map { $_ => connected($client{$_}) } qw(idle refreshed revoked);
    $m->must('rm -f /var/backups/*');
    type($backup{$db});
    my ($file) = glob '/var/backups/gpt-oauth.*';
    is(sprintf('%o', (stat $file)[2] & 0777), '600', 'nobody else can read the backup');
    my $bytes = $m->must($db eq 'pgsql' ? "pg_restore --file=- $file" : "cat $file");
    like($bytes, qr/idle/, '... in which everything is');
    my @secrets = ($m->{users}{alice}, map { $_->{secret} } values %client);
    push @secrets, map { @$_{qw(access_token refresh_token)} } values %tokens;
    is(join(' ', grep { index($bytes, $_) >= 0 } @secrets), '', '... except what is secret');

    try_backup($file) if $db eq 'pgsql';

    my $newer = $m->refresh($client{refreshed}, $tokens{refreshed}{refresh_token})->json;
    $m->must('gptoauth grant revoke --client revoked');
    ok(!works($tokens{revoked}), 'after it somebody is revoked');
    $tokens{later} = connected($client{later});
    ok(works($newer) && works($tokens{later}), '... others refresh, and connect');

    my $restored = sub {
        ok(works($tokens{idle}), 'a token of that time is good');
        is($m->refresh($client{idle}, $tokens{idle}{refresh_token})->status, 200, '... so is a refresh token');
        ok(works($tokens{revoked}), 'what was revoked since is good again');
        ok(!works($newer) && !works($tokens{later}), 'what was issued since is not');
        is($m->refresh($client{refreshed}, $newer->{refresh_token})->verdict, '400 invalid_grant', 'who refreshed since signs in once more');
        is($m->refresh($client{later}, $tokens{later}{refresh_token})->verdict, '400 invalid_grant', '... who was connected since, too');
        ok(works(connected($client{$_})), "... which is all ($_)") for qw(refreshed later);
    };
    type($restore{$db});
    $restored->();
    # A new host has no tables yet.
    $m->must('systemctl stop apache2');
    $db eq 'pgsql' ? sql($db, 'DROP OWNED BY oauth;') : $m->must("rm $sqlite*");
    type($restore{$db});
    $restored->();
    return;
}

# ---- mod_auth_form

sub test_form {
    my ($modules) = $form =~ /^# a2enmod (.*)$/m;
    type("a2enmod $modules");
    type($form =~ /^# \((umask .*)\)\./m);
    $m->write_file('/etc/apache2/staff', "carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");    # of "password"
    $m->write_file('/etc/apache2/conf-enabled/form.conf', "DocumentRoot /var/www/html\n$form");
    $m->write_file('/var/www/html/sign-in.html', $page);
    is(configtest(), "Syntax OK\n", 'the file for mod_auth_form passes configtest');
    type('systemctl restart apache2');
    my $client = $m->client_add('with a form');
    my $url = $m->authorize_url($client, scope => 'notes.read');
    my $browser = $m->browser;
    my $try = sub {
        $browser->get($url);
        my $form = $browser->form_with('httpd_password') or return '';
        return $browser->follow($browser->submit($form, httpd_username => 'carol', httpd_password => $_[0]));
    };
    is(scalar(grep { $browser->has_consent || $browser->has_sign_in } map { $try->("wrong $_") } 1 .. 12), 0, 'wrong passwords lead nowhere');
    $try->('password');
    is($m->outcome($client, $browser->page), '200 consent', '... the right one leads to the consent page, for nobody has counted them');
    like($browser->page->body, qr/Signed in as <strong><bdi>carol</, '... in the right name');
    is($m->outcome($client, $browser->decide('allow')), '303 code', '... and from there to a code');
    $m->must('rm /etc/apache2/conf-enabled/form.conf; a2dismod -q auth_form request session_cookie session_crypto session');
    return type('systemctl restart apache2');
}

# ---- uninstall

sub test_uninstall {
    my ($db) = @_;
    $m->must('a2dissite -q plain && rm /etc/apache2/sites-available/plain.conf');
    my $served = sub { curl('https://api.example.com/oauth/token')->status };
    type($uninstall);
    is($served->(), 0, 'nothing is served any more');
    is($m->must("find /etc /usr/local/bin $modules -name '*gpt*oauth*'"), '', '... and nothing is left');
    is(configtest(), "Syntax OK\n", '... nor is anything missing');
    if ($db eq 'pgsql') {
        is(as_postgres(quoted($_))->{status}, 0, $_) for 'dropdb oauth', 'dropuser oauth';
    }
    else {
        type(quoted('rm -r /var/lib/gpt-oauth'));
    }
    return $m->must('systemctl stop apache2');
}

make_certificate();
for my $db (dbs()) {
    subtest "on $db" => sub {
        my $secret = install($db);
        test_site($secret);
        add_plain_site();
        delete @$m{qw(http browsers)};
        test_conf();
        test_upgrade($db);
        test_backup($db);
        test_form() if $db eq (dbs())[0];
        my $log = Test::GptOauth::slurp('/var/log/apache2/error.log');
        is(join("\n", grep { /:(?:crit|alert|emerg)\]|exit signal/ } split /\n/, $log), '', 'no crash and nothing critical in the error log');
        test_uninstall($db);
    };
}

done_testing;
