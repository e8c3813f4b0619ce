#!/usr/bin/perl
# Clients whose id is the URL of a document: those built in. t/76-fetch.t has those that are fetched.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my %document = map { $_->{client_id} => $_ } map { JSON::PP::decode_json(Test::GptOauth::slurp($_)) } glob "$FindBin::Bin/../conf/clients/*.json";

# Redirect URIs that the apps are known to use, beside those in the documents: the ports are theirs.
my %called = (
    'https://chatgpt.com/oauth/client.json' => ['https://chatgpt.com/connector_platform_oauth_redirect'],
    'https://chatgpt.com/oauth/codex/client.json' => ['http://127.0.0.1:1455/callback'],
    'https://claude.ai/oauth/mcp-oauth-client-metadata' => ['https://claude.ai/api/mcp/auth_callback'],
    'https://claude.ai/oauth/claude-code-client-metadata' => [ 'http://localhost:54545/callback', 'http://127.0.0.1:3118/callback' ],
    'https://vscode.dev/oauth/client-metadata.json' => [ 'http://127.0.0.1:33418/', 'http://127.0.0.1:50000/', 'https://vscode.dev/redirect' ],
    'https://zed.dev/oauth/client-metadata.json' => ['http://127.0.0.1:40123/callback'],
    'https://opencode.ai/oauth/opencode/client.json' => ['http://127.0.0.1:19876/callback'],
    'https://goose-docs.ai/oauth/client-metadata.json' => ['http://localhost:49321/oauth_callback'],
    'https://apify.github.io/mcpc/client-metadata.json' => [ map { my $host = $_; map { "http://$host:$_/callback" } 13316, 31613, 16133, 13325 } qw(127.0.0.1 localhost) ],
);

# Documents of one callback each: the URL, and the redirect URI that goes with it.
my %pattern = (
    'https://chatgpt.com/oauth/{id}/client.json' => 'https://chatgpt.com/connector/oauth/{id}',
    'https://chatgpt.com/oauth/codex/{id}/client.json' => 'http://127.0.0.1:1455/callback/{id}',
);
my @ids = ('AbC-123_x', 'a', 'x.y~z', '0' x 64);
my @no_ids = ('', 'x/y', 'x%2fy', 'x%41', '..', '.', 'y' x 65, 'x y', "x\n", 'x?', 'x#', '{id}', "\xc3\xa4");

my @bad_urls = (
    'http://chatgpt.com/oauth/client.json', 'HTTPS://chatgpt.com/oauth/client.json', 'https://chatgpt.com', 'https://chatgpt.com/oauth/../oauth/client.json',
    'https://chatgpt.com/./oauth/client.json', 'https://chatgpt.com/oauth/%2e%2E/client.json', 'https://chatgpt.com/oauth/.%2e/client.json',
    'https://chatgpt.com/oauth/%2e/client.json', 'https://chatgpt.com/oauth/client.json/..', 'https://chatgpt.com/oauth/client.json#x',
    'https://chatgpt.com/oauth/client.json#', 'https://user@chatgpt.com/oauth/client.json', 'https://user:x@chatgpt.com/oauth/client.json',
    'https://chatgpt.com./oauth/client.json', 'https://ChatGPT.com/oauth/client.json', 'https://chatgpt.com:0443/oauth/client.json', 'https://localhost/client.json',
    'https://127.0.0.1/client.json', 'https://127.1/client.json', 'https://0x7f.0.0.1/client.json', 'https://2130706433/client.json', 'https://[::1]/client.json',
    'https://[::ffff:10.0.0.1]/client.json', 'https://10.0.0.1/client.json', 'https://169.254.169.254/client.json', 'https://0.0.0.0/client.json',
    'https://chatgpt.com\\@evil.example/client.json', "https://chatgpt.com/oauth/client.json\n", 'https://chatgpt.com/oauth/client.json%00', 'https:/chatgpt.com/x',
    'javascript:alert(1)', 'file:///etc/passwd', 'urn:x', 'https:', ':'
);

my @near = (
    'https://chatgpt.com/oauth/client.json/', 'https://chatgpt.com/oauth/Client.json', 'https://chatgpt.com:443/oauth/client.json', 'https://chatgpt.com/oauth/client.json?x',
    'https://chatgpt.com/oauth//client.json', 'https://chatgpt.com/oauth/%63lient.json', 'https://evil.chatgpt.com/oauth/client.json', 'https://chatgpt.com.evil.example/oauth/client.json'
);

sub as_client { my ($url, $redirect) = @_; return { id => $url, redirect_uri => $redirect // $document{$url}{redirect_uris}[0], public => 1 } }

# The page names the host of the document, and the log the document and the line that lets the app in.
sub refused {
    my ($t, $what, $url, $host, $log) = @_;
    my $from = length $t->error_log;
    my $page = $t->http->get($t->authorize_url(as_client($url, 'https://app.example/cb')))->body;
    like($page, qr/does not know this app from \Q$host\E\. The server's administrator has to allow it\./, "$what: the page");
    like(substr($t->error_log, $from), qr/GPT101: authorization refused: invalid_client: $log/, "$what: the log");
    return;
}

sub rows { my ($t, $url) = @_; return $t->sql("SELECT count(*) FROM oauth_client WHERE id = '$url';") }

sub test_built_in {
    my ($t) = @_;
    is_deeply([ sort keys %document ], [ sort keys %called, keys %pattern ], 'the documents of conf/clients');
    for my $url (sort keys %called) {
        is($t->ask(as_client($url, $_)), '200 sign-in', "$url may ask for $_") for @{ $document{$url}{redirect_uris} }, @{ $called{$url} };
        is($t->ask(as_client($url, $_)), '400 page', "case 214: and not for $_") for 'https://evil.example/cb', $document{$url}{redirect_uris}[0] . 'x';
    }
    my $client = as_client('https://chatgpt.com/oauth/client.json');
    is(rows($t, $client->{id}), 0, 'no row before Allow');
    my $tokens = $t->tokens_for($client);
    ok($t->token_works($tokens->{access_token}), 'the token works');
    is($t->hello($t->tokens_for($client, params => { scope => 'hello' })->{access_token})->json->{client}, $client->{id}, '... for a client whose id is the URL');
    $tokens = $t->refresh($client, $tokens->{refresh_token})->json;
    ok($t->token_works($tokens->{access_token}), 'it refreshes');
    is(rows($t, $client->{id}), 1, 'one row, after the second Allow too');
    is($t->ask($client, { code_challenge => undef, code_challenge_method => undef }), '302 invalid_request', 'PKCE is a must');
    my $secret = { %$client, secret => secret('x' x 43) };
    is($t->redeem($t->code_for($client), {}, client => $secret, auth => $_)->verdict, '401 invalid_client', "such a client has no secret, by $_") for qw(post basic);

    my $shown = $t->gptoauth_json('client', 'show', $client->{id});
    is_deeply([ @$shown{qw(client_name kind source)} ], [qw(ChatGPT public document)], 'client show knows it');
    $t->gptoauth('client', 'disable', $client->{id});
    is($t->ask($client), '400 page', 'disabled, it gets nowhere');
    ok(!$t->token_works($tokens->{access_token}), '... nor do its tokens');
    $t->gptoauth('client', 'enable', $client->{id});
    is($t->ask($client), '200 sign-in', 'enabled again');
    $t->gptoauth('client', 'remove', $client->{id});
    ok(!$t->token_works($tokens->{access_token}), 'removed, its tokens are dead');
    is($t->refresh($client, $tokens->{refresh_token})->verdict, '401 invalid_client', '... the refresh token too');
    is($t->ask($client), '200 sign-in', '... and it may ask again');
    return;
}

sub test_patterns {
    my ($t) = @_;
    my $of = sub { my ($pattern, $id) = @_; return $pattern =~ s/\{id\}/$id/r };
    for my $pattern (sort keys %pattern) {
        my $redirect = $pattern{$pattern};
        for my $id (@ids) {
            my $client = as_client($of->($pattern, $id), $of->($redirect, $id));
            is($t->ask($client), '200 sign-in', "case 319: $client->{id} may ask for $client->{redirect_uri}");
            is($t->ask(as_client($client->{id}, $_)), '400 page', "case 319: and not for $_")
                for $of->($redirect, 'other'), $of->($redirect, ''), $of->($redirect, "$id/x"), $of->($redirect, '{id}'), 'https://chatgpt.com/connector_platform_oauth_redirect';
        }
        for my $id (@no_ids) {
            is($t->ask(as_client($of->($pattern, $id), $of->($redirect, $id))), '400 page', "case 319: $pattern with the id " . JSON::PP->new->canonical->encode([$id]));
        }
        (my $evil = $of->($pattern, 'x')) =~ s/chatgpt\.com/chatgpt.com.evil.example/;
        is($t->ask(as_client($evil, $of->($redirect, 'x'))), '400 page', "case 319: $evil is another host's");
    }
    is($t->ask(as_client('https://chatgpt.com/oauth/codex/client.json', 'https://chatgpt.com/connector/oauth/codex')), '400 page', 'case 319: a document of that very URL goes first');
    my $client = as_client('https://chatgpt.com/oauth/AbC-123_x/client.json', 'https://chatgpt.com/connector/oauth/AbC-123_x');
    my $browser = $t->open_request($t->authorize_url($client));
    like($browser->page->body, qr{<strong><bdi>ChatGPT</bdi></strong> wants access to .*Published at <strong><bdi>chatgpt\.com</bdi>}, 'consent names the app as it does with the document for all');
    my $tokens = $t->tokens_for($client);
    ok($t->token_works($tokens->{access_token}), 'its token works');
    is($t->refresh($client, $tokens->{refresh_token})->verdict, '200', '... and refreshes');
    is($t->gptoauth_json('client', 'show', $client->{id})->{client_name}, 'ChatGPT', 'the command knows it');
    return;
}

sub test_two_redirects {
    my ($t) = @_;
    my @uris = @{ $document{'https://vscode.dev/oauth/client-metadata.json'}{redirect_uris} }[ 0, 1 ];
    my @tokens = map { $t->tokens_for(as_client('https://vscode.dev/oauth/client-metadata.json', $_)) } @uris;
    ok($t->token_works($_->{access_token}), 'case 220: a grant by another redirect URI leaves the first one alone') for @tokens;
    is($t->refresh($_->{client}, $_->{refresh_token})->verdict, '200', 'case 220: both refresh') for @tokens;
    return;
}

sub test_others {
    my ($t) = @_;
    for my $url (@bad_urls) {
        is($t->ask(as_client($url, 'https://chatgpt.com/connector_platform_oauth_redirect')), '400 page', 'case 208: ' . JSON::PP->new->canonical->encode([$url]));
    }
    is($t->ask(as_client($_, 'https://chatgpt.com/connector_platform_oauth_redirect')), '400 page', "case 212: $_ is not the document's URL") for @near;
    my $page = $t->http->get($t->authorize_url(as_client('https://app.example/client.json', 'https://app.example/cb')));
    is($page->status, 400, 'a document that is not built in');
    like($page->body, qr/This server does not know this app from app\.example\. The server's administrator has to allow it\./, '... is an app of that host, which this server does not know');
    like($t->error_log, qr{GPT101: authorization refused: invalid_client: no document from https://app\.example/client\.json is built in; to let this app in, write GPTOAuthClientMetadata fetch app\.example, or},
        '... and the log says what could be done');
    refused($t, 'of another port', 'https://app.example:8443/x', 'app.example:8443', 'no document from https://app\.example:8443/x is built in; .* write GPTOAuthClientMetadata fetch app\.example:8443, or');
    is($t->sql("SELECT count(*) FROM oauth_client WHERE source = 'document' AND id LIKE '%example%';"), 0, 'nothing is written for it');
    return;
}

sub test_off {
    my ($t) = @_;
    my $client = as_client('https://zed.dev/oauth/client-metadata.json', 'http://127.0.0.1:4/callback');
    my $tokens = $t->tokens_for($client);
    $t->write_conf(conf => 'GPTOAuthClientMetadata off');
    $t->restart;
    is($t->ask($client), '400 page', 'off: nobody comes by a document');
    ok(!exists $t->http->get('/.well-known/oauth-authorization-server')->json->{client_id_metadata_document_supported}, 'off: and it is not advertised');
    is($t->refresh($client, $tokens->{refresh_token})->verdict, '200', 'off: who is in stays in');
    refused($t, 'off', $client->{id}, 'zed.dev', "the app from $client->{id} is built in, but GPTOAuthClientMetadata is off; write GPTOAuthClientMetadata pinned");
    refused($t, 'off, and one that is not built in', 'https://app.example/x', 'app.example', 'no document from https://app\.example/x is built in; .* write GPTOAuthClientMetadata fetch app\.example, or');
    $t->write_conf(conf => 'GPTOAuthClientMetadata fetch one.example two.example:8443');
    $t->restart;
    refused($t, 'another host than those', 'https://app.example/x', 'app.example', '.* write GPTOAuthClientMetadata fetch one\.example two\.example:8443 app\.example, or');
    refused($t, 'another port', 'https://two.example/x', 'two.example', '.* write GPTOAuthClientMetadata fetch one\.example two\.example:8443 two\.example, or');
    return;
}

# What doctor says of them, with this configuration and these lines in the file that it reads itself.
sub apps {
    my ($t, $conf, $lines) = @_;
    my $file = Test::GptOauth::slurp($t->dir . '/dbd.conf');
    $t->write_file('dbd.conf', $file . ($lines // ''));
    $t->write_conf(conf => $conf);
    $t->restart;
    my $out = $t->try_gptoauth('', 'doctor', '--issuer', $t->issuer)->{out};
    $t->write_file('dbd.conf', $file);
    return $out =~ /^  ok +apps +(.*)$/m ? $1 : $out;
}

sub test_doctor {
    my ($t) = @_;
    my ($clients, $from) = ($t->sql('SELECT count(*) FROM oauth_client;'), length $t->error_log);
    my (%urls, $list);
    push @{ $urls{ $document{$_}{client_name} } }, $_ for keys %document;

    $list = apps($t, '');
    like($list, qr/^by documents that are built in: .*; and those of hosts that GPTOAuthClientMetadata fetch names, if any, which the server does not disclose$/, 'doctor tells which apps are built in');
    for my $name (sort keys %urls) {
        my ($shown) = $list =~ /(?:: |, )\Q$name\E \(([^)]*)\)/;
        is(join(' ', sort split /, /, $shown // ''), join(' ', sort @{ $urls{$name} }), "... $name, by its documents");
    }
    is(scalar(() = $list =~ m{https://}g), scalar keys %document, '... and no other');
    is(apps($t, 'GPTOAuthClientMetadata off'), 'none may connect by a document that it publishes (GPTOAuthClientMetadata off)', '... that none may come');
    is(apps($t, 'GPTOAuthClientMetadata fetch'), 'any may connect by a document that it publishes (GPTOAuthClientMetadata fetch)', '... that any may');
    my ($hosts, $fetch) = ('GPTOAuthClientMetadata fetch app.example docs.example:8443', '; by documents that are fetched: those of ');
    is(apps($t, $hosts), $list, '... and of hosts what is known');
    is(apps($t, '', "$hosts\n"), $list =~ s/; and those of hosts.*/${fetch}app.example, docs.example:8443/r, '... all of it where they stand in the file that both read');
    is(apps($t, $hosts, "GPTOAuthClientMetadata fetch elsewhere.example app.example\n"), $list =~ s/; and those of hosts.*/${fetch}app.example/r, '... as far as the server agrees');
    is(apps($t, 'GPTOAuthClientMetadata off', "$hosts\n"), apps($t, 'GPTOAuthClientMetadata off'), '... or not at all');
    like(apps($t, "<Location /oauth/authorize>\nAuthType Basic\nAuthName x\nAuthUserFile none\nRequire valid-user\n</Location>"), qr/^some may connect .*GPTOAuthClientMetadata.*which, cannot be seen from here: httpd asks for a sign-in first$/,
        '... and what it cannot see behind another sign-in');
    is($t->sql('SELECT count(*) FROM oauth_client;'), $clients, '... and writes nothing for it');
    my @log = grep { /:(?:warn|error)\] .*\[client / } split /\n/, substr $t->error_log, $from;
    is(join("\n", grep { !m{, referer: gptoauth-doctor/} } @log), '', '... nor anything into the log that is not marked as its own');
    is(join("\n", grep { /no document of/ && !/gptoauth-doctor/ } @log), '', '... or names an app');
    $t->write_conf(conf => '');
    $t->restart;
    return;
}

on_each_db({ cache => 'off' }, sub {
    my ($t) = @_;
    test_built_in($t);
    test_patterns($t);
    test_two_redirects($t);
    test_others($t);
    ok($t->http->get('/.well-known/oauth-authorization-server')->json->{client_id_metadata_document_supported}, 'pinned is the default, and advertised');
    test_doctor($t);
    test_off($t);
});

subtest 'what the directive takes' => sub {
    my $t = Test::GptOauth->new(db => 'sqlite', start => 0);
    for my $row ([ 'on' => 0 ], [ '' => 0 ], [ 'pinned claude.ai' => 0 ], [ 'fetch https://claude.ai' => 0 ], [ 'fetch claude.ai/x' => 0 ], [ 'fetch 127.0.0.1' => 0 ],
        [ 'fetch localhost' => 0 ], [ 'fetch Claude.ai' => 0 ], [ 'off' => 1 ], [ 'PINNED' => 1 ], [ 'fetch' => 1 ], [ 'fetch claude.ai app.example:8443' => 1 ]) {
        my ($value, $good) = @$row;
        $t->write_conf(conf => "GPTOAuthClientMetadata $value");
        my ($status, $said) = $t->configtest;
        is($status == 0 ? 1 : 0, $good, "GPTOAuthClientMetadata $value") or diag $said;
        like($said, qr/GPTOAuthClientMetadata.*write/, '... and what to write') unless $good;
    }
};

done_testing;
