#!/usr/bin/perl
# Several issuers in one httpd, which have nothing in common, and virtual hosts that are guarded for another one's issuer.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::GptOauth;

my $metadata = '/.well-known/oauth-authorization-server';
my $resource = '/.well-known/oauth-protected-resource';

# The main server is one issuer, port A another one, with a Location that claims to be the first one's. B and C are guarded for the first.
# D has no issuer.
my $conf = <<'EOC';
Listen 127.0.0.1:%%PORT_A%%
Listen 127.0.0.1:%%PORT_B%%
Listen 127.0.0.1:%%PORT_C%%
Listen 127.0.0.1:%%PORT_D%%
GPTOAuthRegistration open
GPTOAuthResource http://LOCALHOST:%%PORT_B%%/files/ http://localhost:%%PORT_B%%/api
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%
    GPTOAuthRegistration off
    <Location /claimed>
        AuthType GPTOAuth
        GPTOAuthResource http://localhost:%%PORT%%/api
        Require valid-user
    </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName localhost:%%PORT_B%%
    GPTOAuthIssuer http://localhost:%%PORT%% guard
    GPTOAuthResource http://localhost:%%PORT_B%%
    <Location /files>
        AuthType GPTOAuth
        Require oauth-scope read
        GPTOAuthRequireAudience on
    </Location>
    <Location /unlisted>
        AuthType GPTOAuth
        Require oauth-scope write
    </Location>
    <Location /placed>
        SetHandler gpt-oauth-token
    </Location>
    Alias /files %%DIR%%/htdocs/api
    Alias /unlisted %%DIR%%/htdocs/write
    Alias /oauth %%DIR%%/htdocs/api
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_C%%>
    ServerName localhost:%%PORT_C%%
    GPTOAuthIssuer http://localhost:%%PORT%% guard
    GPTOAuthResource https://secure.example
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_D%%>
    ServerName localhost:%%PORT_D%%
    <Location /token>
        SetHandler gpt-oauth-token
    </Location>
    <Location /authorize>
        SetHandler gpt-oauth-authorize
    </Location>
    <Location /metadata>
        SetHandler gpt-oauth-metadata
    </Location>
    <Location /resource>
        SetHandler gpt-oauth-resource
    </Location>
</VirtualHost>
EOC

# The same server, as seen from another port.
sub seen_from {
    my ($t, $port) = @_;
    my %other = (%$t, ports => { '' => $t->port($port) }, issuer => 'http://localhost:' . $t->port($port), owner => 0, browsers => {});
    delete $other{http};
    return bless \%other, ref $t;
}

sub test_strangers {
    my ($t, $other) = @_;
    my ($client, $public) = ($t->client_add('notes', gpt => 1), $t->client_add('public', public => 1));
    $other->{users} = $t->{users};
    my ($mine, $theirs) = map { $_->tokens_for($client) } $t, $other;
    is($t->fetch('/api/notes.txt', $mine->{access_token})->status, 200, 'case 250: a token is good at its issuer');
    is($other->fetch('/api/notes.txt', $theirs->{access_token})->status, 200, 'case 250: and another one at its own');
    is($other->fetch('/api/notes.txt', $mine->{access_token})->status, 401, 'case 250: but not at another issuer');
    is($t->fetch('/api/notes.txt', $theirs->{access_token})->status, 401, 'case 250: nor the other way round');
    my $bound = $t->tokens_for($client, params => { resource => $t->issuer . '/api' });
    is($other->fetch('/claimed', $bound->{access_token})->status, 401, 'case 250: not even where the resource is the same');

    for my $who ($client, $public) {
        my $grant = $t->code_for($who);
        is($grant->{iss}, $t->issuer, 'the answer names the issuer');
        is($other->redeem($grant)->verdict, '400 invalid_grant', 'a code is not taken by another issuer');
        my $tokens = $t->redeem($grant);
        is($tokens->status, 200, '... and still is by its own');
        my $refresh_token = $tokens->json->{refresh_token};
        is($other->refresh($who, $refresh_token)->verdict, '400 invalid_grant', 'nor is a refresh token');
        is($t->refresh($who, $refresh_token)->status, 200, '... which still is good at its own');
    }
    my $other_client = $other->tokens_for($public);
    is($t->refresh($public, $other_client->{refresh_token})->verdict, '400 invalid_grant', '... in both directions');
    is($other->revoke($client, { token => $mine->{$_} })->status, 200, "revoking another issuer's $_ is no error")
        for qw(access_token refresh_token);
    is($t->fetch('/api/notes.txt', $mine->{access_token})->status, 200, '... and does nothing');
    is($t->refresh($client, $mine->{refresh_token})->status, 200, '... to either');
    my $server = $t->gptoauth_json(qw(client add rs --resource-server));
    my $rs = { id => $server->{client_id}, secret => secret($server->{client_secret}) };
    is($t->introspect($rs, { token => $mine->{access_token} })->json->{active}, JSON::PP::true(), 'introspection knows a token');
    is($other->introspect($rs, { token => $mine->{access_token} })->body, '{"active":false}', '... which at another issuer is none');
    return;
}

# Who registers at one issuer is nobody at another one, which may not let anybody register.
sub test_registered {
    my ($t, $other) = @_;
    my $register = sub {
        my ($method) = @_;
        my $body = JSON::PP::encode_json({ redirect_uris => ['https://rp.example/cb'], client_name => 'Registered', token_endpoint_auth_method => $method });
        my $answer = $t->http->post('/oauth/register', $body, headers => [ 'Content-Type' => 'application/json' ])->json;
        return { id => $answer->{client_id}, secret => $answer->{client_secret} && secret($answer->{client_secret}), public => $method eq 'none', redirect_uri => 'https://rp.example/cb' };
    };
    for my $method (qw(none client_secret_post)) {
        my $client = $register->($method);
        is($t->ask($client), '200 sign-in', "case 204: a client that registered itself, with $method");
        is($other->ask($client), '400 page', 'case 204: ... is unknown to the issuer where nobody may');
        is($other->revoke($client, { token => 'x' })->verdict, '401 invalid_client', 'case 204: ... at all its endpoints');
        is($t->redeem($t->code_for($client))->verdict, '200', 'case 204: ... and not at home');
    }
    return;
}

sub test_cookies {
    my ($t, $other) = @_;
    my $client = $t->client_add('browser');
    my $browser = $t->open_request($t->authorize_url($client), browser => $t->browser);
    my %cookies = %{ $browser->cookies };
    is(scalar(grep { /^gpt-oauth-/ } keys %cookies), 3, 'a session, a key for forms, and a browser that is known');
    my $stranger = $other->browser;
    $stranger->{cookies} = {%cookies};
    $stranger->get($other->authorize_url($client));
    ok($stranger->has_sign_in, 'a session is none at another issuer: cookies differ by name');
    my @names = sort keys %{ $stranger->cookies };
    is(@names, 4, '... and the other issuer makes a key of its own');
    my ($theirs) = grep { !$cookies{$_} } @names;
    my ($form, $session) = map { my $kind = $_; (grep { /-$kind-/ } keys %cookies)[0] } qw(form session);

    (my $their_session = $theirs) =~ s/-form-/-session-/;
    $stranger->{cookies} = { $theirs => $cookies{$form}, $their_session => $cookies{$session} };
    $stranger->get($other->authorize_url($client));
    ok($stranger->has_sign_in, 'nor is it by the other name');

    # The consent page of the one, answered at the other, by somebody who is signed in at both and has one key for both.
    my $consent = $browser->consent_form;
    my %fields = (%{ $consent->{fields} }, decision => 'allow');
    $stranger = $other->open_request($other->authorize_url($client), browser => $other->browser);
    $stranger->{cookies}{$theirs} = $cookies{$form};
    $stranger->get($other->authorize_url($client));
    my $answer = $stranger->submit({ method => 'POST', action => '/oauth/authorize', fields => \%fields });
    is($answer->status, 403, 'a form made by one issuer is none for another');
    like($t->error_log, qr/GPT120: form refused: access_denied: [^\n]*\n\z/, '... since it is that form, and not that nobody is signed in');
    unlike((split /\n/, $t->error_log)[-1], qr/nobody is signed in/, '... here');
    return;
}

sub test_guard {
    my ($t, $guard, $other) = @_;
    my $client = $t->client_add('guarded', public => 1);
    my ($base, $here) = ($t->issuer, $guard->issuer);
    my $ask = sub { my ($uri) = @_; return $t->ask($client, { resource => $uri }) };
    my $at = sub { my ($path, $token) = @_; return $guard->fetch($path, $token)->status };
    is($ask->($_), '200 sign-in', "case 253: the issuer gives tokens for $_") for "$here/files", "$here/api", "$base/api";
    is($ask->($_), '302 invalid_target', "case 254: but not for $_") for "$here/unlisted", "$here/files/x", $here, "$here/Files";
    like($t->error_log, qr{unknown resource \S*/unlisted.*GPTOAuthResource}, 'case 254: the log says which, and what to write');

    my $bound = $t->tokens_for($client, params => { resource => "$here/files" });
    my $unbound = $t->tokens_for($client, params => { scope => 'read write' });
    my $foreign = $other->tokens_for($client, params => { scope => 'read write' });
    is($at->('/files/notes.txt', $bound->{access_token}), 200, 'case 253: a token for what is guarded is good there');
    is($t->fetch('/api/notes.txt', $bound->{access_token})->status, 401, 'case 238: and not at the issuer');
    is($at->('/api/notes.txt', $bound->{access_token}), 401, 'case 238: nor beside it');
    is($at->('/files/notes.txt', $unbound->{access_token}), 401, 'case 238: one for nothing is not good where a Location wants its own');
    is($at->('/unlisted/notes.txt', $unbound->{access_token}), 200, '... and is elsewhere');
    is($at->('/unlisted/notes.txt', $foreign->{access_token}), 401, "case 250: another issuer's is nowhere");
    is($at->('/api/notes.txt', $foreign->{access_token}), 401, "case 250: whatever is inherited");
    my $need = $guard->fetch('/unlisted/notes.txt', $bound->{access_token});
    like($need->header('WWW-Authenticate'), qr/error="invalid_token"/, 'case 238: the challenge says so');

    my $none = $guard->fetch('/files/notes.txt');
    is($none->header('WWW-Authenticate'), qq{Bearer realm="$base", scope="read", resource_metadata="$here$resource/files"}, 'case 229: the challenge of a guard');
    is_deeply($guard->http->get("$resource/files")->json,
        { resource => "$here/files", authorization_servers => [$base], scopes_supported => ['read'], bearer_methods_supported => ['header'] },
        'case 226: leads to its own metadata, and that to the issuer');
    is($guard->http->get("$resource/api")->json->{resource}, "$here/api", 'case 226: of what is inherited too');
    my $missing = $guard->http->get($metadata);
    is($missing->status . $missing->json->{error}, '404invalid_request', 'the metadata of the issuer is not here');
    is($guard->http->get('/oauth/notes.txt')->body, "protected data\n", 'nor are the endpoints: the path is free');
    is($guard->http->get($_)->status, 404, "... $_") for '/oauth/authorize', '/oauth/token', '/oauth/register', '/oauth/introspect';
    is($guard->http->post('/placed', 'a=b')->status, 404, 'nor can one be placed here');
    like($guard->error_log, qr/GPT004: gpt-oauth-token is set up in a virtual host that only guards/, '... which the log explains');

    $t->revoke($client, { token => $bound->{refresh_token} });
    is($at->('/files/notes.txt', $bound->{access_token}), 401, 'what is revoked at the issuer is revoked here');
    my $secure = Test::GptOauth::Http->new($t->port('C'));
    is($secure->get('/api/notes.txt')->status, 403, 'case 268: a guard of https wants https, whatever the issuer is');
    return;
}

sub test_without_issuer {
    my ($t) = @_;
    my $http = Test::GptOauth::Http->new($t->port('D'));
    for my $name (qw(token authorize metadata resource)) {
        is($http->get("/$name")->status, 404, "no $name endpoint can be placed where there is no issuer");
        like($t->error_log, qr/GPT004: gpt-oauth-$name .* without GPTOAuthIssuer/, '... which the log explains');
    }
    return;
}

on_each_db({ conf => $conf }, sub {
    my ($t) = @_;
    my ($other, $guard) = map { seen_from($t, $_) } qw(A B);
    $t->user('alice');
    test_strangers($t, $other);
    test_registered($t, $other);
    test_cookies($t, $other);
    test_guard($t, $guard, $other);
    test_without_issuer($t);
});
done_testing;
