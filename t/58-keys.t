#!/usr/bin/perl
# Service keys: every form in which they come, what is answered to those that are none, and what the other side gets to know.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;
use Test::GptOauth::Browser;

my $backend = Test::GptOauth::Backend->new;
my $from_env = secret(sha256_hex('env' . rand));
my $from_file = secret(sha256_hex('file' . rand) . '/+=');
$ENV{T_SERVICE_KEY} = $from_env;

# Port A: another issuer.
my $conf = <<'EOC';
Listen 127.0.0.1:%%PORT_A%%
ScriptSock "%%DIR%%/cgisock"
ScriptAlias /cgi/ "%%DIR%%/cgi/"
<Directory "%%DIR%%/cgi">
    Require all granted
</Directory>
SetEnvIf Authorization "(.+)" COPY=$1
SetEnvIf X-API-Key "(.+)" COPY_OF_KEY=$1
<Location /service>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require valid-user
    ProxyPass %%BACKEND%%
</Location>
<Location /custom>
    AuthType GPTOAuth
    GPTOAuthCredentials header:X-API-Key
    Require valid-user
    ProxyPass %%BACKEND%%
</Location>
<Location /mixed>
    AuthType GPTOAuth
    GPTOAuthCredentials oauth service header:X-API-Key
    Require oauth-scope read
    ProxyPass %%BACKEND%%
</Location>
<LocationMatch "^/any/">
    AuthType GPTOAuth
    GPTOAuthCredentials service header:X-API-Key header:X-Other
    GPTOAuthServiceKey env:T_SERVICE_KEY
    Require valid-user
</LocationMatch>
<Location /any/passed>
    GPTOAuthPassToken on
    ProxyPass %%BACKEND%%
</Location>
<Location /any/nameless>
    GPTOAuthPassHeaders off
    ProxyPass %%BACKEND%%
</Location>
<Location /any/hello>
    SetHandler gpt-oauth-hello
</Location>
<Location /any/index>
    DirectoryIndex /cgi/env
</Location>
<Location /cgi>
    AuthType GPTOAuth
    GPTOAuthCredentials header:X-API-Key service
    Require valid-user
</Location>
<Location /file>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    GPTOAuthServiceKey "file:%%DIR%%/key"
    Require oauth-scope write
    ProxyPass %%BACKEND%%
</Location>
<Location /both-scopes>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require oauth-scope read write
    ProxyPass %%BACKEND%%
</Location>
<Location /named>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require user service:second
    ProxyPass %%BACKEND%%
</Location>
<Location /clients>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require oauth-client "first" service:first
    ProxyPass %%BACKEND%%
</Location>
<Directory "%%DIR%%/htdocs">
    Options +FollowSymLinks
    RewriteEngine on
    RewriteRule ^any/to-cgi$ /cgi/env
    RewriteRule ^api/to-any$ /any/hello
</Directory>
<Directory "%%DIR%%/htdocs/own">
    AllowOverride All
</Directory>
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%
</VirtualHost>
EOC

sub verdict { return $_[0]->challenge }

sub base64 { return secret(encode_base64($_[0], '')) }

sub forms {
    my ($key) = @_;
    return (
        'Bearer' => "Bearer $key", 'bearer' => "bearer   $key", 'Basic, as it is' => "Basic $key", 'BASIC' => "BASIC $key",
        'Basic, in base64' => 'Basic ' . base64($key), 'Basic, as user name' => 'Basic ' . base64("$key:"),
        'Basic, as password' => 'Basic ' . base64("anything:$key"), 'Basic, as password of nobody' => 'Basic ' . base64(":$key"),
        'Basic, as both' => 'Basic ' . base64("$key:$key"),
    );
}

sub test_forms {
    my ($t, $key) = @_;
    my $get = sub { my ($target, @headers) = @_; return $t->http->get($target, headers => \@headers) };
    my %forms = forms($key);
    for my $name (sort keys %forms) {
        my $response = $get->('/service', Authorization => $forms{$name});
        is(verdict($response), 200, "service: $name");
        is(join(' ', Test::GptOauth::Backend::saw($response, 'X-OAuth-User')), 'service:first', '... as service:NAME');
        unlike($response->body, qr/Authorization|\Q$key\E/i, '... and the backend does not see it');
        is(verdict($get->('/mixed', Authorization => $forms{$name})), 200, "mixed: $name");
        is(verdict($get->('/custom', Authorization => $forms{$name})), '401 ApiKey', "header: $name is none there");
        is(verdict($get->('/api/notes.txt', Authorization => $forms{$name})),
            $name =~ /bearer/i ? '401 Bearer invalid_token' : '401 Bearer', "tokens only: $name");
    }
    my $custom = $get->('/custom', 'x-api-key' => $key);
    is(verdict($custom), 200, 'header: the raw key');
    unlike($custom->body, qr/X-API-Key|\Q$key\E/i, '... and the backend does not see it');
    is(verdict($get->('/mixed', 'X-API-Key' => $key)), 200, 'mixed: the raw key in the header');
    is(verdict($get->('/any/hello', 'X-Other' => $key)), 200, 'two headers: either will do');
    is(verdict($get->('/service', 'X-API-Key' => $key)), '401 Bearer', 'service: no header that was not named');
    is(verdict($get->('/custom', 'X-API-Key' => "Bearer $key")), 403, 'header: nothing but the key');

    is($get->('/service')->header('WWW-Authenticate'), 'Bearer realm="' . $t->issuer . '"', 'no key: 401 with a challenge without error');
    is(verdict($get->('/service', Authorization => "Digest $key")), '401 Bearer', 'another scheme is none');
    is($get->('/custom')->header('WWW-Authenticate'), 'ApiKey header="X-API-Key", realm="' . $t->issuer . '"', '... that names the header');
    is(verdict($get->('/custom', 'X-API-Key' => '')), '401 ApiKey', 'an empty header is none');
    is(verdict($get->('/mixed')), '401 Bearer', 'mixed: none');
    is(verdict($get->('/service?access_token=x')), '401 Bearer', 'a key in the query is none');
    return;
}

sub test_wrong {
    my ($t, $key, $token) = @_;
    my %wrong = (
        'a word' => 'x', 'a long one' => 'A' x 48, 'too long' => 'A' x 600, 'the prefix' => 'gptk_', 'another tag' => substr($key, 0, -1) . ($key =~ /A$/ ? 'E' : 'A'),
        'one character less' => substr($key, 0, -1), 'one more' => "${key}A", 'upper case' => uc $key, 'twice' => "$key,$key", 'with a space' => "$key x",
        'quoted' => qq{"$key"}, 'an access token' => $token, 'the secret of another Location' => $from_env, 'no ASCII' => "\xc3\xa9" x 20,
    );
    for my $name (sort keys %wrong) {
        for my $scheme ('Bearer', 'Basic') {
            my $response = $t->http->get('/service', headers => [ Authorization => "$scheme $wrong{$name}" ]);
            is(verdict($response), 403, "service: wrong, $scheme, $name");
            unlike($response->body, qr/^GET /, '... and nothing behind is reached');
        }
        is(verdict($t->http->get('/service', headers => [ Authorization => 'Basic ' . encode_base64("u:$wrong{$name}", '') ])), 403, "... $name as password");
        is(verdict($t->http->get('/custom', headers => [ 'X-API-Key' => $wrong{$name} ])), 403, "header: wrong, $name");
        my $mixed = $name eq 'an access token' ? 200 : '401 Bearer invalid_token';
        is(verdict($t->http->get('/mixed', headers => [ Authorization => "Bearer $wrong{$name}" ])), $mixed, "mixed: wrong, $name");
    }
    is(verdict($t->http->get('/service', headers => [ Authorization => $_ ])), 403, "service: wrong, '$_'")
        for 'Basic ' . encode_base64("\0" x 40, ''), 'Basic ' . encode_base64("u:$key\0", ''), 'Basic Og==', 'Basic =', 'Basic', 'Bearer', 'Bearer ';
    my $twice = $t->http->get('/service', headers => [ Authorization => "Bearer $key", Authorization => "Bearer $key" ]);
    is(verdict($twice), 403, 'service: the header twice');

    my $bearer = [ Authorization => "Bearer $token", 'X-API-Key' => $key ];
    is(verdict($t->http->get('/mixed', headers => $bearer)), '400 Bearer invalid_request', 'a token and a key: 400');
    is(verdict($t->http->get('/any/hello', headers => [ 'X-Other' => 'x' x 40, 'X-API-Key' => $key ])), '400 Bearer invalid_request', 'two keys: 400');
    is(verdict($t->http->get('/any/hello', headers => [ 'X-Other' => $key, Authorization => 'Basic ' . base64("x:$key") ])), 200,
        'one key twice is one key');
    is(verdict($t->http->get('/service?access_token=x', headers => [ Authorization => "Bearer $key" ])), '400 Bearer invalid_request',
        'in the header and in the URL: 400');
    like($t->error_log, qr/GPT121: access refused: access_denied: what was sent $_/, "the log says: $_")
        for 'is not a service key of this server', 'looks like an access token, and is not a service key', 'looks like a service key, and is not a service key',
        'as a service key is not one: it has characters that no key has';
    return;
}

sub test_life {
    my ($t, $first) = @_;
    my $get = sub { return $t->http->get('/service', headers => [ Authorization => "Bearer $_[0]" ]) };
    my $other = Test::GptOauth::Http->new($t->port('A'));
    my $elsewhere = 'http://localhost:' . $t->port('A');
    my %key = (
        expired => $t->key_add('expired', '--expires', '1d'), revoked => $t->key_add('revoked'), 'of another issuer' => $t->key_add('other', '--issuer', $elsewhere),
        unknown => $t->key_add('unknown')
    );
    is($get->($key{$_})->status, $_ eq 'of another issuer' ? 403 : 200, "a key that is to be $_") for sort keys %key;
    is($other->get('/service', headers => [ Authorization => "Bearer $key{'of another issuer'}" ])->status, 200, "another issuer's key there");
    is($other->get('/service', headers => [ Authorization => "Bearer $first" ])->status, 403, '... where this one is wrong');
    is($other->get('/service', headers => [ Authorization => 'Bearer ' . $t->key_add('everywhere', '--issuer', $t->issuer) ])->status, 403, '... and another');

    my $now = int time;
    $t->sql("UPDATE oauth_service_key SET expires_at = $now - 1 WHERE name = 'expired';");
    $t->gptoauth('key', 'revoke', 'revoked');
    $t->sql("DELETE FROM oauth_service_key WHERE name = 'unknown';");
    my %body = map { my $response = $get->($key{$_}); (verdict($response) . $response->body => $_) } sort keys %key;
    is(scalar keys %body, 1, 'expired, revoked, foreign and unknown are one answer');
    like((keys %body)[0], qr/^403/, '... 403');
    like($t->error_log, qr/GPT121: access refused: access_denied: $_/, "the log says it: $_")
        for 'the service key expired has expired', 'the service key revoked is revoked', 'the service key is not in the database, or belongs to another issuer';
    is($get->($first)->status, 200, 'the others live on');
    $t->sql("UPDATE oauth_service_key SET expires_at = $now + 1000 WHERE name = 'expired';");
    is($get->($key{expired})->status, 200, 'before its expiry a key is good');
    return;
}

sub test_scopes {
    my ($t, $first) = @_;
    my $second = $t->key_add('second', '--scope', 'read');
    my $at = sub { my ($target, $key) = @_; return $t->http->get($target, headers => [ Authorization => "Bearer $key" ]) };
    is(verdict($at->('/both-scopes', $first)), 200, 'a key without --scope has all scopes');
    is(join(' ', Test::GptOauth::Backend::saw($at->('/both-scopes', $first), 'X-OAuth-Scope')), 'admin hello read write', '... of the server');
    is(verdict($at->('/both-scopes', $second)), '403 Bearer insufficient_scope', 'one with --scope has those');
    like($at->('/both-scopes', $second)->header('WWW-Authenticate'), qr/scope="read write"/, '... and is told what is needed');
    is(verdict($at->('/mixed', $second)), 200, '... where they suffice');
    is(verdict($at->('/named', $second)), 200, 'Require user service:NAME');
    is(verdict($at->('/named', $first)), 403, '... lets no other in');
    is(verdict($at->('/clients', $first)), 403, 'Require oauth-client never matches a key');

    my $asks = $t->key_add('asks', '--introspect');
    my $both = $t->key_add('does-both', '--introspect', '--scope', 'read');
    for my $target ('/service', '/mixed', '/both-scopes', '/any/hello', '/cgi/env') {
        my $response = $at->($target, $asks);
        is(verdict($response), 403, "case 311: a key made with --introspect alone does not open $target");
        unlike($response->body, qr/^GET |REMOTE_USER/m, 'case 311: ... and nothing behind it is reached');
    }
    is(verdict($at->('/service', $both)), 200, 'case 311: with --scope it opens');
    is(join(' ', Test::GptOauth::Backend::saw($at->('/service', $both), 'X-OAuth-Scope')), 'read', 'case 311: ... with these scopes');
    is(verdict($at->('/both-scopes', $both)), '403 Bearer insufficient_scope', 'case 311: ... and no more');
    like($t->error_log, qr/access_denied: the service key asks was made with --introspect and without --scope, .* `gptoauth key add /, 'case 311: the log says it');
    is($t->http->post('/oauth/introspect', { token => 'x' }, headers => [ Authorization => "Bearer $_" ])->body, '{"active":false}', 'case 311: either asks')
        for $asks, $both;
    my $list = $t->gptoauth('key', 'list');
    like($list, qr/^asks +\S+ +none +introspect .*^does-both +\S+ +read +call, introspect /ms, 'case 311: key list tells which one opens nothing');
    my $said = $t->gptoauth('key', 'add', 'said', '--introspect');
    secret($said =~ /^\s+(gptk_\S+)$/m);
    like($said, qr/ask about tokens with it\. It opens nothing; made with --scope as well, a key does both\.$/m, 'case 311: key add says it');
    unlike($said, qr/opens each/, 'case 311: ... and promises nothing else');
    return;
}

sub test_environment {
    my ($t, $key) = @_;
    my %forms = forms($key);
    my @ways = ((map { [ Authorization => $forms{$_} ] } sort keys %forms), [ 'X-API-Key' => $key ]);
    for my $headers (@ways) {
        for my $target ('/cgi/env', '/any/index/') {
            my $env = $t->http->get($target, headers => $headers)->body;
            like($env, qr/^REMOTE_USER=service:first$/m, "$target: REMOTE_USER");
            like($env, qr/^OAUTH_SCOPE=admin hello read write$/m, '... OAUTH_SCOPE');
            unlike($env, qr/OAUTH_CLIENT|OAUTH_GRANT|API_KEY|AUTHORIZATION|COPY|\Q$key\E/, '... and neither a client nor the key, in whatever form')
                or diag("$headers->[0]: ", $headers->[1] =~ s/ .*//r);
        }
    }
    my $to_cgi = sub { return $t->http->get('/any/to-cgi', headers => [@_]) };
    my $redirected = $to_cgi->('X-API-Key' => $key)->body;
    like($redirected, qr/^REMOTE_USER=service:first$/m, 'redirected into another section');
    unlike($redirected, qr/COPY|\Q$key\E/, '... without the key');
    is(verdict($to_cgi->('X-Other' => $key)), '401 Bearer', '... which wants it in a way of its own');
    is(verdict($to_cgi->('X-API-Key' => $from_env)), 403, "... and has no use for the first one's own key");
    my $token = $t->tokens_for($t->client_add('redirected'))->{access_token};
    is(verdict($t->fetch('/api/to-any', $token)), 403, 'a token is none where a redirect leads to keys');
    is(verdict($t->http->get('/api/to-any', headers => [ 'X-API-Key' => $key ])), '401 Bearer', 'and a key none where the way begins with tokens');
    is(verdict($t->fetch('/api/to-any', $token, headers => [ 'X-API-Key' => $key ])), '400 Bearer invalid_request', 'nor do both make one');

    my @forged = ('X-OAuth-Client' => 'mallory', 'X-OAuth-User' => 'mallory');
    unlike($t->http->get('/service', headers => [ @forged, Authorization => "Bearer $key" ])->body, qr/mallory|X-OAuth-Client/, 'no client at the backend, told or forged');
    my $passed = $t->http->get('/any/passed', headers => [ 'X-API-Key' => $key ]);
    is(join(' ', Test::GptOauth::Backend::saw($passed, 'X-API-Key')), $key, 'GPTOAuthPassToken on passes it');
    unlike($t->http->get('/any/nameless', headers => [ 'X-API-Key' => $key ])->body, qr/X-OAuth/i, 'GPTOAuthPassHeaders off says nothing');
    is_deeply($t->http->get('/any/hello', headers => [ 'X-API-Key' => $key ])->json,
        { message => 'Hello, service first!', user => 'service:first', scope => 'admin hello read write' }, 'hello greets a service');
    return;
}

sub test_local {
    my ($t, $key) = @_;
    my $at = sub { my ($target, $text) = @_; return $t->http->get($target, headers => [ Authorization => $text ]) };
    my %env = forms($from_env);
    my %file = forms($from_file);
    for my $name (sort keys %env) {
        is($at->('/any/hello', $env{$name})->json->{user}, 'service:env', "the key of the environment: $name");
        is(join(' ', Test::GptOauth::Backend::saw($at->('/file', $file{$name}), 'X-OAuth-User')), 'service:file', "the key of the file: $name");
    }
    is($t->http->get('/any/hello', headers => [ 'X-API-Key' => $from_env ])->json->{scope}, 'admin hello read write', '... in the header, with all scopes');
    is(verdict($at->('/file', "Bearer $from_env")), 403, 'each opens its own Location');
    is(verdict($at->('/any/hello', "Bearer $from_file")), 403, '... alone');
    is(verdict($at->('/any/hello', 'Bearer ' . substr $from_env, 0, -1)), 403, 'one character less');
    is($at->('/any/hello', "Bearer $key")->json->{user}, 'service:first', 'keys of the database are good there too');
    return;
}

sub test_sign_in {
    my ($t, $key) = @_;
    my $client = $t->client_add('app');
    for my $headers ([ Authorization => "Bearer $key" ], [ Authorization => 'Basic ' . base64("x:$key") ], [ 'X-API-Key' => $key ]) {
        is($t->outcome($client, $t->http->get($t->authorize_url($client), headers => $headers)), '200 sign-in', "a key in $headers->[0] is no sign-in");
    }
    my $used = $t->http->post('/oauth/token', { grant_type => 'client_credentials' }, headers => [ Authorization => "Bearer $key" ]);
    is($used->verdict, '401 invalid_client', '... and no client');
    return;
}

sub test_htaccess {
    my ($t) = @_;
    my @lines = ('GPTOAuthCredentials service', 'GPTOAuthServiceKey env:T_SERVICE_KEY');
    for my $i (0 .. $#lines) {
        $t->write_file("htdocs/own/$i/.htaccess", "$lines[$i]\n");
        is($t->http->get("/own/$i/")->status, 500, "$lines[$i] in a .htaccess");
    }
    like($t->error_log, qr/htaccess: $_ not allowed here/, '... is not allowed') for qw(GPTOAuthCredentials GPTOAuthServiceKey);
    return;
}

on_each_db({ start => 0, modules => [qw(cgid)], allow => [qr/\.htaccess: GPTOAuth\w+ not allowed here/] }, sub {
    my ($t) = @_;
    $t->write_file('cgi/env', "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nenv\n");
    chmod 0755, $t->dir . '/cgi/env' or die;
    chmod 0600, $t->write_file('key', "$from_file\r\n") or die;
    $t->write_file('htdocs/any/index/keep', '');
    (my $text = $conf) =~ s/%%BACKEND%%/$backend->url . '\/'/ge;
    $t->write_conf(conf => $text);
    $t->start;
    my $first = $t->key_add('first', '--issuer', $t->issuer);
    my $token = $t->tokens_for($t->client_add('notes'))->{access_token};
    test_forms($t, $first);
    test_scopes($t, $first);
    test_environment($t, $first);
    test_local($t, $first);
    test_sign_in($t, $first);
    test_htaccess($t);
    $t->restart;
    test_life($t, $first);
    test_wrong($t, $first, $token);
});

done_testing();
