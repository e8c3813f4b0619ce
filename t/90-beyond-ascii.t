#!/usr/bin/perl
# Names beyond ASCII: whatever the database's clients are set to speak, and on their way to a backend.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $name = "Zo\xc3\xab \xc5\x81ukasz+1%";    # not all of it is in Latin-1

# Port B: a backend that sends back the headers it got. C: another way to it, which has no issuer.
my $conf = <<'EOC';
Listen 127.0.0.1:%%PORT_C%%
<VirtualHost 127.0.0.1:%%PORT_C%%>
    ServerName beside
    ProxyPass / http://127.0.0.1:%%PORT_B%%/
    <Location />
        GPTOAuthPassHeaders encoded
    </Location>
</VirtualHost>
Listen 127.0.0.1:%%PORT_B%%
ProxyPass /plain/ http://127.0.0.1:%%PORT_B%%/
ProxyPass /encoded/ http://127.0.0.1:%%PORT_B%%/
<LocationMatch "^/(?:plain|encoded)/">
    AuthType GPTOAuth
    GPTOAuthResource http://localhost:%%PORT%%/backend
    Require valid-user
</LocationMatch>
<Location /encoded>
    GPTOAuthPassHeaders encoded
</Location>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName backend
    <Location />
        GPTOAuthPassHeaders on
    </Location>
    Header echo "^X-OAuth"
    Alias / "%%DIR%%/htdocs/"
</VirtualHost>
EOC

# What the backend got, as "user; client; scope".
sub told {
    my ($t, $path, $token) = @_;
    my $response = $t->http->get($path, headers => [ Test::GptOauth::Flow::bearer($token) ]);
    return join '; ', $response->status, map { $response->header("X-OAuth-$_") // 'nothing' } qw(User Client Scope);
}

# A database that cannot hold every name is not begun with.
sub latin1 {
    my ($t) = @_;
    my $other = $t->cluster->create_database("TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
    my $conf = Test::GptOauth::slurp($t->dir . '/dbd.conf');
    $t->write_file('dbd.conf', $conf =~ s/\b${\ $t->database }\b/$other/r);
    my $result = $t->try_gptoauth('', 'migrate');
    $t->write_file('dbd.conf', $conf);
    isnt($result->{status}, 0, 'migrate refuses a database in LATIN1');
    like($result->{err}, qr/the database is encoded in LATIN1, which cannot hold every name: make one with `createdb --encoding=UTF8 --template=template0`/, '... and says what to do');
    return;
}

on_each_db({ conf => $conf }, sub {
    my ($t) = @_;
    my $client = $t->client_add('app');
    $t->user($name);
    my $token = $t->tokens_for($client, user => $name, params => { scope => 'read write' })->{access_token};
    is(told($t, '/plain/plain.txt', $token), "200; $name; $client->{id}; read write", 'on: the bytes as they are');
    my $encoded = 'Zo%C3%AB%20%C5%81ukasz%2B1%25';
    is(told($t, '/encoded/plain.txt', $token), "200; $encoded; $client->{id}; read%20write", 'encoded: percent-encoded UTF-8');
    my $response = $t->http->get('/encoded/plain.txt', headers => [ Test::GptOauth::Flow::bearer($token), 'X-OAuth-User' => 'root', X_OAuth_User => 'root' ]);
    is(join(' ', $response->headers('X-OAuth-User')), $encoded, '... and nobody tells another name');
    $response = Test::GptOauth::Http->new($t->port('C'))->get('/plain.txt', headers => [ 'X-OAuth-User' => 'root' ]);
    is($response->header('X-OAuth-User'), undef, '... nor beside the guard');
    return unless $t->is_pgsql;
    latin1($t);

    my $database = $t->database;
    for my $encoding (qw(LATIN1 SQL_ASCII)) {
        $t->sql("ALTER DATABASE $database SET client_encoding TO '$encoding';");
        $t->restart;
        is(told($t, '/plain/plain.txt', $token), "200; $name; $client->{id}; read write", "with client_encoding $encoding names are read as they were written")
            for 1 .. 4;    # on a connection that is new, and on one that is not
        my $other = "Jos\xc3\xa9 $encoding \xe2\x82\xac";
        $t->user($other);
        is($t->sql("SET client_encoding TO 'UTF8'; SELECT octet_length(name) || ' ' || char_length(name) FROM oauth_user WHERE name LIKE 'Jos%$encoding%';") =~ s/^SET\n//r,
            length($other) . ' ' . (length($other) - 3), '... and written as what they are');
        my $grant = $t->tokens_for($client, user => $other)->{access_token};
        is(told($t, '/plain/plain.txt', $grant), "200; $other; $client->{id}; read", '... by the command for the server');
    }
    $t->sql("ALTER DATABASE $database RESET client_encoding;");
});
done_testing();
