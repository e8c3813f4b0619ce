#!/usr/bin/perl
# What a backend gets to know of the caller, and what a caller cannot tell it.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;

my $backend = Test::GptOauth::Backend->new;
my $url = $backend->url;

my $conf = <<"EOC";
ScriptSock "%%DIR%%/cgid"
ProxyPass /api/echo $url/
ProxyPass /api/wsgi $url/
ProxyPass /open $url/
ProxyPass /silent $url/
ProxyPass /bound $url/
ProxyPass /either $url/
<Location /silent>
    AuthType GPTOAuth
    Require valid-user
    GPTOAuthPassHeaders off
</Location>
<Location /bound>
    AuthType GPTOAuth
    Require valid-user
    GPTOAuthPassToken on
    GPTOAuthRequireAudience off
</Location>
<Location /either>
    AuthType GPTOAuth
    Require method HEAD GET
    Require oauth-scope write
</Location>
ScriptAlias /api/cgi "%%DIR%%/cgi"
ScriptAlias /cgi "%%DIR%%/cgi"
<Directory "%%DIR%%/cgi">
    CGIPassAuth on
    Require all granted
</Directory>
<Location /bound/cgi>
    SetHandler none
</Location>
Alias /api/dir "%%DIR%%/cgi/dir"
<Directory "%%DIR%%/cgi/dir">
    DirectoryIndex index.cgi
    Options +ExecCGI
    AddHandler cgi-script .cgi
</Directory>
Alias /api/ssi "%%DIR%%/ssi"
Alias /ssi "%%DIR%%/ssi"
<Directory "%%DIR%%/ssi">
    Options +Includes
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
    Require all granted
</Directory>
RewriteEngine on
RewriteRule ^/api/go\$ /api/cgi/env [PT]
<Location /api/gone>
    ErrorDocument 404 /api/cgi/env
</Location>
<Location /nothing>
    ErrorDocument 404 /open/error
</Location>
EOC

my $script = <<'EOS';
#!/usr/bin/perl
print "Content-Type: text/plain\n\n", map { "$_=$ENV{$_}\n" } sort keys %ENV;
EOS

sub saw { return join '|', Test::GptOauth::Backend::saw(@_) }

# What a CGI script finds in a variable.
sub env {
    my ($response, $name) = @_;
    my ($value) = $response->body =~ /^\Q$name\E=(.*)$/m;
    return $value;
}

my @forged = map { ($_ => 'mallory') } qw(X-OAuth-User x-oauth-user X_OAuth_User X-OAuth_User X-OAUTH-CLIENT X.OAuth.Scope
    X-OAuth-Scope X_OAUTH_SCOPE);

sub test_forged_headers {
    my ($t, $token) = @_;
    my @bearer = Test::GptOauth::Flow::bearer($token);
    for my $case (
        [ 'an unguarded path', 'GET', '/open/x' ],
        [ 'POST there', 'POST', '/open/x', body => 'a=b' ],
        [ 'a preflight there', 'OPTIONS', '/open/x', headers => [ Origin => 'https://x', 'Access-Control-Request-Method' => 'PUT' ] ],
        [ 'an error document', 'GET', '/nothing' ],
        [ 'a path that another Require opens', 'GET', '/either/x' ],
        [ 'a guarded path that passes no headers', 'GET', '/silent/x', headers => [@bearer] ],
    ) {
        my ($name, $method, $target, %opt) = @$case;
        my $response = $t->http->request($method, $target, %opt, headers => [ @forged, @{ $opt{headers} // [] } ]);
        is($response->header('X-Backend'), 'yes', "case 241: $name reaches the backend");
        unlike($response->body, qr/mallory/, 'case 241: ... and nothing that the caller says of himself');
    }
    my $response = $t->fetch('/api/echo/x', $token, headers => \@forged);
    is(saw($response, 'X-OAuth-User'), 'alice', 'case 241: a guarded path names the user of the token only');
    unlike($response->body, qr/mallory/, 'case 241: ... and nobody else');

    $response = $t->fetch('/api/echo/x', $token, headers => [ Connection => 'X-OAuth-User, close, x-oauth-scope,X-OAuth-Client' ]);
    is(saw($response, 'X-OAuth-User'), 'alice', 'case 241: no caller has the headers removed as those of one hop');
    is(saw($response, 'X-OAuth-Scope'), 'hello read', 'case 241: ... nor one of them');
    is($response->header('Connection'), 'close', '... and close means what it means');

    for my $target ('/cgi/env', '/ssi/env.shtml') {
        $response = $t->http->get($target, headers => \@forged);
        is($response->status, 200, "case 241: $target runs for everybody");
        unlike($response->body, qr/mallory|OAUTH_/, 'case 241: ... and sees no identity');
    }
}

sub test_headers {
    my ($t, $client, $token) = @_;
    my $response = $t->fetch('/api/echo/x', $token);
    is(saw($response, 'X-OAuth-User'), 'alice', 'the backend is told the user');
    is(saw($response, 'X-OAuth-Client'), $client->{id}, '... the client');
    is(saw($response, 'X-OAuth-Scope'), 'hello read', '... and the scope');
    is(saw($response, 'Authorization'), '', '... and not the token');

    $response = $t->fetch('/silent/x', $token);
    is($response->header('X-Backend'), 'yes', 'GPTOAuthPassHeaders off: the request is passed on');
    unlike($response->body, qr/OAuth|Bearer/i, '... without any of it');

    $response = $t->fetch('/bound/x', $token);
    is(saw($response, 'Authorization'), "Bearer $token", 'GPTOAuthPassToken on: the backend sees the token');
    is(saw($response, 'X-OAuth-User'), 'alice', '... and the headers');
    is(saw($t->fetch('/open/x', $token), 'Authorization'), "Bearer $token", 'an unguarded path is none of our business');
}

sub test_environment {
    my ($t, $client, $token) = @_;
    my $grant = $t->sql('SELECT id FROM oauth_grant;');
    my %expected = (
        REMOTE_USER => 'alice',
        AUTH_TYPE => 'GPTOAuth',
        OAUTH_CLIENT_ID => $client->{id},
        OAUTH_SCOPE => 'hello read',
        OAUTH_GRANT_ID => $grant,
        HTTP_X_OAUTH_USER => 'alice',
        HTTP_AUTHORIZATION => undef
    );
    for my $case (
        [ 'a script', '/api/cgi/env' ],
        [ 'the index of a directory', '/api/dir/' ],
        [ 'a script behind a rewrite', '/api/go' ],
        [ 'a script run by an error', '/api/gone' ],
        [ 'a script included in a page', '/api/ssi/include.shtml' ],
    ) {
        my ($name, $target) = @$case;
        my $response = $t->fetch($target, $token, headers => \@forged);
        is(env($response, $_), $expected{$_}, "$name: $_") for sort keys %expected;
        unlike($response->body, qr/\Q$token\E/, "$name: the token is nowhere in its environment");
    }
    my $body = $t->fetch('/api/ssi/env.shtml', $token)->body;
    like($body, qr/user=alice client=\Q$client->{id}\E scope=hello read/, 'a page with server-side includes sees it too');

    my $page = $t->fetch('/ssi/include.shtml', $token);
    is(env($page, 'REMOTE_USER'), 'alice', 'an open page may include what the token opens');
    unlike($t->http->get('/ssi/include.shtml')->body, qr/REMOTE_USER/, '... and without a token it is not included');
    for my $target ('/ssi/both.shtml', '/api/ssi/both.shtml') {
        my ($guarded, $open) = $t->fetch($target, $token)->body =~ m{^(.*)(GET /+error.*)}s;
        like($guarded, qr/^X-OAuth-User: alice\r$/m, "$target includes what is guarded and what is open");
        unlike($open, qr/X-OAuth/, '... and the open part does not see what the guarded one is told');
    }
}

sub test_copies_of_the_token {
    my ($t, $token) = @_;
    my $response = $t->fetch('/api/cgi/copied', $token);
    is($response->status, 200, 'WordPress has the Authorization header copied to the environment');
    unlike($response->body, qr/\Q$token\E/, '... and still no script sees the token');
}

my $t = Test::GptOauth->new(db => (dbs())[0], conf => $conf, modules => [qw(cgid include)], start => 0);
chmod 0755, map { $t->write_file($_, $script) } qw(cgi/env cgi/copied cgi/dir/index.cgi);
$t->write_file('ssi/env.shtml', 'user=<!--#echo var="REMOTE_USER" --> client=<!--#echo var="OAUTH_CLIENT_ID" --> '
        . 'scope=<!--#echo var="OAUTH_SCOPE" --> header=<!--#echo var="HTTP_X_OAUTH_USER" -->');
$t->write_file('ssi/include.shtml', '<!--#include virtual="/api/cgi/env" -->');
$t->write_file('ssi/both.shtml', '<!--#include virtual="/api/echo/x" --><!--#include virtual="/open/error" -->');
$t->write_conf(conf => $conf . <<'EOC');
<Location /api/cgi/copied>
    RewriteEngine on
    RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
</Location>
EOC
$t->start;
my $client = $t->client_add('notes');
my $token = $t->tokens_for($client, params => { scope => 'read hello' })->{access_token};
test_headers($t, $client, $token);
test_environment($t, $client, $token);
test_forged_headers($t, $token);
test_copies_of_the_token($t, $token);
$t->finish;
done_testing();
