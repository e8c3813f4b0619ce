#!/usr/bin/perl
# What strangers could make of open registration: a redirector, and a database full of clients.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Waiting;

my $cb = 'https://evil.example/cb';

sub register {
    my ($t, %metadata) = @_;
    my $body = JSON::PP->new->utf8->encode({ token_endpoint_auth_method => 'none', redirect_uris => [$cb], %metadata });
    return $t->http->post('/oauth/register', $body, headers => [ 'Content-Type' => 'application/json' ]);
}

sub client_of {
    my ($response) = @_;
    my $json = $response->json;
    return { id => $json->{client_id}, public => 1, redirect_uri => $json->{redirect_uris}[0], name => $json->{client_name} };
}

# Our page, with one link, by which the app hears what it would have heard.
sub is_detour {
    my ($t, $client, $response, $error, $name) = @_;
    my ($where) = $client->{redirect_uri} =~ m{^(https?://[^/]+|.*)};
    is($t->outcome($client, $response), '400 page', "case 309: $name gets a page");
    my $body = $response->body;
    my @links = $body =~ /<a\b([^>]*)>/g;
    is(scalar(@links), 1, '... with one link') or return;
    like($body, qr{<strong><bdi>\Q$where\E</bdi></strong>}, '... and the place where the app wants to have the user');
    like($links[0], qr/rel="noopener noreferrer"/, '... which it does not tell where he comes from');
    my $target = Test::GptOauth::Browser::attributes($links[0])->{href};
    my ($uri, $query) = $target =~ /^([^?]*)\?(.*)/;
    my $answer = Test::GptOauth::Http::unform($query);
    is($uri, $client->{redirect_uri}, '... the link leads there');
    is_deeply([ @$answer{qw(error iss state)}, defined $answer->{error_description} ], [ $error, $t->issuer, $answer->{state}, 1 ], "... with $error");
    is($answer->{state}, 'st/te+ & = 100% "\'', '... and the state');
    return;
}

my %wrong = (
    'prompt=none' => [ 'login_required', prompt => 'none' ],
    'an unknown scope' => [ 'invalid_scope', scope => 'nope' ],
    'no response_type' => [ 'invalid_request', response_type => undef ],
    'another response_type' => [ 'unsupported_response_type', response_type => 'token' ],
    'no PKCE' => [ 'invalid_request', code_challenge => undef, code_challenge_method => undef ],
    'an unknown resource' => [ 'invalid_target', resource => 'https://other.example/' ],
    'request' => [ 'request_not_supported', request => 'eyJhbGciOiJub25lIn0.e30.' ],
);

sub test_redirector {
    my ($t) = @_;
    my $evil = client_of(register($t, client_name => 'ChatGPT'));
    for my $what (sort keys %wrong) {
        my ($error, %params) = @{ $wrong{$what} };
        is_detour($t, $evil, $t->http->get($t->authorize_url($evil, %params)), $error, $what);
        is($t->http->request('HEAD', $t->authorize_url($evil, %params))->location, undef, 'case 309: nor does HEAD redirect');
    }
    my $form = Test::GptOauth::Http::form($t->authorize_params($evil, prompt => 'none'));
    is_detour($t, $evil, $t->http->post('/oauth/authorize', $form), 'login_required', 'prompt=none by POST');
    my $nasty = $t->http->get($t->authorize_url($evil, scope => 'nope', state => '"><script>alert(1)</script>'));
    unlike($nasty->body, qr/<script/, 'case 309: the state is no markup');
    for my $uri ('http://127.0.0.1:4000/cb', 'com.example.app:/cb', 'https://rp.example:8443/cb') {
        my $client = client_of(register($t, redirect_uris => [$uri]));
        is_detour($t, $client, $t->http->get($t->authorize_url($client, scope => 'nope')), 'invalid_scope', $uri);
    }
    my $old = client_of(register($t, client_name => 'from times of other rules'));
    $t->sql("UPDATE oauth_client SET redirect_uris = 'ftp:/cb' WHERE id = '$old->{id}';");
    my $response = $t->http->get($t->authorize_url({ %$old, redirect_uri => 'ftp:/cb' }, scope => 'nope'));
    ok($response->status == 400 && $response->body !~ /<a\b/, 'case 309: what could not be registered is not linked to');

    my %trusted = ('a client that the administrator made' => $t->client_add('by hand'),
        'a GPT' => $t->client_add('gpt', gpt => 1, redirect => 'https://chatgpt.com/aip/g-1bc9e788468a358cb5138906b5c6d706d0ecb2cc/oauth/callback'),
        'a built-in document' => { id => 'https://claude.ai/oauth/mcp-oauth-client-metadata', redirect_uri => 'https://claude.ai/api/mcp/auth_callback', public => 1 });
    for my $who (sort keys %trusted) {
        is($t->ask($trusted{$who}, { scope => 'nope' }), '302 invalid_scope', "case 309: the errors of $who go to it as before");
        is($t->ask($trusted{$who}, { prompt => 'none' }), '302 login_required', '... at once');
    }
    return;
}

# Who has signed in at this server, or pressed a button of it, is sent where the app wants him.
sub test_signed_in {
    my ($t) = @_;
    my $client = client_of(register($t, client_name => 'signed in'));
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    $t->sql("UPDATE oauth_client SET grant_types = '' WHERE id = '$client->{id}';");
    my $fields = { %{ $browser->form_with('password')->{fields} }, username => 'alice', password => 'wrong' };
    my $form = $browser->form_with('password');
    is($t->outcome($client, $browser->submit($form, %$fields)), '400 page', 'case 309: a form without sign-in gets a page');
    is($t->outcome($client, $browser->submit($form, %$fields, password => $t->user('alice'))), '400 page', 'case 309: whatever the password would be');
    $t->sql("UPDATE oauth_client SET grant_types = 'authorization_code' WHERE id = '$client->{id}';");
    $t->open_request($t->authorize_url($client), browser => $browser);
    ok($browser->has_consent, 'the user signs in');
    is($t->outcome($client, $browser->copy->get($t->authorize_url($client, scope => 'nope'))), '302 invalid_scope', 'case 309: errors go to the app then');
    is($t->outcome($client, $browser->copy->get($t->authorize_url($client, prompt => 'none'))), '302 consent_required', 'case 309: of prompt=none too');
    is($t->outcome($client, $browser->decide('deny')), '303 access_denied', 'case 309: and what the user says');
    my $unwilling = $t->browser;
    $unwilling->get($t->authorize_url($client));
    my $page = $unwilling->submit($unwilling->form_with('password'), cancel => 'yes');
    is($t->outcome($client, $page) . ' ' . ($page->body =~ /You did not sign in/), '200 page 1', 'case 309: who cancels the sign-in stays here');
    like($page->body, qr{<a [^>]*href="https://evil\.example/cb\?error=access_denied&amp;[^"]*"><bdi>Go to https://evil\.example</bdi></a>}, 'case 309: ... and has a link that says where it leads');
    return;
}

# httpd's own sign-in: a ticket or a certificate signs in whoever follows a link, without a question.
sub test_given {
    my ($t) = @_;
    my $client = client_of(register($t, client_name => 'given'));
    my @basic = (headers => [ Authorization => Test::GptOauth::Flow::basic('alice', $t->user('alice')) ]);
    my $browser = $t->browser;
    is_detour($t, $client, $browser->get($t->authorize_url($client, scope => 'nope'), @basic), 'invalid_scope', 'a user of httpd who has pressed nothing');
    is_detour($t, $client, $browser->get($t->authorize_url($client, prompt => 'none'), @basic), 'consent_required', 'prompt=none of such a one');
    $browser->get($t->authorize_url($client), @basic);
    my $form = $browser->consent_form;
    my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form->{fields} }, decision => 'deny' }));
    is($t->outcome($client, $browser->request('POST', $form->{action}, body => $body, @basic)), '303 access_denied', 'case 309: what he presses goes to the app');
    my $own = $t->client_add('of the administrator');
    is($t->outcome($own, $browser->get($t->authorize_url($own, scope => 'nope'), @basic)), '302 invalid_scope', 'case 309: errors of others too');
    return;
}

sub test_size {
    my ($t) = @_;
    my $uri = sub { my ($number, $size) = @_; my $start = "https://evil.example/$number/"; return $start . 'x' x ($size - length $start) };
    is(register($t, redirect_uris => [ map { $uri->($_, 2048) } 1 .. 16 ])->verdict, '400 invalid_redirect_uri', 'case 310: 16 URIs of 2 KB');
    is(register($t, redirect_uris => [ map { $uri->($_, 1024) } 1 .. 4 ], client_name => 'y' x 255, map { $_ => $uri->($_, 512) } qw(client_uri policy_uri tos_uri))->verdict, '201', 'case 310: 4 KB in all are well');
    is(register($t, redirect_uris => [ map({ $uri->($_, 1024) } 1 .. 3), $uri->(4, 1025) ])->verdict, '400 invalid_redirect_uri', 'case 310: and a byte more is not');
    is(register($t, redirect_uris => [ ($uri->(1, 2048)) x 3 ])->verdict, '400 invalid_redirect_uri', 'case 310: nor is one URI again and again');
    my $bytes = $t->is_pgsql ? 'octet_length(CAST(c AS text))' : 'length(id) + length(name) + length(redirect_uris) + length(client_uri || policy_uri || tos_uri) + length(grant_types) + length(issuer) + 200';
    cmp_ok($t->sql("SELECT max($bytes) FROM oauth_client c WHERE source = 'registered';"), '<', 8192, 'case 310: no row takes 8 KB');
    return;
}

# Rows as registration makes them, of which the first was seen longest ago.
sub insert {
    my ($t, $prefix, $count, %opt) = @_;
    my ($number, $id) = $t->is_pgsql ? ("generate_series(1, $count) AS n", "'$prefix' || n") : ("(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < $count) SELECT n FROM s) AS s", "'$prefix' || n");
    my ($issuer, $ago) = ($opt{issuer} // $t->issuer, $opt{ago} // 86400);
    my $now = time - $ago;
    $t->sql('INSERT INTO oauth_client (id, name, is_public, is_gpt, auth_method, redirect_uris, scope, grant_types, source, created_at, seen_at, issuer) '
            . "SELECT $id, 'flood', 1, 0, 'none', '$cb', '', 'authorization_code', 'registered', $now + n, $now + n, '$issuer' FROM $number;");
    return;
}

sub test_ceiling {
    my ($t) = @_;
    my $used = client_of(register($t, client_name => 'used'));
    my $tokens = $t->tokens_for($used);
    my $before = client_of(register($t, client_name => 'let in by a module of before'));
    my $its = $t->tokens_for($before);
    my $disabled = client_of(register($t, client_name => 'disabled'));
    $t->gptoauth('client', 'disable', $disabled->{id});
    $t->sql("UPDATE oauth_client SET seen_at = seen_at - 3 * 86400 WHERE id IN ('$used->{id}', '$before->{id}', '$disabled->{id}');");
    $t->sql("UPDATE oauth_client SET let_in_at = NULL WHERE id = '$before->{id}';");
    my $admin = $t->client_add('beside a flood');
    my $count = sub { my ($where) = @_; return $t->sql("SELECT count(*) FROM oauth_client WHERE $where;") };
    insert($t, 'other', 100, issuer => 'https://other.example', ago => 2 * 86400);
    insert($t, 'flood', 10000 - $count->("source = 'registered' AND let_in_at IS NULL AND disabled_at IS NULL AND issuer = '${\ $t->issuer }'"));

    my $first = client_of(register($t, client_name => 'one more'));
    my $second = client_of(register($t, client_name => 'and another'));
    is($count->("id IN ('flood1')"), 0, 'case 310: of 10,001 clients that nobody uses the oldest goes');
    is($count->("id IN ('flood2', 'flood3')"), 2, 'case 310: and no more than one for each that comes');
    is($t->ask($_), '200 sign-in', "case 310: $_->{name} is there") for $first, $second, $admin;
    is($count->("issuer = 'https://other.example'"), 100, 'case 310: another issuer has clients of its own');
    is($count->("id = '$disabled->{id}'"), 1, 'case 310: who is disabled stays');
    is($t->refresh($used, $tokens->{refresh_token})->status, 200, 'case 310: who has a living grant never goes');
    is($t->refresh($before, $its->{refresh_token})->status, 200, 'case 310: nor does one whom an older module let in');

    my $browser = $t->open_request($t->authorize_url({ id => 'flood2', redirect_uri => $cb, public => 1 }));
    $browser->decide('allow');
    is($browser->page->status, 303, 'the oldest one is let in');
    register($t, client_name => "new $_") for 1 .. 3;
    is($count->("id = 'flood2'"), 1, 'case 310: and stays then');
    is($count->("id IN ('flood3', 'flood4')"), 0, 'case 310: where others go');

    my @bodies = map { JSON::PP->new->utf8->encode({ token_endpoint_auth_method => 'none', redirect_uris => [$cb], client_name => "at once $_" }) } 1 .. 20;
    my @responses = $t->http->parallel([ map { [ 'POST', '/oauth/register', body => $_, headers => [ 'Content-Type' => 'application/json' ] ] } @bodies ]);
    is(scalar(grep { $_->status == 201 } @responses), 20, 'case 310: twenty at once');
    my $left = $count->("source = 'registered' AND let_in_at IS NULL AND disabled_at IS NULL AND issuer = '${\ $t->issuer }'");
    ok($left >= 10000 && $left <= 10010, 'case 310: and leave as many as there may be') or diag($left);
    test_held($t) if $t->is_pgsql;
    return;
}

# Somebody else has the oldest one in hand, and who comes does not wait for that.
sub test_held {
    my ($t) = @_;
    my $oldest = $t->sql("SELECT id FROM oauth_client WHERE issuer = '${\ $t->issuer }' AND source = 'registered' AND let_in_at IS NULL AND disabled_at IS NULL ORDER BY seen_at LIMIT 1;");
    open my $holder, '|-', $t->cluster->psql_command($t->database), '-o', '/dev/null' or die "psql: $!\n";
    print {$holder} "BEGIN; SELECT 1 FROM oauth_client WHERE id = '$oldest' FOR UPDATE; SELECT pg_advisory_xact_lock(310);\n";
    $holder->flush;
    ok(wait_for(sub { $t->sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 310;}) + 0 }), 'the oldest is held');
    is(register($t, client_name => 'beside it')->status, 201, 'case 310: none waits for another one');
    is($t->sql("SELECT count(*) FROM oauth_client WHERE id = '$oldest';") + 0, 1, '... and another one goes');
    close $holder or die "psql: $?\n";
    return;
}

# Clients in use that were not seen for long stand in the way of nobody.
sub test_purge {
    my ($t) = @_;
    my $count = sub { my ($prefix) = @_; return $t->sql("SELECT count(*) FROM oauth_client WHERE id LIKE '$prefix%';") };
    my $end = time + 86400;
    insert($t, 'inuse', 1500, ago => 20 * 86400);
    insert($t, 'dead', 30, ago => 10 * 86400);
    $t->sql('INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at) '
            . "SELECT id, issuer, id, 'bob', 'read', '', created_at, $end, $end FROM oauth_client WHERE id LIKE 'inuse%';");
    $t->gptoauth('purge');
    is($count->('dead'), 0, 'case 310: purge gets beyond 1,500 that are in use');
    is($count->('inuse'), 1500, 'case 310: which stay');
    $t->sql("UPDATE oauth_client SET seen_at = seen_at - 20 * 86400 WHERE id IN ('inuse1', 'inuse2', 'inuse3', 'inuse4', 'inuse5', 'inuse6', 'inuse7', 'inuse8', 'inuse9', 'inuse10', 'inuse11');");
    insert($t, 'dead', 5, ago => 10 * 86400);
    register($t, client_name => "after $_") for 1 .. 2;
    is($count->('dead'), 0, 'case 310: as registrations do, ten at a time');
    $t->sql("DELETE FROM oauth_$_->[0] WHERE $_->[1] LIKE 'inuse%';") for [ grant => 'client_id' ], [ client => 'id' ];
    return;
}

on_each_db({ cache => 'off', conf => 'GPTOAuthRegistration open' }, sub {
    my ($t) = @_;
    test_redirector($t);
    test_signed_in($t);
    test_size($t);
    test_purge($t);
    test_ceiling($t);
});

my $basic = <<'EOC';
GPTOAuthRegistration open
<Location /oauth/authorize>
    AuthType Basic
    AuthName users
    AuthBasicProvider gpt-oauth
    Require valid-user
</Location>
EOC
on_each_db({ cache => 'off', conf => $basic }, \&test_given);

done_testing;
