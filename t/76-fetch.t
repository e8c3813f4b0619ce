#!/usr/bin/perl
# GPTOAuthClientMetadata fetch, against honest and hostile servers of documents.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Documents;

in_own_network();

# ---- tests

sub test_honest {
    my ($t) = @_;
    my $url = publish({});
    my $client = as_client($url);
    is($t->ask($client), '200 sign-in', 'who has not signed in is asked to');
    is($t->ask($client, { redirect_uri => 'https://evil.example/' }), '200 sign-in', '... whatever the redirect_uri');
    is($t->outcome($client, $t->http->get($t->authorize_url($client, prompt => 'none'))), '400 page', '... and not sent to an address that nobody has vouched for');
    is(asked($url), 0, 'case 217: nothing is fetched for somebody who has not signed in');
    my $grant = $t->code_for($client);
    is(asked($url), 1, 'the document is fetched for one who has, once');
    is($t->ask($client, { scope => 'nope' }), '400 page', 'case 309: nobody is sent to what a stranger has published before he signs in');
    is($t->ask($client, { prompt => 'none' }), '400 page', 'case 309: nor by prompt=none');
    is($t->outcome($client, $t->browser_of('alice')->get($t->authorize_url($client, scope => 'nope'))), '302 invalid_scope', 'case 309: who has signed in is');
    my $tokens = $t->redeem($grant)->json;
    ok($t->token_works($tokens->{access_token}), 'the token works');
    is($t->refresh($client, $tokens->{refresh_token})->verdict, '200', 'and is refreshed');
    is(visit($t, $url), '200 consent', 'a user who is signed in is asked at once');
    is(asked($url), 1, 'case 216: with the document as it was');
    is(visit($t, $url, redirect => 'https://evil.example/'), '400 page', "case 214: not for an address that is not the document's");
    is(visit($t, publish({ token_endpoint_auth_method => 'private_key_jwt', token_endpoint_auth_methods_supported => [qw(none private_key_jwt)],
        jwks_uri => 'https://x.example/jwks', grant_types => [qw(authorization_code refresh_token urn:ietf:params:oauth:grant-type:jwt-bearer)] })), '200 consent',
        'none may be one method among others');
    is(visit($t, publish({ token_endpoint_auth_method => undef })), '200 consent', '... or not said');
    is(visit($t, publish({}, how => "ForceType application/cimd+json\n")), '200 consent', 'application/…+json');
    return;
}

sub test_addresses {
    my ($t) = @_;
    for my $name (sort keys %address) {
        my $url = publish({}, host => "$name.docs.example");
        is(visit($t, $url), '400 page', "case 209: a name that leads to $address{$name}");
        like(last_problem($t), qr/GPT034: .*\Q$url\E: the name of its host leads to an address that is not public/, 'case 209: ... and the log says so');
        is(asked($url), 0, 'case 209: ... which was not connected to');
    }
    my $url = publish({}, host => 'mixed.docs.example');
    write_hosts('mixed.docs.example' => [ '10.0.0.1', $public ]);
    is(visit($t, $url), '200 consent', 'a name with two addresses');
    my ($where) = Test::GptOauth::slurp("$dir/docs.log") =~ m{^(\S+) mixed\.docs\.example }m;
    is($where, $public, 'case 209: is asked at the public one');

    $url = publish({}, host => 'moves.docs.example', how => qq(Header set Cache-Control "max-age=60"\n));
    write_hosts('moves.docs.example' => [$public]);
    is(visit($t, $url), '200 consent', 'a name that leads to a public address');
    write_hosts('moves.docs.example' => ['10.0.0.1']);
    stale($t, $url, 8 * 86400);
    is(visit($t, $url), '400 page', 'case 209: and then to another one');
    is(asked($url), 1, 'case 209: ... is not asked there');
    is(visit($t, publish({}, host => 'nowhere.docs.example')), '400 page', 'a name that leads nowhere');
    return;
}

sub test_hostile {
    my ($t) = @_;
    my $good = publish({});
    my $refused = sub {
        my ($what, $why, @publish) = @_;
        my $url = publish(@publish);
        is(visit($t, $url), '400 page', $what);
        my $code = $why =~ m{answers 5|SSL} ? 'GPT033' : 'GPT035';
        like(last_problem($t), qr/$code: no client metadata from \Q$url\E: $why/, '... and the log says why');
        is($t->sql("SELECT count(*) FROM oauth_client WHERE id = '$url';"), 0, '... and nothing is kept');
        return $url;
    };
    $refused->("case 210: $_", "its server answers $_, and redirects are not followed", {}, how => "RewriteEngine on\nRewriteRule ^client.json\$ $good [R=$_,L]\n")
        for 301, 302, 303, 307, 308;
    is(asked($good), 0, 'case 210: none was followed');
    $refused->("the status $_", "its server answers $_", {}, how => "RewriteEngine on\nRewriteRule ^client.json\$ - [R=$_,L]\n") for 403, 404, 500, 503;
    $refused->('no document', 'its server answers 404', undef);
    $refused->("the type $_", 'it is not served as application/json', {}, how => "ForceType $_\n") for qw(text/html text/plain application/jsonx application/xml+jsonx text/json);
    $refused->('more than 16 KB', 'the document is larger than 16 KB', { padding => 'x' x 20000 });
    $refused->('another authority', '.*(?:SSL|certificate)', {}, host => 'other.example');
    for my $row ([ 'case' => sub { my $u = shift; $u =~ s/client/Client/; $u } ], [ 'a slash' => sub { shift . '/' } ], [ 'another host' => sub { 'https://h1.docs.example/client.json' } ],
        [ 'none' => sub { undef } ], [ 'a list' => sub { [shift] } ], [ 'a number' => sub { 5 } ]) {
        my $host = new_host();
        $refused->("case 212: another client_id: $row->[0]", '.*client_id is not the URL', { client_id => $row->[1]->("https://$host/client.json") }, host => $host);
    }
    $refused->("case 213: $_", '.*secret', { token_endpoint_auth_method => $_ }) for qw(client_secret_basic client_secret_post client_secret_jwt);
    $refused->('case 213: such a method in the list', '.*secret', { token_endpoint_auth_methods_supported => [qw(none client_secret_post)] });
    $refused->("case 213: $_", '.*secret', { $_ => $_ eq 'client_secret' ? 'x' : 0 }) for qw(client_secret client_secret_expires_at);
    $refused->('private_key_jwt alone', '.*supports none', { token_endpoint_auth_method => 'private_key_jwt' });
    $refused->('case 214: no redirect_uris', '.*redirect_uris', { redirect_uris => undef });
    $refused->('case 57: javascript: in a document', '.*scheme', { redirect_uris => ['javascript:alert(1)'] });
    return;
}

sub test_shapes {
    my ($t) = @_;
    my $host = new_host();
    my $url = "https://$host/client.json";
    my $members = qq("client_id":"$url","redirect_uris":["$cb"]);
    my %bodies = ('a list' => "[{$members}]", 'a string' => '"x"', 'null' => 'null', 'nothing' => '', 'a name twice' => qq({$members,"client_id":"$url"}),
        'depth' => qq({$members,"x":) . '[' x 3000 . ']' x 3000 . '}', 'NUL' => qq({$members,"client_name":"a\\u0000"}), 'HTML' => '<html>',
        'a name that is a list' => qq({$members,"client_name":["x"]}), 'methods as string' => qq({$members,"token_endpoint_auth_methods_supported":"none"}));
    for my $what (sort keys %bodies) {
        write_file("docs/$host/client.json", $bodies{$what});
        $t->restart;    # it forgets what failed
        is(visit($t, $url), '400 page', "case 282: $what");
    }
    is(asked($url), scalar keys %bodies, '... each was fetched');
    return;
}

sub test_cache {
    my ($t) = @_;
    my %seconds = ('max-age=0' => 60, 'no-store' => 60, 'no-cache, max-age=5000' => 60, 'max-age=315360000' => 86400, 'public, max-age=600' => 600, 'max-age=-5' => 60,
        'max-age=99999999999999999999' => 86400);
    for my $value (sort keys %seconds) {
        my $url = publish({}, how => qq(Header set Cache-Control "$value"\n));
        is(visit($t, $url), '200 consent', "Cache-Control: $value");
        cmp_ok(abs(kept_for($t, $url) - $seconds{$value}), '<', 10, "case 216: is kept for $seconds{$value} s");
    }
    my $url = publish({}, how => "RewriteEngine on\nRewriteRule ^client.json\$ - [R=500,L]\n");
    is(visit($t, $url), '400 page', 'a server that fails') for 1 .. 3;
    is(asked($url), 1, 'case 216: is not asked again for a minute');
    is(visit($t, publish({}, host => ($url =~ m{//([^/]+)})[0], file => 'other.json')), '200 consent', 'case 216: another document of it is');
    return;
}

sub test_change {
    my ($t) = @_;
    my $url = publish({ redirect_uris => [ $cb, 'https://old.example/cb' ], client_name => 'Before', client_uri => 'https://before.example/', tos_uri => 'http://localhost/' });
    my $host = ($url =~ m{//([^/]+)})[0];
    my $tokens = $t->tokens_for(as_client($url, 'https://old.example/cb'));
    my $links = "SELECT coalesce(client_uri, '') || ' ' || coalesce(policy_uri, '') || ' ' || coalesce(tos_uri, '') FROM oauth_client WHERE id = '$url';";
    is($t->sql($links), 'https://before.example/  ', 'case 200: of its links those are kept that may be shown');
    publish({ client_name => 'After', policy_uri => "https://$host/privacy", tos_uri => 'https://after.example/' }, host => $host);
    is(visit($t, $url, redirect => 'https://old.example/cb'), '200 consent', 'while it is fresh, the document is as it was');
    my $tab = $t->browser_of('alice')->copy;
    $tab->get($t->authorize_url(as_client($url, 'https://old.example/cb')));
    stale($t, $url, 90000);
    is($t->outcome(as_client($url), $tab->decide('allow')), '400 page', 'case 218: Allow on a page that is overtaken by a new document');
    is(visit($t, $url, redirect => 'https://old.example/cb'), '400 page', 'case 218: a redirect URI that is no more in the document');
    is(visit($t, $url), '200 consent', '... as opposed to one that is');
    like($t->browser_of('alice')->page->body, qr/After/, '... under its new name');
    is($t->sql($links), " https://$host/privacy https://after.example/", '... with the links that it has now');
    like($t->browser_of('alice')->page->body, qr{The app says of itself: <bdi>Privacy</bdi> \(<bdi>\Q$host\E</bdi>\)</p>}, "case 200: ... which are none on the page, as it is a stranger's, who names no other's host");
    $tokens = $t->refresh(as_client($url), $tokens->{refresh_token})->json;
    ok($t->token_works($tokens->{access_token}), 'case 218: grants are kept');

    stale($t, $url, 5000);
    write_file("docs/$host/.htaccess", "RewriteEngine on\nRewriteRule ^client.json\$ - [R=503,L]\n");
    is(visit($t, $url), '200 consent', 'where its server fails, the document stands as it was');
    stale($t, $url, 86400);
    is(visit($t, $url), '400 page', '... for a day');
    $t->gptoauth('client', 'disable', $url);
    stale($t, $url, -9 * 86400);
    is(visit($t, $url), '400 page', 'disabled, its client gets nowhere');
    unlike(last_problem($t), qr/disabled/, '... without being fetched');
    return;
}

sub test_slow {
    my ($t) = @_;
    my $url = publish({ padding => 'x' x 15000 }, how => "SetOutputFilter RATE_LIMIT\nSetEnv rate-limit 1\n");
    my $began = time;
    is(visit($t, $url), '400 page', 'a slow server');
    cmp_ok(time - $began, '<', 9, '... is waited for 5 seconds');
    like(last_problem($t), qr/Timeout/, '... as the log says');

    my $cookies = $t->browser_of('alice')->cookies;
    my @headers = (headers => [ Cookie => join '; ', map { "$_=$cookies->{$_}" } keys %$cookies ]);
    my $client = as_client(publish({ padding => 'x' x 15000 }, how => "SetOutputFilter RATE_LIMIT\nSetEnv rate-limit 1\n"));
    $t->begin_window(30);
    $t->http->parallel([ map { [ 'GET', $t->authorize_url($client), @headers ] } 1 .. 70 ]);
    is(visit($t, publish({})), '400 page', 'case 217: who has let many requests wait for it');
    like($t->error_log, qr/too many documents[^\n]*\n\z/, 'case 217: ... lets no more wait for a while');
    return;
}

sub test_many {
    my ($t) = @_;
    is(visit($t, publish({})), '200 consent', 'alice signs in');
    my $cookies = $t->browser_of('alice')->cookies;
    my @headers = (headers => [ Cookie => join '; ', map { "$_=$cookies->{$_}" } keys %$cookies ]);
    my $url = publish({});
    my @responses = $t->http->parallel([ map { [ 'GET', $t->authorize_url(as_client($url)), @headers ] } 1 .. 20 ]);
    is(scalar(grep { $t->outcome(as_client($url), $_) eq '200 consent' } @responses), 20, 'twenty at once want the same document');
    is(asked($url), 1, 'case 217: it is fetched once');

    my $left = 100;
    $t->begin_window(30);
    while ($left-- && visit($t, my $one = publish({}, host => "h50.docs.example", file => "$left.json")) eq '200 consent') { }
    cmp_ok($left, '>', 30, 'case 217: who wants many documents gets no more after a while');
    like($t->error_log, qr/too many documents were asked for from this address/, 'case 217: as the log says');
    my $before = asked('https://h50.docs.example/');
    visit($t, publish({}, host => 'h50.docs.example', file => 'last.json'));
    is(asked('https://h50.docs.example/'), $before, 'case 217: ... and their servers have peace');
    is(visit($t, $url), '200 consent', 'what is there is there');
    return;
}

sub test_ceiling {
    my ($t) = @_;
    my ($let_in, $now) = (publish({}), int time);
    my $tokens = $t->tokens_for(as_client($let_in));
    my $series = $t->is_pgsql ? 'generate_series(1, 10000) AS n' : '(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10000) SELECT n FROM s) AS s';
    $t->sql("UPDATE oauth_client SET seen_at = seen_at - 3 * 86400 WHERE id = '$let_in';");
    $t->sql('INSERT INTO oauth_client (id, name, is_public, is_gpt, auth_method, redirect_uris, scope, grant_types, source, created_at, seen_at, fresh_until) '
            . "SELECT 'https://x.example/' || n, 'x', 1, 0, 'none', '$cb', '', 'authorization_code', 'document', $now, $now - 86400 + n, $now FROM $series;");
    is(visit($t, publish({})), '200 consent', 'one document more');
    is($t->sql("SELECT count(*) FROM oauth_client WHERE id = 'https://x.example/1';"), 0, 'case 310: of 10,001 documents that nobody has let in the oldest goes');
    ok($t->token_works($tokens->{access_token}), 'case 310: and no other');
    $t->sql("DELETE FROM oauth_client WHERE id LIKE 'https://x.example/%';");
    return;
}

sub test_hosts {
    my ($t) = @_;
    my ($good, $other) = map { publish({}, host => $_) } new_host(), 'h98.docs.example';
    $t->write_conf(conf => 'GPTOAuthClientMetadata fetch ' . ($good =~ m{//([^/]+)})[0]);
    $t->restart;
    is(visit($t, $good), '200 consent', 'a host that is named');
    is($t->ask(as_client($other)), '400 page', 'a host that is not');
    is($t->ask(as_client('https://zed.dev/oauth/client-metadata.json', 'http://127.0.0.1/callback')), '200 sign-in', 'what is built in comes along');
    is(asked($other), 0, '... was not asked');
    $t->write_conf(conf => 'GPTOAuthClientMetadata fetch');
    $t->restart;
    is(visit($t, 'https://zed.dev/oauth/client-metadata.json'), '400 page', 'a redirect URI that is not in the built-in document');
    my $zed = as_client('https://zed.dev/oauth/client-metadata.json', 'http://127.0.0.1:77/callback');
    is($t->outcome($zed, $t->browser_of('alice')->get($t->authorize_url($zed))), '200 consent', 'where its server does not answer, what is built in stands');
    return;
}

make_network();
my $server = start_server();
on_each_db({ cache => 'off', conf => 'GPTOAuthClientMetadata fetch' }, sub {
    my ($t) = @_;
    run_each($t, \&test_honest, \&test_addresses, \&test_cache, \&test_change, \&test_hostile, \&test_slow, \&test_shapes, \&test_ceiling, \&test_hosts, \&test_many);
});
stop_server($server);
done_testing;
