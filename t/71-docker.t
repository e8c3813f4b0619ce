#!/usr/bin/perl
# docker/: the Dockerfile's steps are executed and its entrypoint is started as in a container, against a real PostgreSQL, with what
# compose.yaml and app.yaml set.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp ();
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;
use Test::GptOauth::Clients qw(node);
use Test::GptOauth::Image;

plan skip_all => 'a chroot needs root' if $> != 0;
my $top = abs_path("$FindBin::Bin/..");
my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$top/build");
my $work = File::Temp::tempdir('docker-XXXXXX', DIR => $build, CLEANUP => 1);
chmod 0755, $work;
my $image = Test::GptOauth::Image->build(dockerfile => "$top/docker/Dockerfile", context => $top, cache => "$build/docker", work => "$work/image");
Test::GptOauth::Image::own_network();

# A database that asks for a password, and for one that is awkward in a URL and in a configuration file.
my $password = secret('p@ss w/o "quotes"? \\ ${HOME} 100%25 #1');
my $cluster = Test::GptOauth::Postgres->new;
my $hba = $cluster->dir . '/data/pg_hba.conf';
Test::GptOauth->write_file($hba, "host all guarded 127.0.0.1/32 scram-sha-256\n" . Test::GptOauth::slurp($hba));
$cluster->psql('postgres', "CREATE ROLE guarded LOGIN PASSWORD '$password'; SELECT pg_reload_conf()", 'postgres');
my $databases = 0;

# The address of a new database.
sub database_url {
    my ($query) = @_;
    my $name = 'docker' . ++$databases;
    $cluster->psql('postgres', "CREATE DATABASE $name OWNER guarded", 'postgres');
    return 'postgres://guarded:' . Test::GptOauth::Http::encode($password) . '@127.0.0.1:' . $cluster->port . "/$name" . ($query // '');
}

# A container with a port of its own. env => what is other than usual; secrets => files of /run/secrets.
sub start {
    my (%opt) = @_;
    my $port = Test::GptOauth::free_port();
    my %env = (PORT => $port, GPT_OAUTH_ISSUER => "http://localhost:$port", %{ $opt{env} // {} });
    $env{DATABASE_URL} //= database_url();
    my $secrets = "$work/secrets";
    Test::GptOauth->write_file("$secrets/$_", $opt{secrets}{$_}) for keys %{ $opt{secrets} // {} };
    return $image->start(%opt, env => \%env, $opt{secrets} ? (secrets => $secrets) : ());
}

sub await {
    my ($c, $pattern) = @_;
    my $deadline = time + 30;
    sleep 0.05 until $c->log =~ $pattern || time > $deadline || defined $c->status;
    return $c->log =~ $pattern;
}

subtest 'the image' => sub {
    my $root = $image->root;
    ok(-e "$root/usr/lib/apache2/modules/mod_gpt_oauth.so", 'has the module');
    is(join(' ', map { sprintf '%o', $_ } (stat "$root/run/gpt-oauth")[ 2, 4 ]), '40700 41', '... a folder for www-data alone');
    ok(!-e "$root/usr/bin/gcc" && !-e "$root/src", '... and neither compiler nor source');
    ok(!-e $image->stage('build') . "/src/$_", "the build does not see $_") for qw(.git t/lib build docker/compose.yaml);
    my $script = 'ldd /usr/local/bin/gptoauth /usr/lib/apache2/modules/mod_gpt_oauth.so; touch /etc/written; gptoauth --version; id -u';
    my $c = start(command => ['sh', '-c', $script]);
    is($c->wait, 0, 'runs another command in place of httpd');
    unlike($c->log, qr/not found/, 'all libraries are there');
    like($c->log, qr{/etc/written.*Read-only}, 'nothing can be written');
    like($c->log, qr/^gptoauth \d.*^33$/ms, 'the command is there, and nobody is root');
};

subtest 'the hello endpoints' => sub {
    my $c = start(env => { GPT_OAUTH_SERVICE_HOST => '10.0.0.1', GPT_OAUTH_PORT => 'tcp://10.0.0.1:80', GPT_OAUTH_PORT_80_TCP_PORT => 80 });
    ok($c->healthy, 'it starts, under the eyes of Kubernetes') or diag $c->log;
    is($c->execute('', 'sh', '-c', $image->{healthcheck})->{status}, 0, 'the health check passes');
    is($c->http->get('/hello')->verdict, 200, 'hello is for everybody');
    is($c->http->get('/api/hello')->status, 401, 'the other hello wants a token');

    my $client = $c->client_add('GPT', gpt => 1);
    like($c->gptoauth('gpt', 'GPT'), qr{Authorization URL\s+\Q${\ $c->issuer}\E/oauth/authorize$}m, 'the command knows the server');
    my $tokens = $c->tokens_for($client, params => { scope => 'hello' });
    is($c->hello($tokens->{access_token})->json->{user}, 'alice', 'sign-in, consent, code, token, hello');
    is($c->refresh($client, $tokens->{refresh_token})->verdict, 200, 'refresh');

    my $log = $c->log;
    like($log, qr{^127\.0\.0\.1 alice "GET /api/hello" 200 }m, 'the access log is on standard output');
    unlike($log, qr{/oauth/health}, '... without health checks');
    like($log, qr{AH00489: Apache}, '... and the error log is on standard error');
    my @seen = map { Test::GptOauth::slurp("/proc/$_/cmdline") . Test::GptOauth::slurp("/proc/$_/environ") } grep { $_ != $c->first } $c->processes;
    ok(@seen > 2, 'there are processes of httpd');
    is(join("\n", Test::GptOauth::Secrets::found_in(join "\n", $log, @seen)), '', 'no secret in the log, the command lines, the environment');

    $cluster->stop;
    is($c->http->get('/oauth/health')->status, 200, 'healthy while the database is down');
    my $patience = time + 1.5;
    sleep 0.05 until $c->hello($tokens->{access_token})->status == 503 || time > $patience;
    is($c->hello($tokens->{access_token})->status, 503, '... though after a second tokens cannot be checked any more');
    $cluster->start;
    my $deadline = time + 20;
    sleep 0.2 until $c->hello($tokens->{access_token})->status == 200 || time > $deadline;
    is($c->hello($tokens->{access_token})->status, 200, '... until it is back');

    $c->kill('TERM');
    is($c->wait, 0, 'SIGTERM ends it');
};

my $key = secret('0123456789abcdef0123456789abcdef');

subtest 'an application behind the guard' => sub {
    my $backend = Test::GptOauth::Backend->new;
    my $c = start(env => { GPT_OAUTH_ISSUER => 'https://api.example.com', GPT_OAUTH_PROXY => $backend->url . '/app/', GPT_OAUTH_PROXY_PATH => '/notes/',
        GPT_OAUTH_SCOPES => "notes.read=Read your notes;\n notes.write = Change your notes & more ", GPT_OAUTH_SERVICE_KEY => $key,
        GPT_OAUTH_ADDRESS_HEADER => 'X-Forwarded-For', GPT_OAUTH_REGISTRATION => 'open' });
    ok($c->healthy, 'it starts') or diag $c->log;
    my @bearer = (Authorization => "Bearer $key");
    like($c->http->get($_)->header('WWW-Authenticate') // '', qr{^Bearer .*scope="notes\.read"}, "$_ wants a token") for qw(/notes /notes/ /notes/1);
    is($c->http->get('/notes', headers => [ Authorization => 'Bearer gptk_wrong' ])->status, 401, '... and not any');
    my $answer = $c->http->get('/notes/1?x', headers => [ @bearer, 'X-Forwarded-For' => '198.51.100.7, 203.0.113.9', 'X-OAuth-User' => 'root' ]);
    like($answer->body, qr{^GET /app/1\?x }, 'the service key opens it');
    is(join(' ', Test::GptOauth::Backend::saw($answer, 'X-OAuth-User')), 'service:file', '... and the application knows who calls');
    ok(await($c, qr{^203\.0\.113\.9 service:file "GET /notes/1" 200}m), '... the log has the address that the proxy in front says');
    is($c->http->get('/hello')->status, 404, 'there are no hello endpoints');
    my $metadata = $c->http->get('/.well-known/oauth-authorization-server')->json;
    is($metadata->{issuer}, 'https://api.example.com', 'https ends at the proxy in front, and all URLs say it');
    is(join(' ', @{ $metadata->{scopes_supported} // [] }), 'notes.read notes.write offline_access', 'the scopes');
    ok($metadata->{registration_endpoint}, 'registration');
    is(join("\n", Test::GptOauth::Secrets::found_in($c->log)), '', 'no secret in the log');

    my $all = start(env => { GPT_OAUTH_PROXY => $backend->url, GPT_OAUTH_PROXY_PATH => '/', GPT_OAUTH_SERVICE_KEY_FILE => '/run/secrets/key' },
        secrets => { key => "$key\n" });
    ok($all->healthy, 'everything behind the guard: the health check is not') or diag $all->log;
    is($all->http->get('/x')->status, 401, '... all else is');
    like($all->http->get('/x', headers => \@bearer)->body, qr{^GET /x }, '... and opens to the key of a file');
    is($all->http->get('/oauth/token')->status, 405, 'the endpoints stay the module\'s own');
};

subtest 'an end without a loss' => sub {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no free port: $!\n";
    my $c = start(env => { GPT_OAUTH_PROXY => 'http://127.0.0.1:' . $listener->sockport, GPT_OAUTH_SERVICE_KEY => $key });
    ok($c->healthy, 'it starts') or diag $c->log;
    my $http = $c->http;
    my $connection = $http->connect_now;
    print { $connection->{socket} } $http->build('GET', '/api/slow', headers => [ Authorization => "Bearer $key" ]);
    my $backend = $listener->accept;
    $c->kill('TERM');
    my $deadline = time + 20;
    sleep 0.05 while IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $c->port) && time < $deadline;
    cmp_ok(time, '<', $deadline, 'after SIGTERM no new connection is accepted');
    print {$backend} "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone";
    close $backend;
    my $answer = $http->read_response($connection, 'GET');
    is($answer && $answer->status . ' ' . $answer->body, '200 done', 'the request that was under way is answered');
    is($c->wait, 0, '... then it ends');
    like($c->log, qr/AH00492: .*shutting down gracefully/, '... in good order');
};

subtest 'a database that is late' => sub {
    my $url = database_url();
    $cluster->stop;
    my $c = start(env => { DATABASE_URL => $url });
    ok(await($c, qr/^gptoauth: cannot open the database: .*Connection refused/m), 'it says what it waits for');
    $cluster->start;
    ok($c->healthy, '... and starts when the database is there') or diag $c->log;
    is($c->http->get('/hello')->status, 200, '... for good');
    my $stuck = start(env => { DATABASE_URL => 'postgres://nobody@127.0.0.1:1/none' });
    ok(await($stuck, qr/cannot open the database/), 'another one waits for what never comes');
    $stuck->kill('TERM');
    is($stuck->wait, 143, '... and ends when it is told to');
};

# ---- the platforms' files

sub read_yaml {
    my ($file) = @_;
    my $script = 'console.log(JSON.stringify(require("yaml").parse(require("fs").readFileSync(0, "utf8"))))';
    my $result = Test::GptOauth::run({ stdin => Test::GptOauth::slurp("$top/docker/$file") }, qw(env -C), "$top/t/clients", node(),
        '--input-type=commonjs', '-e', $script);
    return JSON::PP::decode_json($result->{out} || die "$file: $result->{err}\n");
}

my %known = map { $_ => 1 } Test::GptOauth::slurp("$top/docker/entrypoint") =~ /^#   ([A-Z_]+) +\S/mg;
$known{"${_}_FILE"} = 1 for qw(DATABASE_URL DATABASE_PASSWORD DATABASE_CA_CERT GPT_OAUTH_SERVICE_KEY);
my ($table) = Test::GptOauth::slurp("$top/docs/operations.md") =~ /^## Docker\n.*?(^\| variable .*?)\n\n/ms;
is(join(' ', sort $table =~ /`([A-Z_]+)`/g), join(' ', sort grep { !/_FILE$/ } keys %known), 'operations.md has all variables');
sub unknown { return join ' ', grep { !$known{$_} } sort @_ }

subtest 'compose.yaml' => sub {
    my $compose = read_yaml('compose.yaml');
    my ($web, $database) = @{ $compose->{services} }{qw(web database)};
    my %env = %{ $web->{environment} };
    is(unknown(keys %env), '', 'sets what the entrypoint reads');
    ok(-e "$top/docker/$web->{build}{context}/$web->{build}{dockerfile}", 'builds from the Dockerfile');
    is($web->{ports}[0], "127.0.0.1:8080:$image->{expose}", 'publishes its port, on loopback');
    is("$web->{read_only} @{ $web->{tmpfs} }", '1 /run/gpt-oauth:uid=33,gid=33,mode=0700', 'can write in its runtime folder alone');
    is($web->{depends_on}{database}{condition}, 'service_healthy', 'waits for the database');
    ok($database->{healthcheck}{test}, '... which has a health check');
    my ($volume) = $database->{volumes}[0] =~ /^(\w+):/;
    ok(exists $compose->{volumes}{$volume}, '... and a volume');
    my $file = $compose->{secrets}{ $web->{secrets}[0] }{file};
    is($web->{healthcheck}{test}[0], 'CMD-SHELL', '... as the web server has');
    is($env{DATABASE_PASSWORD_FILE}, $database->{environment}{POSTGRES_PASSWORD_FILE}, 'both read the same password');
    is(system("cd '$top' && grep -q '^/docker/secrets/' .gitignore"), 0, '... which git does not see');
    like($file, qr{^secrets/}, '... in its folder');

    $env{DATABASE_URL} =~ s{//oauth\@database/oauth$}{//guarded\@127.0.0.1:${\ $cluster->port}/} or fail("DATABASE_URL is $env{DATABASE_URL}");
    $env{DATABASE_URL} .= database_url() =~ s{.*/}{}r;
    s/\$\{\w+:-(.*?)\}/$1/ for values %env;
    my $c = start(env => { %env, PORT => 8080 }, secrets => { database_password => $password });
    ok($c->healthy, 'starts with these') or diag $c->log;
    is($c->execute('', 'sh', '-c', $web->{healthcheck}{test}[1])->{status}, 0, '... and its probe says that it is ready') or diag $c->log;
};

subtest 'app.yaml' => sub {
    my $app = read_yaml('app.yaml');
    my $web = $app->{services}[0];
    my %env = map { $_->{key} => $_->{value} } @{ $web->{envs} };
    is(unknown(keys %env), '', 'sets what the entrypoint reads');
    ok(-e "$top/$web->{dockerfile_path}", 'builds from the Dockerfile');
    is($web->{http_port}, $image->{expose}, 'sends requests to its port');
    my $name = $app->{databases}[0]{name};

    # A database as the platform has them: with TLS, by a certificate authority of its own.
    my $data = $cluster->dir . '/data';
    my @certificate = (qw(openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2 -subj /CN=database -addext),
        'subjectAltName=IP:127.0.0.1', '-keyout', "$data/server.key", '-out');
    Test::GptOauth::output('', @certificate, "$work/other.crt");
    Test::GptOauth::output('', @certificate, "$data/server.crt");
    chown +(getpwnam 'postgres')[ 2, 3 ], "$data/server.key", "$data/server.crt";
    $cluster->psql('postgres', $_, 'postgres') for 'ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()';
    my %platform = ("$name.DATABASE_URL" => database_url('?sslmode=require'), "$name.CA_CERT" => Test::GptOauth::slurp("$data/server.crt"),
        APP_URL => 'https://gpt-oauth-abc12.example.app');
    s/\$\{([\w.]+)\}/$platform{$1} \/\/ "no $1"/e for values %env;
    my $c = start(env => \%env);
    ok($c->healthy, 'starts with these') or diag $c->log;
    is($c->http->get($web->{health_check}{http_path})->body, "ok\n", 'the health check asks the module, and passes');
    is($c->http->get('/openapi.json')->json->{servers}[0]{url}, $platform{APP_URL}, 'the GPT builder can import the hello endpoints');
    is($c->execute('', 'gptoauth', 'client', 'add', 'GPT', '--gpt')->{status}, 0, 'the console of the platform makes a client');
    $c->http->get('/hello', headers => [ 'do-connecting-ip' => '203.0.113.7' ]);
    ok(await($c, qr{^203\.0\.113\.7 .*"GET /hello" 200}m), 'the log has the address of the client');
    $c->http->post('/oauth/token', { grant_type => 'authorization_code', code => 'gptc_x', client_id => 'x', client_secret => 'gpts_x' });
    my $encrypted = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'guarded' AND ssl";
    is($cluster->psql('postgres', $encrypted, 'postgres'), 't', 'the connection to the database is encrypted');
    like($c->execute('', 'cat', '/run/gpt-oauth/dbd.conf')->{out}, qr/[?&]sslmode=verify-full[&"]/, '... and its name looked at, whatever the URL says');

    my $other = start(env => { %env, DATABASE_CA_CERT => Test::GptOauth::slurp("$work/other.crt") });
    ok(await($other, qr/certificate verify failed/), '... and given to nobody else');
    is(join("\n", Test::GptOauth::Secrets::found_in($other->log . $c->log)), '', 'no secret in the log');
};

# ---- what is refused

my $url = 'postgres://u:pa55word@h/db';
my @refused = (
    [ 'no issuer', { GPT_OAUTH_ISSUER => '' }, "GPT_OAUTH_ISSUER is ''; set it to the URL" ],
    [ 'an issuer over http', { GPT_OAUTH_ISSUER => 'http://api.example.com' }, 'GPT_OAUTH_ISSUER is .*http for localhost only' ],
    [ 'an issuer with a query', { GPT_OAUTH_ISSUER => 'https://api.example.com/?x' }, 'GPT_OAUTH_ISSUER is' ],
    [ 'a second line', { GPT_OAUTH_ISSUER => "https://api.example.com\nServerName x" }, 'GPT_OAUTH_ISSUER is' ],
    [ 'no database', { DATABASE_URL => '' }, 'DATABASE_URL is missing' ],
    [ 'another database', { DATABASE_URL => 'mysql://u:pa55word@h/db' }, 'DATABASE_URL is no address of a PostgreSQL database' ],
    [ 'a password with an @', { DATABASE_URL => 'postgres://u:pa55word@x@h/db' }, '%40 for @' ],
    [ 'a password with a %', { DATABASE_URL => 'postgres://u:pa55word%zz@h/db' }, '%25 for %' ],
    [ 'a password with a NUL', { DATABASE_URL => 'postgres://u:pa55word%00@h/db' }, 'DATABASE_URL is no address' ],
    [ 'a password with a space', { DATABASE_URL => 'postgres://u:pa55word x@h/db' }, 'DATABASE_URL is no address' ],
    [ 'a password that is not there', { DATABASE_PASSWORD_FILE => '/run/secrets/none' }, 'DATABASE_PASSWORD_FILE is /run/secrets/none, which user 33' ],
    [ 'two passwords', { DATABASE_PASSWORD => 'pa55word', DATABASE_PASSWORD_FILE => '/run/secrets/none' }, 'are both set' ],
    [ 'a port that is none', { PORT => 'http' }, "PORT is 'http'" ],
    [ 'a port that cannot be', { PORT => '65536' }, "PORT is '65536'" ],
    [ 'a misspelt name', { GPT_OAUTH_SCOPE => 'x=y' }, 'GPT_OAUTH_SCOPE is not known; there are GPT_OAUTH_ISSUER' ],
    [ 'a scope without words', { GPT_OAUTH_SCOPES => 'notes.read' }, "GPT_OAUTH_SCOPES has 'notes.read'; write name=" ],
    [ 'a scope with quotes', { GPT_OAUTH_SCOPES => 'a=Read "everything"' }, 'GPT_OAUTH_SCOPES has' ],
    [ 'a scope with a line of its own', { GPT_OAUTH_SCOPES => "a=b\nServerName x" }, 'GPT_OAUTH_SCOPES has' ],
    [ 'no scope', { GPT_OAUTH_SCOPES => ' ; ' }, 'GPT_OAUTH_SCOPES is empty' ],
    [ 'a proxy without http', { GPT_OAUTH_PROXY => 'app:3000' }, 'GPT_OAUTH_PROXY is' ],
    [ 'a path without a proxy', { GPT_OAUTH_PROXY_PATH => '/api' }, 'set GPT_OAUTH_PROXY' ],
    [ 'a path that is none', { GPT_OAUTH_PROXY => 'http://app', GPT_OAUTH_PROXY_PATH => 'api' }, 'GPT_OAUTH_PROXY_PATH is' ],
    [ 'a document in no folder', { GPT_OAUTH_PROXY => 'http://app', GPT_OAUTH_OPENAPI => 'x.json' }, 'GPT_OAUTH_OPENAPI is' ],
    [ 'a header that is none', { GPT_OAUTH_ADDRESS_HEADER => 'X-Real-IP: x' }, 'GPT_OAUTH_ADDRESS_HEADER is' ],
    [ 'registration by somebody', { GPT_OAUTH_REGISTRATION => 'yes' }, 'write off, token or open' ],
);
subtest 'refused' => sub {
    for my $case (@refused) {
        my ($name, $env, $sentence) = @$case;
        my $c = start(env => { DATABASE_URL => $url, %$env });
        $c->wait;
        ok($c->status == 1 && $c->log =~ /\Aentrypoint: .*$sentence.*\n\z/s, $name) or diag $c->status . ': ' . $c->log;
        unlike($c->log, qr/pa55/, '... without telling a password');
    }
};

undef $image;
undef $cluster;
is(join("\n", grep { /\Q$work\E/ } split /\n/, Test::GptOauth::slurp('/proc/mounts')), '', 'no mount is left');
is(join("\n", grep { (readlink "$_/root" // '') =~ /^\Q$work\E/ } glob '/proc/[0-9]*'), '', '... and no process');
done_testing;
