#!/usr/bin/perl
# Malformed, oversized and hostile input: the right 4xx with a sentence, never a 500, never a partial effect.
use strict;
use warnings;
use FindBin;
use IPC::Open2 qw(open2);
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $token = '/oauth/token';
my @json = ('Content-Type' => 'application/json');

sub is_refused { my ($response, $name) = @_; return like($response->status, qr/^4\d\d$/, $name) }

sub test_nul {
    my ($t, $client) = @_;
    my %params = $t->authorize_params($client);
    for my $name (sort keys %params) {
        my $response = $t->http->get($t->authorize_url($client, $name => "$params{$name}\0x"));
        my $outcome = $t->outcome($client, $response, $name eq 'state' ? (state => undef) : ());
        like($outcome, qr/^(?:400 page|302 invalid_(?:request|scope))$/, "case 270: NUL in $name at the authorization endpoint");
    }
    my $grant = $t->code_for($client);
    my %redeem =
        (%{ Test::GptOauth::Flow::redeem_params($grant) }, client_id => $client->{id}, client_secret => $client->{secret});
    for my $name (sort keys %redeem) {
        my $response = $t->http->post($token, { %redeem, $name => "$redeem{$name}\0x" });
        like($response->verdict, qr/^(?:400 invalid_(?:request|grant)|401 invalid_client)$/,
            "case 270: NUL in $name at the token endpoint");
        my ($body) = Test::GptOauth::Http::form(%redeem);
        $body =~ s/($name=[^&]*)/$1\0x/;
        like($t->http->post($token, $body)->verdict, qr/^(?:400 invalid_(?:request|grant)|401 invalid_client)$/,
            "case 270: a raw NUL in $name");
        my $json = JSON::PP::encode_json({ %redeem, $name => "$redeem{$name}\0x" });
        is($t->http->post($token, $json, headers => [@json])->verdict, '400 invalid_request', "case 270: NUL in $name in JSON");
    }
    is_refused($t->fetch('/api/notes.txt', 'gpta_%00'), 'case 270: NUL in a bearer token');
    is_refused($t->http->raw("GET /api/notes.txt HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\0b\r\n\r\n", one => 1),
        'case 270: a raw one');
    my $form = $t->open_request($t->authorize_url($t->client_add('nul')))->consent_form;
    for my $name (sort keys %{ $form->{fields} }) {
        is_refused($t->browser_of('alice')->submit($form, $name => "$form->{fields}{$name}\0x", decision => 'allow'),
            "case 270: NUL in the form's $name");
    }
    is_refused($t->browser_of('alice')->submit($form, decision => "allow\0x"), 'case 270: NUL in the decision');
    is($t->redeem($grant)->status, 200, 'case 270: the code outlives all that');
}

sub test_encoding {
    my ($t, $client) = @_;
    my $rest = $t->authorize_url($client, state => undef);
    for my $bad ('%', '%z1', '%u0041', '%1', '%%41', '%c3', '%c0%80', '%ed%a0%80', '%f5%80%80%80') {
        my $response = $t->http->get("$rest&state=$bad");
        is($t->outcome($client, $response, state => undef), '302 invalid_request', "case 272: state=$bad");
        is($t->http->get("$rest&$bad=x")->status, 400, "case 272: $bad as a name");
        is($t->http->post($token, "grant_type=$bad")->verdict, '400 invalid_request', "case 272: grant_type=$bad");
    }
    is($t->code_for($client, params => { state => 'a b' })->{state}, 'a b', 'case 272: %20 is a space');
    my $browser = $t->browser_of('alice');
    my $plus = $browser->get("$rest&state=a+b");
    is($t->outcome($client, $plus, state => 'a b'), '302 code', 'case 272: and so is +');
    is($t->http->post($token, 'grant%5Ftype=refresh%5ftoken&refresh_token=x&client_id=y')->verdict, '401 invalid_client',
        'case 272: encoded names');
}

sub test_degenerate {
    my ($t, $client) = @_;
    for my $query ('', '?', '?&', '?=', '?&&=&', '?a', '?=b', '?a=', '?%3D', '?;', '?&' x 50, '?' . '&' x 5000, '?' . '=' x 5000,
        '??', '?a&a&a') {
        my $what = length $query > 20 ? substr($query, 0, 20) . '...' : $query;
        is($t->http->get("/oauth/authorize$query")->status, 400, "case 281: /oauth/authorize$what");
        my $verdict = qr/^40[01] invalid_(?:request|client)$/;
        like($t->http->post("/oauth/token$query", '')->verdict, $verdict, "case 281: /oauth/token$what");
        like($t->http->post($token, $query =~ s{^\?}{}r)->verdict, $verdict, 'case 281: the same as a body');
        is($t->http->get("/api/notes.txt$query")->status, 401, 'case 281: at the guard');
        is($t->http->get("/api/hello$query")->status, 401, 'case 281: at hello');
    }
    for my $name (qw(Authorization Cookie Content-Type Origin Host Accept)) {
        my @empty = ($name => '');
        for my $target ('/oauth/authorize', '/api/notes.txt') {
            like($t->http->get($target, headers => [@empty])->status, qr/^40[01]$/, "case 281: an empty $name at $target");
        }
        is_refused($t->http->post($token, 'a=b', headers => [@empty]), "case 281: an empty $name at the token endpoint");
    }
    for my $cookie ('=', ';', ';;=;', 'a', "gpt-oauth=\xff", 'x' x 7000, join '; ',
        map { "$_=" } keys %{ $t->browser_of('alice')->cookies }) {
        my $response = $t->http->get($t->authorize_url($client), headers => [ Cookie => $cookie ]);
        is($t->outcome($client, $response), '200 sign-in', 'case 281: a degenerate cookie signs nobody in');
    }
}

sub test_json {
    my ($t, $access) = @_;
    my @shapes = (
        '', '[]', '"x"', 'null', 'true', '1e300', '{', '{}', '{"grant_type":null}', '{"grant_type":["refresh_token"]}',
        '{"grant_type":{"a":1}}',
        '{"grant_type":1e300}', '{"grant_type":true}', '{"grant_type":"refresh_token","grant_type":"refresh_token"}',
        '{"a":"b"}x', "\xef\xbb\xbf{}",
        '{"grant_type":"refresh_token","refresh_token":"\u0000"}', '{"grant_type":"\ud800"}', "{\"grant_type\":\"\xff\"}",
        '{"":""}', '[' x 5000, '{"a":' x 3000,
        '{"grant_type":"refresh_token","client_id":[],"refresh_token":{}}', '{"a":' . '9' x 5000 . '}', '{"resource":[1,2]}',
        '{"resource":{"a":"b"}}',
        '{' . join(',', map { qq{"k$_":"v"} } 1 .. 2000) . '}'
    );
    for my $shape (@shapes) {
        my $what = length $shape > 40 ? substr($shape, 0, 40) . '...' : $shape;
        $what =~ s/[^\x20-\x7e]/?/g;
        like($t->http->post($token, $shape, headers => [@json])->verdict, qr/^(?:400 invalid_request|401 invalid_client)$/,
            "case 282: token, $what");
        my $hello = $t->hello($access, method => 'POST', body => $shape, headers => [@json]);
        is($hello->verdict, '400 invalid_request', "case 282: hello, $what");
    }
    for my $name ('1', 'null', '[]', '""', '"' . 'x' x 201 . '"', '"\u0000"') {
        is($t->hello($access, method => 'POST', body => "{\"name\":$name}", headers => [@json])->status, 400,
            'case 282: hello, a name that is none');
    }
    my $odd = $t->hello($access, method => 'POST', body => '{"name":"\"\\\\<\u2028&\u0001"}', headers => [@json]);
    is($odd->json->{message}, "Hello, \"\\<\x{2028}&\x01!", 'case 276: what is written into JSON is JSON');
    unlike($odd->body, qr/[^\x20-\x7e]/, 'case 276: in ASCII');
    is($odd->header('X-Content-Type-Options'), 'nosniff', 'case 276: and taken for nothing else');
}

sub test_size {
    my ($t, $client) = @_;
    my $grant = $t->code_for($client);
    my ($body) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($grant));
    my $access = $t->tokens_for($client, params => { scope => 'hello' })->{access_token};
    my %huge = (
        '1 MB in one parameter' => 'a=' . 'x' x 1_000_000, '10,000 parameters' => join('&', map { "p$_=" } 1 .. 10000),
        '1 MB of separators' => '&' x 1_000_000, 'one parameter 1,000 times' => 'code=x&' x 1000,
        '64 KB and a byte' => 'a=' . 'x' x 65535
    );
    for my $what (sort keys %huge) {
        like($t->http->post($token, "$body&$huge{$what}")->status, qr/^4(?:00|13)$/, "case 273: token, $what");
        is_refused($t->http->post('/oauth/authorize', $huge{$what}), "case 273: authorize, $what");
        is_refused($t->hello($access, method => 'POST', body => $huge{$what}, headers => [@json]), "case 273: hello, $what");
    }
    my @collide = map {
        join '', map { $_ ? 'Ez' : 'FY' } split //, sprintf '%07b', $_
    } 0 .. 127;
    my $began = time;
    is_refused($t->http->post($token, join '&', map { "$_=" } (@collide) x 10), 'case 273: names whose hashes collide');
    cmp_ok(time - $began, '<', 2, 'case 273: cost no time');

    my @head = ("POST $token HTTP/1.1", 'Host: localhost', 'Content-Type: application/x-www-form-urlencoded');
    my $chunk = sprintf "%x\r\n%s\r\n", 8192, 'a' x 8192;
    my $endless = $t->http->raw(join("\r\n", @head, 'Transfer-Encoding: chunked', '', '') . $chunk x 20, one => 1, timeout => 10);
    is($endless ? $endless->status : 'nothing', 413, 'case 273: chunks without end are cut off');
    my $cut = $t->http->raw(join("\r\n", @head, 'Content-Length: 1000', '', '') . $body, one => 1, end => 1);
    ok(!$cut || $cut->status =~ /^4/, 'case 273: a body that ends early is not acted on');
    my $small = join("\r\n", @head, 'Transfer-Encoding: chunked', 'Connection: close', '', '');
    is_refused($t->http->raw($small . "zz\r\n$body\r\n0\r\n\r\n", one => 1), 'case 274: a malformed chunk');
    is_refused(
        $t->http->raw(
            join("\r\n", @head, 'Content-Length: ' . length $body, 'Transfer-Encoding: chunked', 'Connection: close', '', '')
                . "0\r\n\r\n", one => 1
        ),
        'case 274: length and chunks at once do not smuggle a request'
    );
    is_refused($t->http->raw(join("\r\n", @head, "Content-Length: $_", '', '') . $body, one => 1, end => 1),
        "case 274: Content-Length: $_")
        for '-1', 'x', '99999999999999999999', '1, 2';
    my @two = $t->http->raw((join("\r\n", @head, 'Content-Length: 3', '', '') . 'a=b') x 2
            . "GET /plain.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    is(join(' ', map { $_->status } @two), '401 401 200', 'case 274: pipelined requests, errors among them');
    my $short = $t->http->raw(
        join("\r\n", @head, 'Content-Length: 3', '', '') . "a=bGET /plain.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    is($short->status, 401, 'case 274: what follows a short body is another request');
    my $expect = $t->http->raw(
        join("\r\n", @head, 'Expect: 100-continue', 'Content-Length: ' . length $body, 'Connection: close', '', '') . $body);
    is($expect->status, 200, 'case 274: Expect: 100-continue; and the code outlived it all');
    my $chunked = $t->code_for($client);
    ($body) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($chunked));
    my @chunks = map { sprintf "%x\r\n%s\r\n", length, $_ } $body =~ /.{1,7}/gs;
    is($t->http->raw($small . join('', @chunks, "0\r\n\r\n"))->status, 200, 'case 274: a body in chunks');
}

sub test_far_future {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    $t->sql('UPDATE oauth_grant SET expires_at = 9000000000, refresh_expires_at = 8000000000, ends_at = 9000000000;');
    $t->sql('UPDATE oauth_access_token SET expires_at = 9000000000;');
    ok($t->token_works($tokens->{access_token}), 'case 286: a token that lives beyond 2038');
    is($t->refresh($client, $tokens->{refresh_token})->status, 200, 'case 286: and a chain');
    my $list = $t->gptoauth_json('grant', 'list', '--user', 'alice');
    ok(scalar(grep { $_->{expires_at} == 9000000000 } @$list), 'case 286: the command shows it');
}

# Some other program holds the tables.
sub test_locked {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my @command = $t->is_pgsql ? $t->cluster->psql_command($t->database) : ('sqlite3', '-batch', $t->{db_params});
    my $pid = open2(my $out, my $in, @command);
    my $lock = $t->is_pgsql ? 'BEGIN; LOCK TABLE oauth_access_token, oauth_grant, oauth_code;' : 'BEGIN EXCLUSIVE;';
    print {$in} "$lock SELECT 'locked';\n";
    $in->flush;
    my $said = <$out>;
    my ($body, @headers) = $t->token_body($client, { grant_type => 'refresh_token', refresh_token => $tokens->{refresh_token} });
    my $write = [ 'POST', $token, body => $body, headers => \@headers ];
    # Whoever writes to SQLite keeps no reader out.
    my $read =
        $t->is_pgsql ? [ 'GET', '/api/notes.txt', headers => [ Test::GptOauth::Flow::bearer($tokens->{access_token}) ] ] : $write;
    my @requests = ($write, $read) x 30;
    my @responses = $t->http->parallel([ @requests, [ 'GET', '/plain.txt' ] ]);
    my $plain = pop @responses;
    is(join(' ', map { $_->status } grep { $_->status != 503 } @responses), '',
        'case 280: while the tables are locked every request is answered 503');
    is(scalar(grep { !defined $_->header('Retry-After') } @responses), 0, 'case 280: with Retry-After');
    my ($slowest) = sort { $b <=> $a } map { $_->{seconds} // 99 } @responses;
    cmp_ok($slowest, '<', 4, 'case 280: soon');
    cmp_ok($plain->{seconds}, '<', 0.5, 'case 280: and a file at once');
    print {$in} "ROLLBACK;\n";
    close $in;
    waitpid $pid, 0;
    my $alive = 0;

    for my $try (1 .. 30) {
        last if ($alive = $t->token_works($tokens->{access_token}));
        sleep 0.1;
    }
    ok($alive, 'case 280: afterwards all is well');
    is($t->refresh($client, $tokens->{refresh_token})->status, 200, 'case 280: and nothing was rotated in the dark');
}

# Statements fail, as with a schema that somebody broke.
sub test_broken {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my $grant = $t->code_for($client);
    my $open = $t->open_request($t->authorize_url($t->client_add('broken')));
    $t->sql("ALTER TABLE oauth_$_ RENAME TO lost_$_;") for qw(grant code access_token session);
    is($t->fetch('/api/notes.txt', $tokens->{access_token})->status, 503, 'case 284: the guard opens nothing');
    is($t->redeem($tokens->{grant})->status, 503, 'case 284: no replay goes unnoticed');
    is($t->redeem($grant)->status, 503, 'case 284: no code is redeemed');
    is($t->refresh($client, $tokens->{refresh_token})->status, 503, 'case 284: nothing is refreshed');
    my $response = $open->decide('allow');
    is(join(' ', $response->status, $response->location // ''), '503 ', 'case 284: Allow gives no code');
    my $stranger = $t->browser;
    $stranger->get($t->authorize_url($client));
    is($stranger->sign_in('alice', $t->user('alice'))->status, 503, 'case 284: nobody signs in') if $stranger->has_sign_in;
    unlike($_->body =~ s{<style>.*?</style>}{}sr, qr/oauth_|lost_|SELECT|sqlite|relation|\.c\b/i, 'case 293: the answer says nothing of the inside')
        for $response, $t->redeem($grant);
    $t->sql("ALTER TABLE lost_$_ RENAME TO oauth_$_;") for qw(grant code access_token session);
    ok($t->token_works($tokens->{access_token}), 'case 284: put right, it works without a restart');
    is($t->redeem($grant)->status, 200, 'case 284: and the code is still good');
}

sub memory {
    my ($t) = @_;
    my $sum = 0;
    for my $child (split ' ', Test::GptOauth::slurp('/proc/' . $t->pid . '/task/' . $t->pid . '/children')) {
        my ($kb) = Test::GptOauth::slurp("/proc/$child/status") =~ /^VmRSS:\s+(\d+)/m;
        $sum += $kb // 0;
    }
    return $sum;
}

sub test_memory {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my $round = sub {
        for my $number (1 .. 250) {
            $t->fetch('/api/notes.txt', $tokens->{access_token});
            $t->fetch('/api/notes.txt', 'bad');
            $t->fetch('/write/notes.txt', $tokens->{access_token});
            $t->http->get($t->authorize_url($client, scope => 'nope'));
            $t->token_request($client, { grant_type => 'x' });
            $t->http->post($token, '{"a":[1', headers => [@json]);
            my $next = $t->refresh($client, $tokens->{refresh_token});
            $tokens->{refresh_token} = $next->json->{refresh_token};
        }
    };
    $round->() for 1, 2;
    my $before = memory($t);
    $round->() for 1, 2;
    my $grown = memory($t) - $before;
    cmp_ok($grown, '<', $ENV{GPTOAUTH_SANITIZE} ? 300_000 : 3_000,
        "case 285: 3,500 requests, errors among them, leave $grown KB behind");
}

on_each_db({}, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    my $hello = $t->tokens_for($client, params => { scope => 'hello' })->{access_token};
    test_nul($t, $client);
    test_encoding($t, $client);
    test_degenerate($t, $client);
    test_json($t, $hello);
    test_size($t, $client);
    test_far_future($t, $client);
    test_memory($t, $client);
    test_locked($t, $client);
    test_broken($t, $client);
});

on_each_db({ issuer => 'https://api.example.com' }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    my $page = $t->http->get($t->authorize_url($client));
    is($t->outcome($client, $page), '403 page', 'case 268: plain http at the authorization endpoint of an https issuer');
    my $answer = $t->token_request($client, { grant_type => 'refresh_token', refresh_token => 'x' });
    is($answer->verdict, '403 invalid_request', 'case 268: at the token endpoint');
    is($t->fetch('/api/notes.txt', 'gpta_x')->status, 403, 'case 268: at the guard');
    is($t->http->get('/plain.txt')->status, 200, 'case 268: other pages are not our business');
    is($_->location, undef, 'case 268: never a redirect') for $page, $answer;
    is($page->header('Set-Cookie'), undef, 'case 268: nor a cookie');

    $t->write_conf(conf => 'ServerName https://api.example.com');
    $t->restart;
    my $tokens = $t->tokens_for($client);
    ok($t->token_works($tokens->{access_token}), 'case 268: behind a proxy that terminates TLS, as ServerName says');
    my @cookies = map { $_->headers('Set-Cookie') } $t->http->get($t->authorize_url($client));
    like($_,
        qr/^__Host-[^=]+=[^;]+(?=.*; Path=\/(?:;|$))(?=.*; Secure(?:;|$))(?=.*; HttpOnly(?:;|$))(?=.*; SameSite=Lax(?:;|$))(?!.*Domain)/,
        'case 104: cookies of an https issuer')
        for @cookies;
    ok(scalar(@cookies), 'case 104: there are some');
});

done_testing;
