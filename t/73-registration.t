#!/usr/bin/perl
# Dynamic client registration (RFC 7591): what is taken, what is refused, what costs a row and what does not.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $json = JSON::PP->new->utf8->canonical;
my $cb = 'https://rp.example/cb';

# What the known clients register, by name: redirect URIs, and what they call at authorize where that is another port.
my @known = (
    [ 'ChatGPT' => ['https://chatgpt.com/connector_platform_oauth_redirect'] ],
    [ 'ChatGPT, without iss' => ['https://chatgpt.com/connector/oauth/AbC-123_x'] ],
    [ 'Codex' => ['http://127.0.0.1/callback'], 'http://127.0.0.1:41999/callback' ],
    [ 'Codex, with an id' => ['http://127.0.0.1:1455/callback/Xyz1'], 'http://127.0.0.1:1456/callback/Xyz1' ],
    [ 'Claude' => [ 'https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback' ] ],
    [ 'Claude Code' => [ 'http://localhost:3118/callback', 'http://127.0.0.1:3118/callback' ], 'http://localhost:54545/callback',
        'http://127.0.0.1:54545/callback' ],
    [ 'Cursor' => ['http://localhost:8787/callback', 'https://www.cursor.com/agents/mcp/oauth/callback',
        'cursor://anysphere.cursor-mcp/oauth/callback'] ],
    [ 'VS Code' => [ 'https://insiders.vscode.dev/redirect', 'https://vscode.dev/redirect', 'http://127.0.0.1/', 'http://127.0.0.1:33418/',
        'http://localhost/', 'http://localhost:33418/' ], 'http://127.0.0.1:50001/' ],
    [ 'Gemini CLI' => ['http://localhost:7777/oauth/callback'], 'http://localhost:43210/oauth/callback' ],
    [ 'Zed' => ['http://127.0.0.1/callback'], 'http://127.0.0.1:40000/callback' ],
    [ 'OpenCode' => ['http://127.0.0.1/callback'], 'http://127.0.0.1:19876/callback' ],
    [ 'MCP Inspector' => [ 'http://127.0.0.1:6276/oauth/callback', 'http://localhost:6274/oauth/callback' ] ],
    [ 'MCP CLI Client' => ['http://localhost:14438/oauth/callback'] ],
    [ 'Microsoft 365 Copilot' => ['https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect'] ],
    [ 'an app of a telephone' => ['com.example.app:/oauth'] ],
    [ 'editors (case 321)' => [ 'vscode://publisher.extension/callback', 'http://127.0.0.1:33418/', 'vscode-insiders://publisher.extension/callback' ] ],
    [ 'Warp (case 321)' => ['warp://mcp/oauth2callback'] ],
    [ 'Raycast (case 321)' => ['raycast://oauth?package_name=Extension'] ],
    [ 'git-credential-oauth' => ['http://127.0.0.1'], 'http://127.0.0.1:40421' ],
);

my %bad_redirects = (
    'case 57' => [ map { my $s = $_; map { "$s$_" } 'alert(1)', '//rp.example/cb', '//%0aalert(1)' }
        qw(javascript: JaVaScRiPt: data: vbscript: file: blob: about: view-source: intent: ws: ftp:) ],
    'case 320' => [ map { ("$_:x", "$_://rp.example/cb") } qw(filesystem mailto tel sms wss chrome moz-extension ms-settings MS-word search-ms itms-services) ],
    'case 58' => [ 'http://rp.example/cb', 'http://127.0.0.1.evil.example/cb', 'http://127.1/cb', 'http://localhost.evil.example/cb',
        'http://[::ffff:127.0.0.1]/cb', 'http://0.0.0.0/cb', 'HTTP://rp.example/cb', 'http://10.0.0.1/cb' ],
    'case 65' => [ 'https://*.rp.example/cb', 'https://rp.example/*', 'https://*/cb', 'http://127.0.0.1:*/cb' ],
    'refused' => [ 'https://user@rp.example/cb', 'https://rp.example/cb#', 'https://rp.example/cb#x', '/cb', 'rp.example/cb', 'https:///cb', 'https://',
        'https://rp.example/cb?code=1', 'https://rp.example/cb?state=x', 'https://rp.example/a b', "https://rp.example/cb\n", 'https://rp.example/%00',
        "https://rp.example/\x{e4}", 'https://rp.example\\@evil.example/', 'https://rp.example/' . 'x' x 2048 ],
);

sub register {
    my ($t, $metadata, %opt) = @_;
    my $body = ref $metadata ? $json->encode($metadata) : $metadata;
    my @headers = ('Content-Type' => $opt{type} // 'application/json', @{ $opt{headers} // [] });
    return ($opt{http} // $t->http)->post('/oauth/register', $body, headers => \@headers);
}

# The client that came out of it, as the flow wants it.
sub client_of {
    my ($response, $redirect_uri) = @_;
    my $answer = $response->json;
    return { id => $answer->{client_id}, secret => $answer->{client_secret}, public => !defined $answer->{client_secret},
        name => $answer->{client_name}, redirect_uri => $redirect_uri // $answer->{redirect_uris}[0] };
}

sub rows { my ($t) = @_; return $t->sql("SELECT count(*) FROM oauth_client WHERE source = 'registered';") }

sub test_minimal {
    my ($t) = @_;
    my $response = register($t, { redirect_uris => [$cb] });
    my $answer = $response->json;
    is($response->verdict, '201', 'case 192: redirect_uris are enough');
    like($response->header('Content-Type'), qr{^application/json\b}, 'case 193: the answer is JSON');
    is($response->header('Cache-Control'), 'no-store', 'case 193: and not stored');
    like($answer->{client_id}, qr/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/, 'case 192: with a client_id');
    cmp_ok(abs($answer->{client_id_issued_at} - time), '<', 60, 'case 192: and its time');
    my %defaults = (redirect_uris => [$cb], grant_types => [qw(authorization_code refresh_token)], response_types => ['code'],
        token_endpoint_auth_method => 'client_secret_basic', client_secret_expires_at => 0, client_name => 'Unnamed app');
    is_deeply({ map { $_ => $answer->{$_} } keys %defaults }, \%defaults, 'case 192: the defaults are told');
    like($answer->{client_secret}, qr/^gpts_/, 'case 192: who does not say none has a secret');
    my $client = client_of($response);
    is($t->redeem($t->code_for($client), {}, auth => $_)->verdict, '200', "case 192: and works by $_") for qw(basic post);
    is($t->redeem($t->code_for($client), {}, auth => 'none')->verdict, '401 invalid_client', 'case 192: not without it');

    $response = register($t, { redirect_uris => [$cb], token_endpoint_auth_method => 'none', client_name => 'public' });
    ok(!grep({ /secret/ } keys %{ $response->json }), 'case 192: no secret for none');
    is($response->json->{token_endpoint_auth_method}, 'none', '… which is echoed');
    my $tokens = $t->tokens_for(client_of($response));
    is($t->refresh($tokens->{client}, $tokens->{refresh_token})->verdict, '200', 'a public client gets tokens, and refreshes');
    for my $method (qw(basic post)) {
        my $own = client_of(register($t, { redirect_uris => [$cb], token_endpoint_auth_method => "client_secret_$method" }));
        my %verdict = map { $_ => $t->redeem($t->code_for($own), {}, auth => $_)->verdict } qw(basic post);
        is($verdict{$method}, '200', "client_secret_$method is granted");
        is($verdict{ $method eq 'basic' ? 'post' : 'basic' }, '401 invalid_client', '… and then the only one');
    }
    is($t->ask($client, { code_challenge => undef, code_challenge_method => undef }), '400 page', 'PKCE is a must');
    return;
}

sub test_known_clients {
    my ($t) = @_;
    for my $row (@known) {
        my ($name, $uris, @called) = @$row;
        my $response = register($t, { client_name => $name, redirect_uris => $uris, token_endpoint_auth_method => 'none',
            grant_types => [qw(authorization_code refresh_token urn:ietf:params:oauth:grant-type:device_code)], response_types => ['code'] });
        is($response->verdict, '201', "$name registers") or diag $response->body;
        is_deeply($response->json->{redirect_uris}, $uris, '… with its redirect URIs as they are');
        is_deeply($response->json->{grant_types}, [qw(authorization_code refresh_token)], '… and without the grant types unknown here');
        for my $uri (@$uris, @called) {
            is($t->ask(client_of($response, $uri)), '200 sign-in', "… and may ask for $uri");
        }
        is($t->ask(client_of($response, "$uris->[0]x")), '400 page', '… but not for another');
    }
    return;
}

sub test_refused_redirects {
    my ($t) = @_;
    my $mixed = register($t, { redirect_uris => [ 'https://rp.example/cb', 'vscode://publisher.extension/cb', 'ms-settings:x' ] });
    like($mixed->json->{error_description}, qr/^Not accepted: redirect_uris\[2\], ms-settings:x: its scheme is one that/, 'case 320: the client is told which, and why');
    unlike(register($t, { redirect_uris => ['"><script>x'] })->json->{error_description}, qr/script/, '... unless it is no URI at all');
    for my $what (sort keys %bad_redirects) {
        for my $uri (@{ $bad_redirects{$what} }) {
            my $name = $what . ': ' . $json->encode([$uri]);
            $name =~ s/x{100,}/x…/;
            is(register($t, { redirect_uris => [ $cb, $uri ] })->verdict, '400 invalid_redirect_uri', $name);
        }
    }
    for my $uris (undef, [], {}, 'https://rp.example/cb', [ [$cb] ], [undef], [1], [ '' ], [ map { "$cb/$_" } 1 .. 17 ]) {
        is(register($t, { redirect_uris => $uris })->verdict, '400 invalid_redirect_uri', 'case 194: redirect_uris ' . substr $json->encode([$uris]), 0, 40);
    }
    is(register($t, {})->verdict, '400 invalid_redirect_uri', 'case 194: no redirect_uris');
    is(register($t, { redirect_uris => [ map { "$cb/$_" } 1 .. 16 ] })->verdict, '201', 'case 194: sixteen are well');
    like($t->error_log, qr{GPT115: registration refused: invalid_redirect_uri: redirect URI http://rp\.example/cb: }, 'the log tells which, and why');
    return;
}

sub test_metadata {
    my ($t) = @_;
    my $answer = sub { my (%metadata) = @_; return register($t, { redirect_uris => [$cb], %metadata }) };
    for my $row ([ ['implicit'], ['code'] ], [ ['password'], ['token'] ], [ [], [] ], [ ['refresh_token'], ['id_token'] ], [ undef, undef ]) {
        my $json = $answer->(grant_types => $row->[0], response_types => $row->[1])->json;
        is_deeply([ @$json{qw(grant_types response_types)} ], [ [qw(authorization_code refresh_token)], ['code'] ],
            'case 196: what is left of ' . JSON::PP::encode_json($row));
    }
    my $client = client_of(my $response = $answer->(grant_types => ['authorization_code'], token_endpoint_auth_method => 'none'));
    is_deeply($response->json->{grant_types}, ['authorization_code'], 'a client may do without refresh tokens');
    ok(!exists $t->tokens_for($client)->{refresh_token}, '… and then gets none');

    $response = $answer->(foo => 1, 'client_name#ja' => "\x{30a2}", client_name => "Caf\x{e9}", software_id => [ 1, { a => undef } ],
        'logo_uri#de' => 5, contacts => ['x'], scope => undef, jwks => undef);
    is($response->verdict, '201', 'case 197: unknown metadata is passed over');
    is_deeply([ grep { /foo|#|soft|jwks/ } keys %{ $response->json } ], [], 'case 197: and not in the answer');
    is($response->json->{client_name}, "Caf\x{e9}", 'a name is text, whatever the script');
    $response = $answer->(client_id => 'admin', client_secret => 'x', client_id_issued_at => 1, registration_access_token => 'x',
        client_secret_expires_at => 1, source => 'admin', is_gpt => JSON::PP::true);
    is($response->verdict, '201', 'case 198: ids and secrets that a client chooses');
    ok($response->json->{client_id} ne 'admin' && $response->json->{client_secret} ne 'x' && $response->json->{client_id_issued_at} > 1,
        'case 198: are not its own');
    is($t->ask({ %{ client_of($response) }, id => 'admin' }), '400 page', 'case 198: and known to nobody');
    ok(!exists $response->json->{$_}, "case 205: no $_") for qw(registration_access_token registration_client_uri);

    for my $name (qw(logo_uri tos_uri policy_uri client_uri jwks_uri)) {
        for my $uri ('javascript:alert(1)', 'http://10.0.0.1/x', 'file:///etc/passwd', 'data:image/png;base64,x', '//x.example/', 'https://u@x.example/', "https://x.example/\n") {
            is($answer->($name => $uri)->verdict, '400 invalid_client_metadata', "case 200: $name " . $json->encode([$uri]));
        }
        my $said = $answer->($name => 'https://x.example/a', "$name#de" => 'https://x.example/de');
        is($said->verdict, '201', "case 200: $name by https is well");
        is_deeply([ grep { /_uri\b/ } sort keys %{ $said->json } ], [ grep { !/logo|jwks/ } $name ], '... and told if it is kept');
    }
    my %links = (client_uri => 'https://x.example', policy_uri => 'https://x.example/privacy', tos_uri => 'https://x.example/terms#1');
    for my $time (qw(first again)) {
        my $json = $answer->(%links, token_endpoint_auth_method => 'none')->json;
        is_deeply({ map { $_ => $json->{$_} } keys %links }, \%links, "links are told as they are kept: $time");
    }
    ok(!exists $answer->(client_uri => 'http://localhost:3000/')->json->{client_uri}, 'case 200: a website on the own computer is not kept');
    is($answer->(jwks => { keys => [] }, jwks_uri => 'https://x.example/jwks')->verdict, '400 invalid_client_metadata', 'case 201: jwks and jwks_uri');
    is($answer->(scope => 'read mcp openid offline_access')->json->{scope}, 'offline_access read', 'of the scopes those known here are told');
    ok(!exists $answer->(scope => 'mcp')->json->{scope}, '… or none');
    $client = client_of($answer->(scope => 'read', token_endpoint_auth_method => 'none'));
    is($t->tokens_for($client, params => { scope => 'read write' })->{scope}, 'read write', '… and more may be asked of the user');
    is($answer->(%{ $_->[1] })->verdict, '400 invalid_client_metadata', "case 282: $_->[0]") for (
        [ 'a name that is a number' => { client_name => 5 } ],
        [ 'a name that is a list' => { client_name => ['x'] } ],
        [ 'grant types as string' => { grant_types => 'authorization_code' } ],
        [ 'grant types of numbers' => { grant_types => [1e300] } ],
        [ 'response types as object' => { response_types => {} } ],
        [ 'response types of lists' => { response_types => [ ['code'] ] } ],
        [ 'a method that is a list' => { token_endpoint_auth_method => ['none'] } ],
        [ 'a scope that is a number' => { scope => 7 } ],
        [ 'jwks as string' => { jwks => 'x' } ],
        [ 'logo_uri true' => { logo_uri => JSON::PP::true } ]
    );
    is($answer->(%{ $_->[1] })->verdict, '400 invalid_client_metadata', $_->[0]) for (
        [ 'a name of 256 bytes' => { client_name => 'x' x 256 } ],
        [ 'a name with a line feed' => { client_name => "a\nb" } ],
        [ 'a method not known here' => { token_endpoint_auth_method => 'private_key_jwt' } ],
        [ 'a scope with a quote' => { scope => 'a"b' } ]
    );
    return;
}

sub test_application_type {
    my ($t) = @_;
    my $type = sub { my ($value) = @_; return register($t, { redirect_uris => [$cb], token_endpoint_auth_method => 'none', client_name => 'typed', application_type => $value }) };
    my %client;
    for my $value ('web', 'native', undef) {
        my $said = $value // 'null';
        for my $time (qw(first again)) {
            my $response = $type->($value);
            is($response->status . ' ' . ($response->json->{application_type} // 'null'), "201 $said", "application_type $said: $time");
            $client{$said} //= $response->json->{client_id};
            is($response->json->{client_id}, $client{$said}, '... of one client');
        }
    }
    is(scalar(keys %{ { reverse %client } }), 3, 'they are three');
    is($t->gptoauth_json('client', 'show', $client{native})->{application_type}, 'native', 'the administrator sees it');
    my $response = $type->('spa');
    is($response->status . ' ' . ($response->json->{application_type} // 'null'), '201 null', 'another word is passed over');
    is($type->(5)->verdict, '400 invalid_client_metadata', 'a number is refused');
    return;
}

sub test_shapes {
    my ($t) = @_;
    my $deep = '[' x 20000 . ']' x 20000;
    my %bodies = (
        'a list' => '[]', 'a string' => '"x"', 'null' => 'null', 'a number' => '1e300', 'nothing' => '', 'rubbish' => '{"redirect_uris":',
        'a name twice' => qq({"redirect_uris":["$cb"],"redirect_uris":["$cb"]}), 'depth' => qq({"redirect_uris":$deep}),
        'more behind' => qq({"redirect_uris":["$cb"]} x), 'bytes that are no UTF-8' => qq({"redirect_uris":["$cb"],"client_name":"\xff"}),
        'half a pair of surrogates' => qq({"redirect_uris":["$cb"],"client_name":"\\ud800"}),
    );
    is(register($t, $bodies{$_})->verdict, '400 invalid_client_metadata', "case 282: $_") for sort keys %bodies;
    for my $nul ("\\u0000", "\0") {
        is(register($t, qq({"redirect_uris":["$cb$nul"],"client_name":"a"}))->verdict, '400 invalid_client_metadata', 'case 270: a NUL in a URI');
        is(register($t, qq({"redirect_uris":["$cb"],"client_name":"a${nul}b"}))->verdict, '400 invalid_client_metadata', 'case 270: a NUL in a name');
    }
    is(register($t, { redirect_uris => [$cb] }, type => 'application/x-www-form-urlencoded')->verdict, '400 invalid_client_metadata', 'only JSON is taken');
    is(register($t, { redirect_uris => [$cb], x => 'x' x 65536 })->verdict, '413 invalid_client_metadata', 'and 64 KB at most');
    my $http = $t->http;
    for my $method (qw(GET PUT DELETE PATCH)) {
        is($http->request($method, '/oauth/register', headers => [ Authorization => 'Bearer x' ])->status, 405, "case 205: $method");
        is($http->request($method, '/oauth/register/x', headers => [ Authorization => 'Bearer x' ])->status, 404, "case 205: $method of a client");
    }
    is($http->request('OPTIONS', '/oauth/register')->status, 204, 'OPTIONS');
    return;
}

sub test_same_again {
    my ($t) = @_;
    my %metadata = (redirect_uris => [ 'http://localhost:3118/callback', $cb ], client_name => 'same', token_endpoint_auth_method => 'none');
    my $before = rows($t);
    my $first = register($t, \%metadata)->json;
    is(register($t, { %metadata, %$_ })->json->{client_id}, $first->{client_id}, 'case 202: ' . $json->encode($_) . ' makes no other client') for (
        {}, { foo => 1, logo_uri => 'https://x.example/', client_uri => 'http://localhost/' }, { redirect_uris => [ $cb, 'http://localhost:54545/callback' ] },
        { scope => 'write' }, { grant_types => [qw(refresh_token authorization_code implicit)] }, { redirect_uris => [ $cb, $cb, 'http://localhost/callback' ] }
    );
    my $other_port = { %metadata, redirect_uris => [ 'http://localhost:9/callback', $cb ] };
    is_deeply(register($t, $other_port)->json->{redirect_uris}, $other_port->{redirect_uris}, '… and each is told its own port');
    is(rows($t) - $before, 1, 'case 202: one row');
    my %ids = map { register($t, { %metadata, %$_ })->json->{client_id} => 1 } (
        { client_name => 'Same' }, { redirect_uris => [$cb] }, { redirect_uris => [ 'http://localhost:3118/callback2', $cb ] },
        { redirect_uris => [ 'http://127.0.0.1:3118/callback', $cb ] }, { grant_types => ['authorization_code'] },
        { token_endpoint_auth_method => 'client_secret_post' }, { token_endpoint_auth_method => 'client_secret_post' },
        map { ({ $_ => 'https://x.example/' }, { $_ => 'https://x.example/' }) } qw(client_uri policy_uri tos_uri)
    );
    is(scalar keys %ids, 10, 'other metadata is another client, and each confidential one is');
    ok(!$ids{ $first->{client_id} }, '… than the first');

    $before = rows($t);
    my $body = $json->encode({ %metadata, client_name => 'parallel' });
    my @responses = $t->http->parallel([ map { [ 'POST', '/oauth/register', body => $body, headers => [ 'Content-Type' => 'application/json' ] ] } 1 .. 20 ]);
    is(join(' ', map { $_->status } @responses), join(' ', (201) x 20), 'case 266: twenty at once');
    my %parallel = map { $_->json->{client_id} => 1 } @responses;
    is(scalar keys %parallel, 1, 'case 266: are one client');
    is(rows($t) - $before, 1, 'case 266: and one row');
    return;
}

# Time is moved in the rows.
sub test_unused {
    my ($t) = @_;
    my %client = map { $_ => client_of(register($t, { redirect_uris => [$cb], client_name => $_, token_endpoint_auth_method => 'none' })) }
        qw(unused used revoked young again disabled);
    my $admin = $t->client_add('by hand');
    my %grant = map { $_ => $t->tokens_for($client{$_}) } qw(used revoked);
    my $age = sub {
        my ($name, $days) = @_;
        $t->sql("UPDATE oauth_client SET created_at = created_at - $days * 86400, seen_at = seen_at - $days * 86400 WHERE id = '$client{$name}{id}';");
    };
    $t->gptoauth('grant', 'revoke', '--client', $client{revoked}{id});
    $t->gptoauth('client', 'disable', $client{disabled}{id});
    $age->($_, 8) for qw(unused used revoked again disabled);
    $age->('young', 6);
    is(register($t, { redirect_uris => [$cb], client_name => 'again', token_endpoint_auth_method => 'none' })->json->{client_id}, $client{again}{id},
        'who registers again');
    $t->gptoauth('purge');
    is(register($t, { redirect_uris => [$cb], client_name => 'disabled', token_endpoint_auth_method => 'none' })->json->{client_id}, delete($client{disabled})->{id},
        'who is disabled does not come back as another one');
    my %left = map { $_ => $t->ask($client{$_}) eq '200 sign-in' ? 'is there' : 'is gone' } keys %client;
    is_deeply(\%left, { unused => 'is gone', used => 'is there', revoked => 'is gone', young => 'is there', again => 'is there' },
        'case 202: purge removes those unused for a week, and none with a grant that lives');
    is($t->refresh($client{used}, $grant{used}{refresh_token})->verdict, '200', 'case 202: which still refreshes');
    is($t->ask($admin), '200 sign-in', 'and never those of the administrator');

    my $browser = $t->open_request($t->authorize_url($client{young}));
    $age->($_, 8) for qw(young used);
    register($t, { redirect_uris => [$cb], client_name => 'a new one' });
    isnt($t->ask($client{young}), '200 sign-in', 'case 202: a new registration removes them too');
    is($t->ask($client{used}), '200 sign-in', 'case 202: with the same exception');
    $browser->decide('allow');
    is($t->outcome($client{young}, $browser->page), '400 page', 'who presses Allow after that hears of it');
    return;
}

sub test_flood {
    my ($t) = @_;
    my $body = $json->encode({ redirect_uris => [$cb], client_name => 'again and again', token_endpoint_auth_method => 'none' });
    my @again = map { $t->http->post('/oauth/register', $body, headers => [ 'Content-Type' => 'application/json' ])->status } 1 .. 320;
    is(scalar(grep { $_ != 201 } @again), 0, 'case 202: the same client may register as often as it likes');
    my ($made, $response) = (0);
    $t->begin_window(20);
    while ($made < 400 && ($response = register($t, { redirect_uris => [$cb], client_name => "new $made" }))->status == 201) {
        $made++;
    }
    is($response->status, 429, 'case 202: new ones from one address have a ceiling');
    cmp_ok($made, '>=', 100, 'case 202: which is high');
    like($t->error_log, qr/warn\w*\].*GPT133: registration refused: .*answered 429/, 'case 202: as the log says');
    cmp_ok($response->header('Retry-After') // 0, '>', 0, 'case 202: and the answer says when to come again');
    is(register($t, $body)->status, 201, 'case 202: whoever is known still gets an answer');
    return;
}

# The bearer token of a registration is a key that was made for it; such a key opens nothing else.
sub test_token_mode {
    my ($t) = @_;
    my $key = sub { my (@args) = @_; return secret($t->gptoauth_json('key', 'add', @args)->{service_key}) };
    my ($good, $other, $ended) = ($key->('for-apps', '--register'), $key->('other'), $key->('ended', '--register'));
    $t->gptoauth('key', 'revoke', 'ended');
    my $try = sub { my ($token) = @_; return register($t, { redirect_uris => [$cb] }, headers => [ defined $token ? (Authorization => "Bearer $token") : () ]) };
    my $response = $try->();
    is($response->verdict, '401 invalid_token', 'case 204: without initial access token');
    is($response->header('WWW-Authenticate'), 'Bearer', 'case 204: with a challenge that names no error');
    for my $row ([ 'rubbish' => 'x' ], [ 'a key of another kind' => $other ], [ 'a revoked one' => $ended ], [ 'a token' => secret('gpta_' . 'x' x 54) ], [ 'nothing' => '' ]) {
        $response = $try->($row->[1]);
        is($response->verdict, '401 invalid_token', "case 204: $row->[0]");
        is($response->header('WWW-Authenticate'), 'Bearer error="invalid_token"', 'case 204: ... and the challenge says so');
    }
    is(rows($t), 0, 'case 204: none of them made a client');
    is($try->($good)->verdict, '201', 'case 204: with the right key');
    is(register($t, {}, headers => [ Authorization => "Bearer $good" ])->verdict, '400 invalid_redirect_uri', 'case 204: which excuses nothing');
    is($t->fetch('/key', $good)->status, 403, 'the key opens no Location');
    is($t->fetch('/key', $other)->status, 200, '... as others do');
    like($t->error_log, qr/GPT121: .*the service key other was not made with --register/, 'the log tells');
    for my $option ([qw(--scope read)], ['--introspect']) {
        like($t->try_gptoauth('', 'key', 'add', 'both', '--register', @$option)->{err}, qr/does nothing else/, "--register goes without $option->[0]");
    }
    return;
}

on_each_db({ cache => 'off', conf => 'GPTOAuthRegistration open' }, sub {
    my ($t) = @_;
    $t->user('alice');
    test_minimal($t);
    test_known_clients($t);
    test_refused_redirects($t);
    test_metadata($t);
    test_application_type($t);
    test_shapes($t);
    test_same_again($t);
    test_unused($t);
    is($t->http->get('/.well-known/oauth-authorization-server')->json->{registration_endpoint}, $t->issuer . '/oauth/register', 'it is advertised');
    my ($listed) = grep { $_->{client_name} eq 'public' } @{ $t->gptoauth_json('client', 'list') };
    is($listed->{source}, 'registered', 'client list tells where a client comes from');
    like(scalar $t->gptoauth('client', 'show', $listed->{client_id}), qr/registered/, 'and client show does');
    my $own = $t->client_add('My GPT', gpt => 1);
    my $other = client_of(register($t, { redirect_uris => [$cb], client_name => 'My GPT' }));
    is($t->gptoauth_json('client', 'show', 'My GPT')->{client_id}, $own->{id}, 'a name is that of the client that the administrator made');
    like($t->try_gptoauth('', 'client', 'redirect', $other->{id}, 'https://x.example/')->{err}, qr/says for itself where/, 'client redirect leaves the others as they are');
    $t->restart;
    test_flood($t);
});

on_each_db({ cache => 'off', conf => "GPTOAuthRegistration token\n<Location /key>\nAuthType GPTOAuth\nGPTOAuthCredentials service\nRequire valid-user\nSetHandler gpt-oauth-hello\n</Location>" },
    \&test_token_mode);

subtest 'off, and what the directive takes' => sub {
    my $t = Test::GptOauth->new(db => 'sqlite');
    is($t->http->request($_, '/oauth/register', body => '{}', headers => [ 'Content-Type' => 'application/json' ])->status, 404, "case 204: off is the default: $_ is 404")
        for qw(POST GET OPTIONS);
    ok(!exists $t->http->get('/.well-known/oauth-authorization-server')->json->{registration_endpoint}, '... and nothing is advertised');
    $t->write_conf(conf => 'GPTOAuthRegistration on');
    my ($status, $said) = $t->configtest;
    ok($status != 0 && $said =~ /GPTOAuthRegistration on: write off, open/, 'another word');
};

done_testing;
