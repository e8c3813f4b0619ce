#!/usr/bin/perl
# Service accounts: clients that get tokens for themselves (client_credentials), and who they are behind the guard.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;

my $backend = Test::GptOauth::Backend->new;
my $many = 50;

sub params { my (%other) = @_; return { grant_type => 'client_credentials', %other } }
sub ask { my ($t, $client, %other) = @_; return $t->token_request($client, params(%other)) }
sub token { my ($t, $client, %other) = @_; return ask($t, $client, %other)->json->{access_token} }

sub grants {
    my ($t, $client) = @_;
    return [ grep { $_->{client_id} eq $client->{id} } @{ $t->gptoauth_json('grant', 'list') } ];
}

sub test_tokens {
    my ($t, $robot) = @_;
    my $response = ask($t, $robot);
    my $json = $response->json;
    is($response->status, 200, 'case 170: a service account gets a token');
    is(join(' ', sort keys %$json), 'access_token expires_in scope token_type', 'case 170: and no refresh token');
    is_deeply([ @$json{qw(token_type expires_in scope)} ], [ 'Bearer', 3600, 'read' ], 'case 170: without scope the default ones');
    ok($t->token_works($json->{access_token}), 'case 170: it works');
    ok($t->token_works($t->token_request($robot, params(), auth => 'basic')->json->{access_token}), 'case 170: by Basic, too');
    my $body = JSON::PP::encode_json({ %{ params(scope => 'read') }, client_id => $robot->{id}, client_secret => $robot->{secret} });
    is($t->http->post('/oauth/token', $body, headers => [ 'Content-Type' => 'application/json' ])->status, 200, 'case 170: and in JSON');
    is(ask($t, { %$robot, secret => 'x' })->verdict, '401 invalid_client', 'case 169: with a wrong secret');
    is($t->token_request($robot, params(), auth => 'none')->verdict, '401 invalid_client', 'case 169: without a secret');

    is(ask($t, $robot, scope => 'write read')->json->{scope}, 'read write', 'scope: what it asks for');
    is(ask($t, $robot, scope => '')->json->{scope}, 'read', 'scope: an empty one is none');
    is(ask($t, $robot, scope => 'write nope')->json->{scope}, 'write', 'scope: an unknown one is dropped');
    is(ask($t, $robot, scope => 'nope')->verdict, '400 invalid_scope', 'scope: unless nothing is left');
    is(ask($t, $robot, scope => 'a"b')->verdict, '400 invalid_scope', 'scope: a character that none has');
    is(ask($t, $robot, scope => 'offline_access read')->json->{scope}, 'read', 'scope: there is nothing offline about it');
    is(ask($t, $robot, scope => 'offline_access')->json->{scope}, 'read', 'scope: nor does that alone name one');
    my $limited = $t->client_add('limited', service => 1, scope => 'write');
    is(ask($t, $limited, scope => 'read write')->json->{scope}, 'write', 'scope: no more than the account may have');
    is(ask($t, $limited)->json->{scope}, 'write', 'scope: its own are its default');
    is(ask($t, $limited, scope => 'openid')->json->{scope}, 'write', "scope: and what OpenID's words mean");
    is(ask($t, $limited, scope => 'read')->verdict, '400 invalid_scope', 'scope: one that it may not have');

    my $base = $t->issuer;
    my $bound = token($t, $robot, resource => "$base/api");
    is($t->fetch('/api/notes.txt', $bound)->status, 200, 'case 253: a token for a resource is good there');
    $bound = token($t, $robot, resource => "$base/write", scope => 'read write');
    is($t->fetch('/api/notes.txt', $bound)->status, 401, 'case 253: and nowhere else');
    is(ask($t, $robot, resource => "$base/elsewhere")->verdict, '400 invalid_target', 'case 254: an unknown resource');
    return;
}

sub test_others {
    my ($t, $robot) = @_;
    my $public = $t->client_add('public', public => 1);
    my $client = $t->client_add('confidential');
    like(ask($t, $public)->verdict, qr/^40[01] (?:unauthorized|invalid)_client$/, 'case 169: a public client');
    $t->sql("UPDATE oauth_client SET grant_types = 'authorization_code client_credentials' WHERE id = '$public->{id}';");
    is(ask($t, $public)->verdict, '400 unauthorized_client', 'case 169: even if somebody wrote that it may');
    is(scalar @{ grants($t, $public) }, 0, 'case 169: nothing came of it');
    is(ask($t, $client)->verdict, '400 unauthorized_client', 'case 113: a client that users sign in with');
    my $server = $t->client_add('resource server', resource_server => 1);
    is(ask($t, $server)->verdict, '400 unauthorized_client', 'case 113: a resource server');

    my $registered = $t->http->post('/oauth/register', JSON::PP::encode_json({
        redirect_uris => ['https://rp.example/cb'], client_name => 'robot', token_endpoint_auth_method => 'client_secret_post',
        grant_types => [qw(client_credentials authorization_code)]
    }), headers => [ 'Content-Type' => 'application/json' ]);
    my $stranger = { id => $registered->json->{client_id}, secret => $registered->json->{client_secret} };
    is(ask($t, $stranger)->verdict, '400 unauthorized_client', 'case 113: whoever registers himself is no service account');

    my $tokens = $t->tokens_for($client);
    is($t->refresh($robot, $tokens->{refresh_token})->verdict, '400 unauthorized_client', 'case 113: a service account refreshes nothing');
    is($t->redeem($t->code_for($client), {}, client => $robot)->verdict, '400 unauthorized_client', 'case 113: nor redeems it codes');
    my $page = $t->http->get("/oauth/authorize?response_type=code&client_id=$robot->{id}&redirect_uri=https://rp.example/cb");
    is($page->status . ($page->location // ''), '400', 'case 113: nor asks it users');
    return;
}

# Nobody else can be who it is.
sub test_principal {
    my ($t, $robot) = @_;
    my $id = $robot->{id};
    my $token = token($t, $robot, scope => 'read hello');
    is_deeply($t->hello($token)->json, { message => "Hello, client:$id!", user => "client:$id", client => $id, scope => 'hello read' },
        'case 173: the user is client: and the id');
    my $passed = $t->fetch('/backend/', $token);
    my @told = map { join ', ', Test::GptOauth::Backend::saw($passed, "X-OAuth-$_") } qw(User Client Scope);
    is_deeply(\@told, [ "client:$id", $id, 'hello read' ], 'case 173: a backend is told so');

    # A person by the name of the client's id.
    my $client = $t->client_add('for people');
    my $person = $t->tokens_for($client, user => $id)->{access_token};
    my $answer = sub { join ' ', map { $t->fetch($_, $_[0])->status } '/person/notes.txt', '/robot/notes.txt', '/anyone/notes.txt' };
    is($answer->($person), '200 403 200', "case 173: a person with the client's id as name is not the client");
    is($answer->($token), '403 200 200', 'case 173: nor the client that person');
    ok($t->try_gptoauth("some password\n", 'user', 'add', "client:$id")->{status}, 'case 173: nobody is made with such a name');
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    $browser->sign_in("client:$id", secret('whatever it may be'));
    ok(!$browser->has_consent, 'case 173: nor signs anybody in by it');
    my $server = $t->client_add('asks', resource_server => 1);
    my $json = $t->introspect($server, { token => $token })->json;
    is_deeply([ @$json{qw(active sub username client_id)} ], [ JSON::PP::true, "client:$id", undef, $id ],
        'case 173: a resource server is told the same, and no username');
    return;
}

sub test_grant {
    my ($t) = @_;
    my $robot = $t->client_add('reports', service => 1);
    is(scalar @{ grants($t, $robot) }, 0, 'the grant is made on first use');
    my ($body, @headers) = $t->token_body($robot, params());
    my @responses = $t->http->parallel([ ([ 'POST', '/oauth/token', body => $body, headers => \@headers ]) x $many ]);
    is(scalar(grep { $_->status == 200 } @responses), $many, "case 262: $many first requests at once");
    my %token = map { $_->json->{access_token} => 1 } @responses;
    is(scalar(keys %token), $many, 'case 262: each gets a token of its own');
    is($t->sql("SELECT count(*) FROM oauth_grant WHERE client_id = '$robot->{id}';"), 1, 'case 262: and all hang on one grant');
    my ($grant) = @{ grants($t, $robot) };
    is($grant->{username}, undef, 'the grant has no user');
    like($t->gptoauth('grant', 'list'), qr/^\Q$grant->{grant_id}\E +\(the client itself\) +reports +read /m, 'grant list shows whose it is');

    my ($old) = keys %token;
    $t->gptoauth('grant', 'revoke', $grant->{grant_id});
    ok(!$t->token_works($old), 'case 248: revoked, its tokens are dead');
    my $new = token($t, $robot);
    ok($t->token_works($new), 'case 248: the next request makes another grant');
    ok(!$t->token_works($old), 'case 248: which brings none of them back');
    isnt(grants($t, $robot)->[0]{grant_id}, $grant->{grant_id}, 'case 248: with an id of its own');
    $t->gptoauth('grant', 'revoke', '--client', 'reports');
    ok(!$t->token_works($new), 'case 248: revoked by client');

    $new = token($t, $robot);
    is($t->revoke($robot, { token => $new })->status, 200, 'case 174: it gives a token back');
    ok(!$t->token_works($new), 'case 174: which is dead');

    $new = token($t, $robot);
    $t->gptoauth('client', 'disable', $robot->{id});
    is(ask($t, $robot)->verdict, '401 invalid_client', 'case 248: disabled, it gets no more tokens');
    ok(!$t->token_works($new), 'case 248: and those it has are refused');
    $t->gptoauth('client', 'enable', $robot->{id});
    ok($t->token_works($new), 'case 248: until it is enabled');

    # As long as the longest of its tokens, however short the lifetime is now.
    $t->sql("UPDATE oauth_grant SET expires_at = 9000000000, ends_at = 9000000000 WHERE client_id = '$robot->{id}' AND revoked_at IS NULL;");
    ok($t->token_works(token($t, $robot)), 'a later token');
    is($t->sql("SELECT ends_at FROM oauth_grant WHERE client_id = '$robot->{id}' AND revoked_at IS NULL;"), 9000000000, 'does not end the grant earlier');
    $t->gptoauth('purge');
    ok($t->token_works($new), 'purge leaves it alone');
    $t->sql("UPDATE oauth_grant SET expires_at = 1000, ends_at = 1000 WHERE client_id = '$robot->{id}' AND revoked_at IS NULL;");
    $new = token($t, $robot);
    ok($t->token_works($new), 'after a long rest it comes back to life');
    $t->gptoauth('purge');
    ok($t->token_works($new), 'and is not purged');
    $t->sql("UPDATE oauth_grant SET expires_at = 1000, ends_at = 1000 WHERE client_id = '$robot->{id}';");
    $t->gptoauth('purge');
    is($t->sql("SELECT count(*) FROM oauth_grant WHERE client_id = '$robot->{id}';"), 0, 'after a longer one it is');
    ok($t->token_works(token($t, $robot)), 'and made anew');

    $t->gptoauth('client', 'remove', $robot->{id});
    is($t->sql("SELECT count(*) FROM oauth_grant WHERE client_id = '$robot->{id}';"), 0, 'removed with all that it had');
    return;
}

sub test_race {
    my ($t) = @_;
    my $robot = $t->client_add('racing', service => 1);
    my ($body, @headers) = $t->token_body($robot, params());
    my $request = [ 'POST', '/oauth/token', body => $body, headers => \@headers ];
    for my $round (1 .. 3) {
        my $pid;
        my @responses =
            $t->http->parallel([ ($request) x $many ], before => sub { $pid = $t->begin_gptoauth('grant', 'revoke', '--client', 'racing') });
        waitpid $pid, 0;
        is(scalar(grep { $_->status == 200 } @responses), $many, 'case 264: tokens for a service account against revocation');
        cmp_ok($t->sql("SELECT count(*) FROM oauth_grant WHERE client_id = '$robot->{id}' AND revoked_at IS NULL;"), '<=', 1,
            'case 264: leave one living grant at most');
        $t->try_gptoauth('', 'grant', 'revoke', '--client', 'racing');
        is(scalar(grep { $t->token_works($_->json->{access_token}) } @responses), 0, 'case 264: and none when it was revoked last');
    }
    return;
}

sub test_issuers {
    my ($t, $robot) = @_;
    my $other = Test::GptOauth::Http->new($t->port('A'));
    my ($body, @headers) = $t->token_body($robot, params());
    my $there = $other->post('/oauth/token', $body, headers => \@headers)->json->{access_token};
    my $here = token($t, $robot);
    my @bearer = map { [ headers => [ Test::GptOauth::Flow::bearer($_) ] ] } $here, $there;
    is(join(' ', map { $t->http->get('/api/notes.txt', @$_)->status } @bearer), '200 401', 'case 250: each issuer takes its own tokens');
    is(join(' ', map { $other->get('/api/notes.txt', @$_)->status } @bearer), '401 200', 'case 250: and no others');
    is(scalar @{ grants($t, $robot) }, 2, 'case 250: a service account has a grant at each');
    return;
}

sub test_command {
    my ($t, $robot) = @_;
    my $json = $t->gptoauth_json('client', 'show', $robot->{id});
    is_deeply([ @$json{qw(kind grant_types redirect_uris token_endpoint_auth_method)} ], [ 'service', 'client_credentials', [], undef ],
        'client add --service');
    unlike($t->gptoauth('client', 'show', $robot->{id}), qr/Redirect/, 'client show speaks of no redirect URIs');
    my @wrong = (
        [ 'a GPT besides', qr/exclude each other/, qw(client add refused --service --gpt) ],
        [ 'public besides', qr/exclude each other/, qw(client add refused --service --public) ],
        [ 'a redirect URI', qr/leave out --redirect/, qw(client add refused --service --redirect https://rp.example/cb) ],
        [ 'a redirect URI later', qr/no user signs in/, 'client', 'redirect', $robot->{id}, 'https://rp.example/cb' ],
        [ 'a GPT builder', qr/--gpt/, 'gpt', $robot->{id} ],
    );
    for (@wrong) {
        my ($what, $sentence, @args) = @$_;
        my $got = $t->try_gptoauth('', @args);
        ok($got->{status} && $got->{err} =~ $sentence, "refused: $what") or diag($got->{err});
    }
    my $new = secret($t->gptoauth_json('client', 'secret', $robot->{id})->{client_secret});
    is(ask($t, $_)->status, 200, 'a new secret, and the old one until then') for $robot, { %$robot, secret => $new };
    is(ask($t, $robot)->verdict, '401 invalid_client', 'which ends with it');
    return;
}

my $conf = <<'EOC';
GPTOAuthRegistration open
Listen 127.0.0.1:%%PORT_A%%
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%
</VirtualHost>
ProxyPass /backend/ BACKEND/
<Location /backend>
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
<Location /person>
    AuthType GPTOAuth
    Require user ROBOT
</Location>
<Location /robot>
    AuthType GPTOAuth
    Require user client:ROBOT
</Location>
<Location /anyone>
    AuthType GPTOAuth
    Require valid-user
</Location>
EOC

on_each_db({ cache => 'off', start => 0 }, sub {
    my ($t) = @_;
    my $robot = $t->client_add('robot', service => 1);
    my %is = (BACKEND => $backend->url, ROBOT => $robot->{id});
    $t->write_file("htdocs/$_/notes.txt", "protected data\n") for qw(person robot anyone);
    $t->write_conf(conf => $conf =~ s/(BACKEND|ROBOT)/$is{$1}/gr);
    $t->start;
    test_tokens($t, $robot);
    test_others($t, $robot);
    test_principal($t, $robot);
    test_grant($t);
    test_race($t);
    test_issuers($t, $robot);
    test_command($t, $robot);
});

done_testing;
