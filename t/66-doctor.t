#!/usr/bin/perl
# gptoauth doctor: a sound server is found sound, and each fault is named by the line of its check, with what mends it.
use strict;
use warnings;
use FindBin;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Certificates;

my $public = 'https://api.example.com';

sub examine {
    my ($t, @args) = @_;
    return $t->try_gptoauth('', 'doctor', @args);
}

# The line of this check has that verdict, says this of it, and what helps.
sub says {
    my ($t, $what, $verdict, $check, $finding, $remedy, @args) = @_;
    my $got = examine($t, @args);
    my $status = $verdict eq 'problem' ? 1 : 0;
    my $found = grep { /^  $verdict +$check +[^\n]*$finding[^\n]*(?:\n +-> [^\n]*)?\z/ && (!$remedy || /-> .*$remedy/) }
        split /\n(?=  (?:ok|warning|problem) )|\n\n/, $got->{out};
    ok($found && $got->{status} == $status, "finds: $what") or diag("status $got->{status}:\n$got->{out}$got->{err}");
    return $got->{out};
}

# What the server wrote that looks like trouble, and does not say that it was this command.
sub unmarked {
    my ($t) = @_;
    return join "\n", grep { /:(?:warn|error)\] .*\[client / && !m{, referer: gptoauth-doctor/\d[\w.]*$} } split /\n/, $t->error_log;
}

sub at { my ($t, $port) = @_; return ('--connect-to', '127.0.0.1:' . $t->port($port)) }

# ---- a public server, by TLS

my $certificates = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);

sub make_certificates {
    my ($dir) = @_;
    chmod 0755, $dir;
    make_certificate($dir, 'ca', '/CN=Test', days => 90);
    for my $one ([ good => 'api.example.com', 60 ], [ ending => 'api.example.com', 5 ], [ ended => 'api.example.com', -1 ],
        [ other => 'www.example.org', 60 ]) {
        my ($name, $host, $days) = @$one;
        make_certificate($dir, $name, "/CN=$host", by => 'ca', host => $host, days => $days);
    }
    make_certificate($dir, 'self', '/CN=api.example.com', host => 'api.example.com');
    chmod 0644, glob "$dir/*.pem";
    return;
}

my $scopes = <<'EOC';
GPTOAuthScope read "Read your notes" default
GPTOAuthScope write "Change your notes"
GPTOAuthScope hello "Be greeted"
EOC

sub tls_host {
    my ($port, $certificate) = @_;
    return <<"EOC";
Listen 127.0.0.1:%%PORT_$port%%
<VirtualHost 127.0.0.1:%%PORT_$port%%>
    ServerName $public
    SSLEngine on
    SSLCertificateFile "$certificates/$certificate.pem"
    SSLCertificateKeyFile "$certificates/$certificate.key"
    GPTOAuthIssuer $public
    $scopes
    GPTOAuthRegistration open
    GPTOAuthOpenAPI "%%DIR%%/schema.json"
    GPTOAuthManifest name_for_human "Notes"
    GPTOAuthManifest name_for_model notes
    GPTOAuthManifest description_for_human "Your notes"
    GPTOAuthManifest description_for_model "Reads and changes notes"
    GPTOAuthManifest auth none
    GPTOAuthManifest contact_email admin\@example.com
    GPTOAuthManifest logo_url $public/logo.png
    GPTOAuthManifest legal_info_url $public/privacy
</VirtualHost>
EOC
}

sub test_public {
    my ($db) = @_;
    my $conf = join '', map { tls_host(@$_) } [ 'S', 'good' ], [ 'E', 'ending' ], [ 'X', 'ended' ], [ 'W', 'other' ], [ 'U', 'self' ];
    my $t = Test::GptOauth->new(db => $db, conf => $conf, modules => ['ssl'], start => 0);
    $t->write_file('schema.json', Test::GptOauth::slurp("$FindBin::Bin/../conf/openapi-hello.json"));
    my ($status, $said) = $t->configtest;
    is($status, 0, 'configtest') or diag($said);
    $t->start;
    $t->user('alice');
    $t->client_add('Notes', gpt => 1, redirect => 'https://chatgpt.com/aip/g-one/oauth/callback');
    my @trust = ('--issuer', $public, '--cacert', "$certificates/ca.pem");

    my $got = examine($t, @trust, at($t, 'S'), '--url', "$public/api/notes.txt", '--children', 4);
    is($got->{status}, 0, 'a sound server') or diag($got->{out} . $got->{err});
    my @checks = map { [ /^  (\w+) +(\w+)/ ] } grep { /^  \w/ } split /\n/, $got->{out};
    is_deeply([ grep { $_->[0] ne 'ok' } @checks ], [ [ 'warning', 'certificate' ] ], '… has nothing to be told but that its authority is our own')
        or diag($got->{out});
    my @wanted = (qw(issuer certificate clock authorize token revoke CORS metadata introspect register apps discovery schema manifest guard resource database rights),
        $t->is_pgsql ? qw(owners pool) : (), qw(client user));
    is(join(' ', map { $_->[1] } @checks), "@wanted", '… in every respect');
    like($got->{out}, qr/^No problem, 1 warning\.$/m, '… and the sum');
    my @refusals = grep { /GPT1\d\d:/ } split /\n/, $t->error_log;
    is(scalar @refusals, 6, '… which has refused each endpoint once, and an unknown app') or diag(join "\n", @refusals);
    like(join("\n", @refusals[0 .. 3]), qr/\A(?:.*client \"?gptoauth-doctor\b.*\n?){4}\z/, '… to a client that says whose it is') or diag(join "\n", @refusals);
    is(unmarked($t), '', '… and nothing in its log looks like somebody else\'s');
    $got = examine($t, @trust, at($t, 'S'), '--json');
    my $json = eval { JSON::PP::decode_json($got->{out}) } // {};
    is_deeply([ @$json{qw(ok issuer problems warnings)} ], [ JSON::PP::true, $public, 0, 1 ], '… for programs');
    is(scalar grep({ $_->{check} && $_->{verdict} && $_->{finding} } @{ $json->{checks} }), scalar @{ $json->{checks} }, '… with every check');

    says($t, 'an authority that nobody knows', 'problem', 'certificate', 'is refused', 'public authority', '--issuer', $public, at($t, 'S'));
    says($t, 'a certificate that ends soon', 'warning', 'certificate', 'ends in [45] days', 'renew it', @trust, at($t, 'E'));
    says($t, 'a certificate that has ended', 'problem', 'certificate', 'expired', undef, @trust, at($t, 'X'));
    says($t, 'a certificate for another name', 'problem', 'certificate', 'is refused: .*api\.example\.com', undef, @trust, at($t, 'W'));
    says($t, 'a certificate that signed itself', 'problem', 'certificate', 'self-signed', 'public authority', '--issuer', $public, '--cacert',
        "$certificates/self.pem", at($t, 'U'));
    says($t, 'plain http', 'problem', 'certificate', 'TLS with .* fails', 'SSLEngine', @trust, '--connect-to', '127.0.0.1:' . $t->port);
    says($t, 'another port', 'problem', 'issuer', 'has port 8443', '443', '--issuer', "$public:8443", '--cacert', "$certificates/ca.pem", at($t, 'S'));
    says($t, 'a private name', 'problem', 'issuer', 'only be reached from here', 'public name', '--issuer', 'https://notes.internal', '--cacert',
        "$certificates/ca.pem", at($t, 'S'));
    says($t, 'an API of another root domain', 'problem', 'guard', 'another root domain', 'root domain', @trust, at($t, 'S'), '--url',
        'http://127.0.0.1:' . $t->port . '/api/notes.txt');
    $t->finish;
    return;
}

# ---- a server on this computer, and others that stand in its place

my $front = <<"EOC";
Listen 127.0.0.1:%%PORT_R%%
<VirtualHost 127.0.0.1:%%PORT_R%%>
    RedirectMatch 302 ^(.*)\$ http://localhost:%%PORT%%\$1
</VirtualHost>
Listen 127.0.0.1:%%PORT_B%%
<VirtualHost 127.0.0.1:%%PORT_B%%>
    GPTOAuthIssuer http://localhost:%%PORT%%
    $scopes
    <Location /oauth>
        AuthType Basic
        AuthName "The staff"
        AuthUserFile "%%DIR%%/none"
        Require valid-user
    </Location>
</VirtualHost>
Listen 127.0.0.1:%%PORT_H%%
<VirtualHost 127.0.0.1:%%PORT_H%%>
    ProxyPreserveHost on
    Alias /oauth/token "%%DIR%%/htdocs/page.html"
    Alias /.well-known "%%DIR%%/htdocs/none"
    ProxyPass /oauth/token !
    ProxyPass /.well-known !
    ProxyPass / http://localhost:%%PORT%%/
    AddType text/html .html
</VirtualHost>
Listen 127.0.0.1:%%PORT_N%%
<VirtualHost 127.0.0.1:%%PORT_N%%>
</VirtualHost>
Listen 127.0.0.1:%%PORT_O%%
<VirtualHost 127.0.0.1:%%PORT_O%%>
    GPTOAuthIssuer http://127.0.0.1:%%PORT%%
    $scopes
</VirtualHost>
Listen 127.0.0.1:%%PORT_P%%
<VirtualHost 127.0.0.1:%%PORT_P%%>
    GPTOAuthIssuer http://localhost:%%PORT%%
    GPTOAuthPath /sign-in
    $scopes
</VirtualHost>
Listen 127.0.0.1:%%PORT_C%%
<VirtualHost 127.0.0.1:%%PORT_C%%>
    GPTOAuthIssuer http://localhost:%%PORT%%
    $scopes
    Header always set Content-Security-Policy "form-action 'self'"
    Header always add Access-Control-Allow-Origin https://example.com
</VirtualHost>
Listen 127.0.0.1:%%PORT_G%%
<VirtualHost 127.0.0.1:%%PORT_G%%>
    GPTOAuthIssuer http://localhost:%%PORT%%
    GPTOAuthOpenAPI "%%DIR%%/bad.json"
    $scopes
</VirtualHost>
Listen 127.0.0.1:%%PORT_D%%
<VirtualHost 127.0.0.1:%%PORT_D%%>
    GPTOAuthIssuer http://localhost:%%PORT%%
    Alias /openapi.json "%%DIR%%/htdocs/elsewhere.json"
    $scopes
</VirtualHost>
Listen 127.0.0.1:%%PORT_F%%
<VirtualHost 127.0.0.1:%%PORT_F%%>
    ProxyPass / http://127.0.0.1:%%PORT_Z%%/
</VirtualHost>
<Location /api/open>
    AuthType None
    Require all granted
</Location>
EOC

# A proxy whose host has another clock: the answer as it comes, but for its Date.
sub clock_proxy {
    my ($t, $ahead) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 10) or die "no port: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        local $SIG{TERM} = 'DEFAULT';
        while (my $client = $listener->accept) {
            my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port) or next;
            my ($request, $answer) = ('', '');
            while ($request !~ /\r\n\r\n/ && sysread $client, my $bytes, 4096) { $request .= $bytes }
            $request =~ s/\r\n/\r\nConnection: close\r\n/;
            syswrite $server, $request;
            while (sysread $server, my $bytes, 65536) { $answer .= $bytes }
            my $date = POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + $ahead));
            $answer =~ s/^Date: .*?\r\n/Date: $date\r\n/m;
            syswrite $client, $answer;
            close $client;
        }
        POSIX::_exit(0);
    }
    return ($pid, '127.0.0.1:' . $listener->sockport);
}

sub test_endpoints {
    my ($t, @issuer) = @_;
    my $url = $t->issuer;
    my $out = says($t, 'a server for this computer only', 'warning', 'issuer', 'only be reached from here', 'public name', @issuer);
    unlike($out, qr/^  problem/m, '… which is no problem, and nothing else is');
    says($t, 'nobody who listens', 'problem', 'server', 'nothing answers', 'Listen', @issuer, '--connect-to', '127.0.0.1:' . Test::GptOauth::free_port());
    says($t, 'a catch-all that redirects', 'problem', $_, 'redirects to http', 'RewriteRule', @issuer, at($t, 'R')) for qw(authorize token metadata);
    $out = says($t, 'another sign-in over the token endpoint', 'problem', 'token', 'another sign-in covers it: Basic realm="The staff"', 'AuthType None',
        @issuer, at($t, 'B'));
    like($out, qr/^  ok +authorize +httpd's own sign-in/m, '… while at the page it is the admin\'s choice');
    says($t, 'a page in place of the token endpoint', 'problem', 'token', 'where JSON with an error is expected', 'something else', @issuer, at($t, 'H'));
    says($t, 'well-known URLs that lead elsewhere', 'problem', 'metadata', 'is not there', 'well-known', @issuer, at($t, 'H'));
    says($t, 'a virtual host without issuer', 'problem', $_, 'not (?:there|answer as)', 'GPTOAuthIssuer', @issuer, at($t, 'N')) for qw(authorize token revoke);
    $out = says($t, 'another issuer', 'problem', 'metadata', 'calls itself http://127\.0\.0\.1', 'GPTOAuthIssuer', @issuer, at($t, 'O'));
    unlike($out, qr/another sign-in covers/, '… whose own challenge is not taken for somebody else\'s');
    says($t, 'another path', 'problem', $_, '', 'GPTOAuthPath', @issuer, at($t, 'P')) for qw(authorize token metadata);
    says($t, 'form-action on the page', 'problem', 'authorize', 'form-action', 'Content-Security-Policy', @issuer, at($t, 'C'));
    like(examine($t, @issuer, at($t, 'C'))->{out}, qr/^  warning +CORS +Access-Control-Allow-Origin is in the answer 2 times/m, 'finds: CORS said twice');
    says($t, 'a schema that the builder refuses', 'problem', 'schema', 'operationId', undef, @issuer, at($t, 'G'));
    says($t, 'a schema with an API of another root domain', 'problem', 'schema', 'example\.org', undef, @issuer, at($t, 'D'));
    says($t, 'security URLs that are not the server\'s', 'problem', 'schema', 'names https://example\.org/authorize', 'leave the URLs out', @issuer,
        at($t, 'D'));
    says($t, 'a proxy in front whose backend is down', 'problem', 'token', 'out of order|fails', undef, @issuer, at($t, 'F'));
    says($t, 'a URL that is open', 'problem', 'guard', 'open to everybody', 'AuthType GPTOAuth', @issuer, '--url', "$url/plain.txt");
    says($t, 'a URL that is not there', 'problem', 'guard', '404', 'is the URL right', @issuer, '--url', "$url/none");
    like(examine($t, @issuer, '--url', $_)->{out}, qr/^  ok +guard .*\n  ok +resource .*trusts this issuer/m, "a URL that is guarded: $_")
        for "$url/api/notes.txt", '/api/notes.txt', '/api/notes.txt?a=b';
    for my $given ('api/notes.txt', 'localhost/api/notes.txt', '?a=b', 'ftp://localhost/x', 'file:///etc/passwd', '/api/a b', "/api/\xc3\xa4") {
        my $got = examine($t, @issuer, '--url', $given);
        ok($got->{status} == 1 && $got->{out} eq '' && $got->{err} =~ m{^gptoauth: --url [^\n]*: write a whole URL such as https://\S+, or a path}, "refused: --url $given") or diag($got->{err} . $got->{out});
    }

    for my $case ([ 300, 'problem', 'ahead of' ], [ -300, 'problem', 'behind' ], [ 30, 'warning', 'ahead of' ]) {
        my ($ahead, $verdict, $word) = @$case;
        my ($pid, $address) = clock_proxy($t, $ahead);
        says($t, "a clock that is $ahead s off", $verdict, 'clock', "s $word this host", 'NTP', @issuer, '--connect-to', $address);
        kill TERM => $pid;
        waitpid $pid, 0;
    }
    return;
}

sub test_contents {
    my ($t, @issuer) = @_;
    my $add = sub { return $t->gptoauth_json('client', 'add', @_)->{client_id} };
    like(examine($t, @issuer)->{out}, qr/^  warning +client +there is none\n +-> .*client add/m, 'finds: no client');
    like(examine($t, @issuer)->{out}, qr/^  warning +user +nobody can.*\n +-> .*user add/m, 'finds: no user');
    $t->user('alice');
    like(examine($t, @issuer)->{out}, qr/^  ok +user +1 can/m, 'a user');
    $t->gptoauth('user', 'disable', 'alice');
    says($t, 'a user who is disabled, alone', 'warning', 'user', 'nobody can', 'user add', @issuer);
    my $open = $add->('Open', '--gpt');
    says($t, 'an open GPT', 'warning', 'client', '"Open" is open: the first', 'connect your GPT', @issuer);
    my $off = $add->('Off', '--redirect', 'https://rp.example/cb');
    like(examine($t, @issuer)->{out}, qr/^  ok +client +1 is ready/m, 'a client');
    $t->gptoauth('client', 'disable', $off);
    says($t, 'a disabled client', 'warning', 'client', '"Off" is disabled', "client enable $off", @issuer);
    $t->sql("UPDATE oauth_client SET gpt_open = 0 WHERE id = '$open';");
    says($t, 'a client without redirect URI', 'warning', 'client', '"Open" has no redirect URI', "client redirect $open URI.*--repin", @issuer);
    $t->gptoauth_json('key', 'add', 'nightly', '--expires', '60d', @issuer)->{service_key} =~ /(.*)/ and secret($1);
    unlike(examine($t, @issuer)->{out}, qr/^  \w+ +key/m, 'a service key');
    $t->sql('UPDATE oauth_service_key SET created_at = created_at - 50 * 86400, expires_at = expires_at - 50 * 86400;');
    says($t, 'a service key that expires within two weeks', 'warning', 'key', '"nightly" expires soon, at 20', 'give it to whoever uses', @issuer);
    $t->sql('UPDATE oauth_service_key SET expires_at = 1000000000;');
    says($t, 'a service key that has expired', 'warning', 'key', '"nightly" expired at 2001-09-09', 'key add', @issuer);
    return;
}

sub test_database {
    my ($t, @issuer) = @_;
    my $conf = $t->dir . '/dbd.conf';
    my $good = Test::GptOauth::slurp($conf);
    my $version = $t->sql("SELECT value FROM oauth_setting WHERE name = 'schema';");
    $t->sql("UPDATE oauth_setting SET value = '0' WHERE name = 'schema';");
    says($t, 'an old schema', 'problem', 'database', 'run `gptoauth migrate`', undef, @issuer);
    $t->sql("UPDATE oauth_setting SET value = '$version' WHERE name = 'schema';");
    is(examine($t, @issuer)->{status}, 0, '… until it is migrated');

    if (!$t->is_pgsql) {
        rename "$t->{db_params}", "$t->{db_params}.away";
        says($t, 'a database that is not there', 'problem', 'database', 'run `gptoauth migrate`', undef, @issuer);
        rename "$t->{db_params}.away", $t->{db_params};
        return;
    }
    my $as = sub { $t->cluster->psql('postgres', $_[0], 'postgres') };
    my $name = $t->database;
    $as->("ALTER DATABASE $name SET default_transaction_read_only = on");
    says($t, 'a database that is read-only', 'problem', 'rights', 'read-only', 'primary', @issuer);
    $as->("ALTER DATABASE $name RESET default_transaction_read_only");
    $as->('CREATE ROLE weak LOGIN');
    $t->gptoauth('migrate', '--grant-to', 'weak');
    $t->write_file('dbd.conf', $good =~ s/user=oauth/user=weak/r);
    like(examine($t, @issuer)->{out}, qr/^  ok +rights /m, 'a role that may do what a server needs');
    $t->sql('REVOKE INSERT ON oauth_grant FROM weak;');
    says($t, 'a role that lacks a right', 'problem', 'rights', 'may not write: oauth_grant\b', '--grant-to', @issuer);
    $as->('ALTER ROLE weak CONNECTION LIMIT 5');
    says($t, 'a role with few connections', 'problem', 'pool', 'allows 5 connections', 'DBDMax', @issuer);
    $t->write_file('dbd.conf', "${good}DBDMax 150\n");
    says($t, 'a pool that leaves no room', 'warning', 'pool', 'graceful restart', 'max_connections', @issuer);
    $t->write_file('dbd.conf', $good);
    says($t, 'more processes than connections', 'problem', 'pool', 'allows 197 connections, and 20 processes', 'max_connections', @issuer, '--children', 20);
    $t->write_file('dbd.conf', $good =~ s/port=\d+/'port=' . Test::GptOauth::free_port()/er);
    says($t, 'a database that is stopped', 'problem', 'database', 'cannot open the database', undef, @issuer);
    $t->write_file('dbd.conf', $good);
    return;
}

# Tables are found by search_path, "$user" first.
sub test_owners {
    my ($t, @issuer) = @_;
    my $as = sub { $t->cluster->psql($t->database, $_[0], $_[1] // 'postgres') };
    my $good = Test::GptOauth::slurp($t->dir . '/dbd.conf');
    my $sound = sub { like(examine($t, @issuer)->{out}, qr/^  ok +owners +nobody else/m, "case 333: $_[0]") };
    $as->('CREATE ROLE other LOGIN; CREATE ROLE serving LOGIN');
    $sound->('the owner serves');
    $t->gptoauth('migrate', '--grant-to', 'serving');
    $sound->('the owner, when another role serves');
    $t->write_file('dbd.conf', $good =~ s/user=oauth/user=serving/r);
    $sound->('another role serves');
    $as->('GRANT DELETE ON oauth_code TO other', 'oauth');
    says($t, 'case 333: a stranger who may write', 'warning', 'owners', 'other has rights on oauth_code', 'REVOKE ALL', @issuer);
    $as->('REVOKE ALL ON oauth_code FROM other', 'oauth');
    $t->write_file('dbd.conf', $good);

    $as->('GRANT SELECT ON oauth_grant TO PUBLIC', 'oauth');
    says($t, 'case 333: what everybody may read', 'warning', 'owners', 'PUBLIC has rights on oauth_grant', 'REVOKE ALL', @issuer);
    $as->('REVOKE ALL ON oauth_grant FROM PUBLIC', 'oauth');
    $as->('GRANT CREATE ON SCHEMA public TO PUBLIC');
    says($t, 'case 333: a schema in which everybody may create', 'warning', 'owners', 'PUBLIC may create objects in schema public', 'REVOKE CREATE', @issuer);
    $as->('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    $as->('ALTER TABLE oauth_consent OWNER TO other');
    says($t, 'case 333: a table of another owner', 'problem', 'owners', 'other owns oauth_consent and may do anything with it', 'OWNER TO', @issuer);
    $as->('ALTER TABLE oauth_consent OWNER TO oauth');

    $as->('CREATE SCHEMA oauth AUTHORIZATION other');
    says($t, "case 333: another role's schema that has the role's name", 'problem', 'owners', 'schema oauth, searched first .* open to other', 'drop schema oauth', @issuer);
    $as->('GRANT USAGE ON SCHEMA oauth TO oauth; CREATE TABLE oauth.oauth_consent (id int)', 'other');
    says($t, 'case 333: and tables in it', 'problem', 'owners', 'schema oauth .*other tables of the same names: oauth_consent', 'find out whose', @issuer);
    $as->('DROP SCHEMA oauth CASCADE');
    $as->('CREATE SCHEMA oauth AUTHORIZATION oauth');
    $sound->("the role's own schema is its own affair");
    return;
}

make_certificates($certificates);

for my $db (dbs()) {
    subtest "a public server, on $db" => sub { test_public($db) };
    subtest "on $db" => sub {
        my $t = Test::GptOauth->new(db => $db, conf => $front, start => 0);
        my $schema = JSON::PP::decode_json(Test::GptOauth::slurp("$FindBin::Bin/../conf/openapi-hello.json"));
        $schema->{servers} = [ { url => 'https://example.org' } ];
        $schema->{components}{securitySchemes}{login} = { type => 'oauth2', flows => { authorizationCode =>
            { authorizationUrl => 'https://example.org/authorize', tokenUrl => 'https://example.org/token', scopes => {} } } };
        $t->write_file('htdocs/elsewhere.json', JSON::PP::encode_json($schema));
        delete $schema->{paths}{'/hello'}{get}{operationId};
        delete $schema->{$_} for qw(servers components);
        $t->write_file('bad.json', JSON::PP::encode_json($schema));
        $t->write_file('htdocs/page.html', '<h1>Welcome</h1>');
        $t->start;
        my @issuer = ('--issuer', $t->issuer);
        my $got = examine($t);
        ok($got->{status} == 1 && $got->{err} =~ /GPTOAuthIssuer in \S+dbd\.conf, or --issuer/, 'refused: no issuer');
        test_contents($t, @issuer);
        test_endpoints($t, @issuer);
        is(unmarked($t), '', 'nothing in the log looks like somebody else\'s');
        test_owners($t, @issuer) if $t->is_pgsql;
        test_database($t, @issuer);
        $t->finish;
    };
}
done_testing;
