#!/usr/bin/perl
# Secrets: where they must not be found, and what can be done with all that is found in the database.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 sha256);
use FindBin;
use MIME::Base64 qw(decode_base64url encode_base64url);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $refused = '400 invalid_grant';

# Everything that issues or takes a secret, successes and failures.
sub exercise {
    my ($t) = @_;
    my %client = (
        confidential => $t->client_add('confidential'),
        public => $t->client_add('public', public => 1),
        gpt => $t->client_add('gpt', gpt => 1),
    );
    for my $name (sort keys %client) {
        my $client = $client{$name};
        my $tokens = $t->tokens_for($client, params => { scope => 'read hello' });
        my $next = $t->refresh($client, $tokens->{refresh_token})->json;
        $t->refresh($client, $tokens->{refresh_token});
        $t->hello($next->{access_token});
        $t->redeem($tokens->{grant});
        $t->refresh($client, $next->{refresh_token});
        $t->fetch('/api/notes.txt', $_) for $next->{access_token}, $next->{refresh_token}, $tokens->{grant}{code};
    }
    my $basic = $t->redeem($t->code_for($client{confidential}), {}, auth => 'basic')->json;
    $t->token_request({ %{ $client{confidential} }, secret => secret('a-secret-typed-wrong') },
        { grant_type => 'refresh_token', refresh_token => 'x' });
    $t->http->post('/oauth/token', 'a=b',
        headers => [ Authorization => Test::GptOauth::Flow::basic('nobody', secret('another-typed-wrong')) ]);
    # Id and secret in each other's field.
    my ($id, $mixed_up) = @{ $client{confidential} }{qw(id secret)};
    my $key = secret($t->gptoauth_json('key', 'add', 'reports')->{service_key});
    for my $endpoint (qw(token revoke introspect)) {
        $t->http->post("/oauth/$endpoint", { token => 'x', client_id => $_, client_secret => $id }) for $mixed_up, $key;
        $t->http->post("/oauth/$endpoint", { token => 'x' }, headers => [ Authorization => Test::GptOauth::Flow::basic($_, $id) ]) for $mixed_up, $key;
    }
    $t->refresh($client{gpt}, secret('gptr_typed-wrong-as-refresh-token'));
    $t->fetch('/api/notes.txt', secret('gpta_typed-wrong-as-access-token'));
    $t->redeem($t->code_for($client{gpt}), { code => secret('gptc_typed-wrong-as-code') });
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client{gpt}));
    $browser->sign_in('alice', secret('a password that is wrong'));
    $t->user_add('bob', secret('the password of bob'));
    $t->gptoauth_stdin(secret('the second password of bob') . "\n", 'user', 'passwd', 'bob');
    $client{confidential}{secret} = secret($t->gptoauth_json('client', 'secret', 'confidential')->{client_secret});
    $t->code_for($client{confidential}, decision => 'deny', params => { prompt => 'consent' });
    return \%client;
}

sub test_at_rest {
    my ($t) = @_;
    my $dump = $t->dump_database;
    my @all = Test::GptOauth::Secrets::all();
    cmp_ok(scalar @all, '>', 40, 'case 288: ' . @all . ' values were issued or typed');
    is(join("\n", Test::GptOauth::Secrets::found_in_dump($dump)), '', 'case 288: a dump of the database holds none of them');
    like($dump, qr/oauth_grant/, 'case 288: and is a dump');

    # The search finds what is there: as text, in hexadecimal, and as the bytes that a token carries.
    my $token = $t->tokens_for($t->client_add('found'))->{access_token};
    my $bytes = unpack 'H*', substr decode_base64url(substr $token, 5), 0, 32;
    for my $form ($token, unpack('H*', $token), $bytes) {
        $t->sql("INSERT INTO oauth_setting (name, value) VALUES ('found', '$form');");
        my @found = Test::GptOauth::Secrets::found_in_dump($t->dump_database);
        cmp_ok(scalar @found, '>', 0, 'case 288: it would be found');
        $t->sql("DELETE FROM oauth_setting WHERE name = 'found';");
    }
    my $users = $t->sql('SELECT password_hash FROM oauth_user;');
    like($_, qr/^\$2y\$$Test::GptOauth::PASSWORD_COST\$/, 'case 288: passwords are bcrypt') for split /\n/, $users;
}

# The thief has the database: all hashes, the salt, and the key of the flood filter.
sub test_forgery {
    my ($t, $client) = @_;
    my $tokens = $t->tokens_for($client);
    my $grant = $t->code_for($client);
    my $hex = sub { my ($column) = @_; return $t->is_pgsql ? "encode($column, 'hex')" : "hex($column)" };
    my @columns = map { [ split /\./ ] }
        qw(oauth_access_token.token_hash oauth_code.code_hash oauth_grant.selector_hash oauth_grant.secret_hash
        oauth_grant.previous_hash oauth_grant.salt oauth_session.session_hash oauth_client.secret_hash);
    my %hash;
    for my $column (@columns) {
        my ($table, $name) = @$column;
        my @values = split /\n/, $t->sql('SELECT ' . $hex->($name) . " FROM $table WHERE $name IS NOT NULL;");
        $hash{"$table.$name"} = [ map { pack 'H*', $_ } @values ];
        cmp_ok(scalar @values, '>', 0, "case 289: $table has $name") unless $name eq 'previous_hash';
    }
    my ($key) = grep { length == 32 } map { decode_key($_) } split /\n/, $t->sql('SELECT value FROM oauth_setting;');
    ok($key, 'case 289: the key of the flood filter is there');
    is(tagged($key, 'gpta_', substr decode_base64url(substr $tokens->{access_token}, 5), 0, 32), $tokens->{access_token},
        'case 289: and makes tags');

    my %used;
    for my $where (sort keys %hash) {
        for my $bytes (@{ $hash{$where} }) {
            for my $text (tagged($key, 'gpta_', $bytes), 'gpta_' . encode_base64url($bytes), encode_base64url($bytes),
                unpack 'H*', $bytes) {
                $used{"$where as access token"}++ if $t->fetch('/api/notes.txt', $text)->status != 401;
            }
            $used{"$where as code"}++ if $t->redeem($grant, { code => tagged($key, 'gptc_', $bytes) })->verdict ne $refused;
        }
    }
    my ($selector, $secret, $salt) = map { $hash{"oauth_grant.$_"}[-1] } qw(selector_hash secret_hash salt);
    my $real = substr decode_base64url(substr $tokens->{refresh_token}, 5), 0, 16;
    for my $guess ($secret, $salt, hmac_sha256($salt, $secret), hmac_sha256($secret, $salt), sha256($secret), "\0" x 32) {
        for my $selected (substr($selector, 0, 16), $real) {
            my $generation = $t->sql('SELECT max(generation) FROM oauth_grant;');
            my $token = tagged($key, 'gptr_', $selected . pack('N', $generation) . $guess);
            $used{'a forged refresh token'}++ if $t->refresh($client, $token)->verdict ne $refused;
        }
    }
    for my $bytes (@{ $hash{'oauth_session.session_hash'} }) {
        my ($name) = grep { /session/ } sort keys %{ $t->browser_of('alice')->cookies };
        for my $text (encode_base64url($bytes), unpack 'H*', $bytes) {
            my $response = $t->http->get($t->authorize_url($client), headers => [ Cookie => "$name=$text" ]);
            $used{'a forged session'}++ if $t->outcome($client, $response) ne '200 sign-in';
        }
    }
    my %forged = (%$client, secret => tagged($key, 'gpts_', $hash{'oauth_client.secret_hash'}[0]));
    $used{'a forged client secret'}++ if $t->redeem($grant, {}, client => \%forged)->status != 401;
    $used{'a password hash'}++
        if signs_in($t, $client, 'alice', $t->sql("SELECT password_hash FROM oauth_user WHERE name = 'alice';"));
    is(join(', ', sort keys %used), '', 'case 289: nothing in the database is a credential or makes one');
    ok($t->token_works($tokens->{access_token}), 'case 289: and nothing was killed by trying');
    is($t->redeem($grant)->status, 200, 'case 289: nor used up');
}

sub signs_in {
    my ($t, $client, $username, $password) = @_;
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    $browser->submit($browser->form_with('password'), username => $username, password => $password);
    return !$browser->has_sign_in;
}

sub decode_key {
    my ($text) = @_;
    return $text =~ /^[0-9a-fA-F]{64}$/ ? pack('H*', $text) : decode_base64url($text);
}

sub tagged {
    my ($key, $prefix, $payload) = @_;
    return $prefix . encode_base64url($payload . substr hmac_sha256("$prefix$payload", $key), 0, 8);
}

sub test_pages {
    my ($t, $client) = @_;
    my $browser = $t->browser;
    my @pages = ($browser->get($t->authorize_url($client)), $browser->sign_in('alice', $t->user('alice')));
    my $redirect = $browser->decide('allow');
    push @pages, $redirect, $browser->get('/oauth/authorize?client_id=nope');
    for my $page (@pages) {
        is($page->header('Referrer-Policy'), 'no-referrer', 'case 290: no page tells the next where one was');
        is(scalar(grep { /^code / } Test::GptOauth::Secrets::found_in($page->body)), 0, 'case 290: no page holds a code');
        (my $body = $page->body) =~ s{<link rel="icon" href="/oauth/logo">|href="\Q${\ $t->issuer }\E/oauth/apps"}{}g;
        unlike($body, qr/(?:src|href)\s*=|url\(|<script|<link|<img|<iframe/i,
            'case 290: nor loads anything from elsewhere');
        like($page->header('Cache-Control') // '', qr/no-store/, 'case 290: and none is kept');
    }
    unlike($redirect->location, qr/gpt[ar]_/, 'case 290: no token in the Location');
    my $tokens = $t->tokens_for($client);
    for my $kind (qw(access_token refresh_token)) {
        Test::GptOauth::Secrets::put_into_url($tokens->{$kind});
        my $response = $t->http->get("/oauth/authorize?$kind=$tokens->{$kind}");
        unlike($response->head . $response->body, qr/\Q$tokens->{$kind}\E/, "case 290: a $kind in an URL is not handed on");
    }

    my @provoked = (
        $t->http->get('/oauth/authorize'), $t->http->get('/oauth/nothing'), $t->http->get('/oauth/token'),
        $t->http->get('/oauth/'),
        $t->http->post('/oauth/token', "a=\0"), $t->http->post('/oauth/authorize', 'x' x 70000),
        $t->http->post('/oauth/authorize', 'transaction=x'),
        $t->http->get('/api/notes.txt'), $t->fetch('/api/notes.txt', 'x'), $t->fetch('/write/notes.txt', $tokens->{access_token}),
        $t->token_request($client, { grant_type => q{';--} }),
        $t->http->get($t->authorize_url($client, client_id => q{' OR 1=1 --}))
    );
    my $inside = qr{\Q${\ $t->dir }\E|oauth_[a-z]+|SELECT|INSERT|sqlite|postgres|relation|DBD|mod_gpt|\.c\b|/usr/|/tmp/};
    unlike($_->body, $inside, 'case 293: ' . $_->verdict . ' says nothing of the inside') for @provoked;
    cmp_ok($_->status, '<', 500, 'case 293: and is no 500') for @provoked;
}

sub test_ids {
    my ($t, $client) = @_;
    my (%seen, $count);
    for my $number (1 .. 10) {
        my $form = $t->browser;
        $form->get($t->authorize_url($client));
        my ($transaction) = split /\./, $form->form_with('password')->{fields}{transaction};
        my $tokens = $t->tokens_for($client);
        for my $id ($transaction, $tokens->{access_token}, $tokens->{refresh_token}, $tokens->{grant}{code},
            values %{ $form->cookies }) {
            $count++;
            $seen{$id}++;
            cmp_ok(length $id, '>=', 22, 'case 296: 128 bits at least') if $number == 1;
        }
    }
    my @ids = split /\n/, $t->sql('SELECT id FROM oauth_grant UNION ALL SELECT id FROM oauth_client;');
    $seen{$_}++ for @ids;
    is(scalar(keys %seen), $count + @ids, 'case 296: no id, code or token came twice');
    is(scalar(grep { !/^[A-Za-z0-9_-]{22}$/ } @ids), 0, 'case 296: grants and clients have random ids');
    my %first = map { substr($_, 0, 3) => 1 } @ids;
    cmp_ok(scalar keys %first, '>', 0.8 * @ids, 'case 296: that do not begin alike');
}

on_each_db({ conf => 'LogLevel info gpt_oauth:trace8 dbd:trace8' }, sub {
    my ($t) = @_;
    my $client = exercise($t);
    test_at_rest($t);
    test_forgery($t, $client->{confidential});
    test_pages($t, $client->{gpt});
    test_ids($t, $t->client_add('ids', gpt => 1));
    my $shown = join '', map { $t->gptoauth(@$_) } map { ($_, [ @$_, '--json' ]) } [ 'client', 'list' ],
        [ 'client', 'show', 'gpt' ], [ 'user', 'list' ],
        [ 'grant', 'list' ];
    is(join("\n", Test::GptOauth::Secrets::found_in($shown)), '', 'case 288: the command shows no secret again');
});

done_testing;
