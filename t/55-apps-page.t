#!/usr/bin/perl
# The page where a user looks after himself: apps, consents, sessions, password.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Counted;
use Test::GptOauth::Faults;
use Test::GptOauth::Statements;

my $url = '/oauth/apps';

# Presses a button of the first form that has these values.
sub press {
    my ($browser, $action, %fields) = @_;
    my %wanted = map { $_ => $fields{$_} } grep { /^(?:client|session)$/ } keys %fields;
    my ($form) = grep { my $f = $_; defined $f->{fields}{transaction} && !grep { ($f->{fields}{$_} // '') ne $wanted{$_} } keys %wanted } $browser->forms;
    return $browser->submit($form // ($browser->forms)[0], %fields, action => $action);
}

sub shows { my ($browser, $words) = @_; return $browser->page->body =~ /$words/ ? 1 : 0 }

sub visit { my ($browser) = @_; return $browser->follow($browser->get($url)) }

# Signed in by the page itself.
sub owner_of {
    my ($t, $name) = @_;
    my $browser = $t->browser;
    $browser->get($url);
    $browser->sign_in($name, $t->user($name));
    return $browser;
}

sub test_sign_in {
    my ($t) = @_;
    my $browser = $t->browser;
    is($browser->get($url)->status, 200, 'nobody is signed in');
    ok($browser->has_sign_in, '... and is asked to');
    unlike($browser->page->body, qr/wants access/, '... by no app');
    is($browser->page->header('Cross-Origin-Opener-Policy'), 'noopener-allow-popups', 'the page does not know its opener');
    ok(!$browser->sign_in('alice', 'no such horse')->location && shows($browser, 'is wrong'), 'a wrong password');
    $browser->sign_in('alice', $t->user('alice'));
    ok(shows($browser, 'Your apps at'), 'then the page');
    is($browser->page->header('Cross-Origin-Opener-Policy'), 'noopener-allow-popups', '... which does not either');
    ok(shows($browser, 'No app has access to your account\. Apps that you connect stand here'), 'an empty list says what would stand there');
    ok(shows($browser, 'Apps that are not connected now, but need not ask you again, stand here'), '... that of consents, too');
    like($t->error_log, qr/GPT015: user alice signed in from 127\.0\.0\.1/, 'the log says who signs in');
    return;
}

sub test_take_away {
    my ($t) = @_;
    my ($client, $other) = map { $t->client_add($_) } 'Notes <b>', 'calendar';
    my @tokens = map { $t->tokens_for($client) } 1 .. 2;
    my $code = $t->code_for($client);
    my $kept = $t->tokens_for($other);
    my $bobs = $t->tokens_for($client, user => 'bob');
    my $alice = owner_of($t, 'alice');
    ok(shows($alice, 'Notes &lt;b&gt;') && shows($alice, 'calendar'), 'the apps are listed');
    ok(shows($alice, 'Last used (?:<bdi>)?\d{4}-\d\d-\d\d \d\d:00 UTC'), '... with when they were used');
    ok(shows($alice, 'you will not be asked again until'), '... and what was consented to');
    ok($t->token_works($_->{access_token}), 'a token works') for @tokens, $kept, $bobs;
    is(press($alice, 'take_away', client => $client->{id})->status, 303, 'case 297: one is taken away');
    ok(!$t->token_works($_->{access_token}), 'case 297: its tokens are dead at once') for @tokens;
    is($t->refresh($client, $tokens[0]{refresh_token})->verdict, '400 invalid_grant', 'case 297: and its refresh tokens');
    is($t->redeem($code)->verdict, '400 invalid_grant', 'case 297: and its codes');
    $alice->get($t->authorize_url($client));
    ok($alice->has_consent, 'case 297: consent is forgotten');
    ok($t->token_works($_->{access_token}), 'case 297: what is not of this user and app goes on') for $kept, $bobs;
    visit($alice);
    ok(!shows($alice, 'Notes &lt;b&gt;') && shows($alice, 'calendar'), 'case 297: it is gone from the list');
    like($t->error_log, qr/GPT018: user alice took back all that client \Q$client->{id}\E was granted/, 'the log says so');
    # Nobody waits for what the database will tell.
    my $late = 0;
    for (1 .. 8) {
        my $token = $t->tokens_for($other)->{access_token};
        $t->token_works($token) or die "a new token does not work\n";
        visit($alice);
        press($alice, 'take_away', client => $other->{id});
        $late++ if $t->token_works($token);
    }
    is($late, 0, 'case 297: dead whenever the page answers');
    visit($alice);
    my $gone = press($alice, 'take_away', client => $client->{id});
    my $unknown = (visit($alice), press($alice, 'take_away', client => 'unknown'))[1];
    is($gone->status . ' ' . $unknown->status, '404 404', "case 298: another user's app is as unknown as any");
    ok($t->token_works($bobs->{access_token}), 'case 298: and goes on');
    return;
}

sub test_sessions {
    my ($t) = @_;
    my ($one, $two, $bob) = map { owner_of($t, $_) } qw(alice alice bob);
    my ($id) = map { $_->{fields}{session} // () } visit_forms($bob);
    visit($one);
    is(press($one, 'sign_out', session => $id)->status, 404, "case 298: another user's session is unknown");
    $one->get("$url?sessions=9999999999999.zz");
    is(join(' ', grep { $_ eq $id } map { $_->{fields}{session} // () } $one->forms), '', 'case 298: and on no page of hers');
    visit($bob);
    ok(shows($bob, 'Your apps at'), 'case 298: and goes on');
    visit($one);
    is(press($one, 'sign_out_others')->status, 303, 'signed out everywhere else');
    visit($_) for $one, $two;
    ok(!$one->has_sign_in && $two->has_sign_in, '... which this one is not');
    press($one, 'sign_out_all');
    ok(shows($one, 'You are signed out'), 'signed out everywhere');
    visit($one);
    ok($one->has_sign_in, '... here as well');
    like($t->error_log, qr/GPT016: user alice ended all sessions/, 'the log says so');
    my $three = owner_of($t, 'alice');
    my $own = (map { $_->{fields}{session} // () } visit_forms($three))[0];
    press($three, 'sign_out', session => $own);
    ok(shows($three, 'You are signed out'), 'this session alone');
    return;
}

sub visit_forms { my ($browser) = @_; visit($browser); return $browser->forms }

sub test_foreign {
    my ($t) = @_;
    my $client = $t->client_add('foreign');
    my $tokens = $t->tokens_for($client);
    my ($alice, $mallory) = map { owner_of($t, $_) } qw(alice mallory);
    my %fields = (%{ ($alice->forms)[0]{fields} }, client => $client->{id}, action => 'take_away');
    my $send = sub {
        my ($browser, %opt) = @_;
        my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %fields, %{ $opt{fields} // {} } }));
        return $browser->request('POST', $url, body => $body, headers => $opt{headers} // [])->status;
    };
    is($send->($alice, headers => [ 'Sec-Fetch-Site' => 'cross-site' ]), 403, 'case 300: a form of another site');
    is($send->($alice, headers => [ Origin => 'https://evil.example' ]), 403, 'case 300: by its origin');
    is($send->($alice, fields => { mac => 'x' x 43 }), 403, 'case 300: without its seal');
    is($send->($mallory), 403, "case 300: another user's form");
    $alice->get($t->authorize_url($client, prompt => 'consent'));
    is($send->($alice, fields => $alice->form_with('decision')->{fields}), 403, 'case 300: a form of another page');
    my %more = (password => $t->user('alice'), new_password => secret('password of a stranger'), session => (map { $_->{fields}{session} // () } visit_forms($alice))[0]);
    for my $action (qw(take_away sign_out sign_out_others sign_out_all password)) {
        my %as = (%more, action => $action);
        my @got = map { $send->($alice, fields => \%as, headers => $_) } [ 'Sec-Fetch-Site' => 'cross-site' ], [ 'Sec-Fetch-Site' => 'same-site' ], [ Origin => 'https://evil.example' ];
        is(join(' ', @got, $send->($alice, fields => { %as, mac => 'x' x 43 })), '403 403 403 403', "case 300: nor does any of them $action");
    }
    ok($t->token_works($tokens->{access_token}), 'case 300: nothing has changed');
    visit($alice);
    ok(shows($alice, 'Your apps at'), 'case 300: and she is still signed in');
    is($send->($alice), 303, 'and the form as it is');
    ok(!$t->token_works($tokens->{access_token}), '... works');
    return;
}

sub test_password {
    my ($t) = @_;
    my $client = $t->client_add('kept');
    my $tokens = $t->tokens_for($client, user => 'carol');
    my ($carol, $elsewhere) = map { owner_of($t, 'carol') } 1 .. 2;
    my $next = secret('another horse battery');
    my $change = sub {
        my ($present, $new, @more) = @_;
        $carol->get("$url?password=");
        return press($carol, 'password', password => $present, new_password => $new, @more);
    };
    $carol->get("$url?password=");
    like($carol->page->body, qr/autocomplete="current-password".*autocomplete="new-password".*name="end_apps" value="yes" checked/s, 'the form');
    my $hashes = sub { my $before = length $t->error_log; $_[0]->(); return scalar(() = substr($t->error_log, $before) =~ /GPT025/g) };
    is($hashes->(sub { $change->('no such horse', $next) }), 1, 'case 327: a wrong present one costs one hash');
    ok(shows($carol, 'The current password is wrong'), '... and the present one is asked for');
    $change->($t->user('carol'), 'short');
    ok(shows($carol, 'must have at least 8 characters'), 'not any one will do');
    my ($form) = $carol->forms;
    delete $form->{fields}{end_apps};
    my $change_it = sub { $carol->submit($form, password => $t->user('carol'), new_password => $next, action => 'password') };
    my $compared;
    grows($t, 'both are counted where hashes are', { password_hashes_total => 2 }, sub { $compared = $hashes->($change_it) });
    is($compared, 1, 'case 327: the right one as well, besides that of the new one');
    ok(shows($carol, 'Your password is changed'), '... which is changed');
    visit($_) for $carol, $elsewhere;
    ok(!$carol->has_sign_in && $elsewhere->has_sign_in, '... which ends the other sessions');
    ok($t->token_works($tokens->{access_token}), '... and no app, where that was not wanted');
    like($t->error_log, qr/GPT017: user carol changed the password/, '... the log says so');
    $change->($next, secret('third horse battery'), end_apps => 'yes');
    ok(!$t->token_works($tokens->{access_token}), 'with all apps');
    visit($elsewhere);
    $elsewhere->sign_in('carol', 'third horse battery');
    ok(shows($elsewhere, 'Your apps at'), 'the new one is good');
    return;
}

# A page of 10,000 grants, by index.
sub test_many {
    my ($t) = @_;
    my $now = int time;
    $t->user('dora');
    my $numbers = $t->is_pgsql ? 'generate_series(1, 10000) i' : '(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT i FROM n)';
    my $issuer = $t->issuer;
    $t->sql("INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at) SELECT 'many' || i, 'Many ' || i, 0, 0, '', '', '', 'document', 1 FROM $numbers WHERE i <= 120;");
    $t->sql("INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at) SELECT 'g' || i, '$issuer', 'many' || (i % 120 + 1), 'dora', 'read', '', $now, $now + 9999, $now + 9999 FROM $numbers;");
    my $hash = $t->is_pgsql ? 'sha256(i::text::bytea)' : 'randomblob(32)';
    $t->sql("INSERT INTO oauth_consent (consent_hash, issuer, username, client_id, redirect_uri, scope, created_at) SELECT $hash, '$issuer', 'dora', 'many' || (i % 120 + 1), '', 'read', $now FROM $numbers;");
    $t->sql("INSERT INTO oauth_session (session_hash, issuer, username, created_at, expires_at) SELECT $hash, '$issuer', 'dora', $now - i, $now + 999 FROM $numbers;");
    my $dora = owner_of($t, 'dora');
    my (%seen, $pages);
    while (++$pages < 10) {
        my ($list) = $dora->page->body =~ /(.*?)Other apps that need not ask again/s;
        $seen{$_}++ for $list =~ /name="client" value="(\w+)"/g;
        my ($next) = $dora->page->body =~ /href="([^"]*\?apps=[^"]+)"/ or last;
        $dora->get($next =~ s/&amp;/&/gr);
    }
    $dora->get("$url?apps=zzzz&consents=zzzz");
    unlike($dora->page->body, qr/No app has access|None\. Apps/, 'what comes after something says nothing of what comes before');
    ok(shows($dora, '<a [^>]*href="/oauth/apps">'), '... and leads back to all');
    is("$pages " . (scalar keys %seen) . ' ' . (scalar grep { $_ > 1 } values %seen), '3 120 0', 'each app once, fifty on a page');
    my @lists = grep { $_->{file} =~ /^(?:apps|sessions)\.c$/ && $_->{name} =~ /_list$/ && $_->{sql} =~ /issuer = \$2/ } operations();
    is(scalar @lists, 2, 'the page has three lists by two statements, and one for who sees it');
    for my $op (@lists) {
        my $sql = !$t->is_pgsql && @{ $op->{steps} } ? $op->{steps}[0] : $op->{sql};
        my @values = ("'dora'", "'$issuer'", $op->{file} eq 'apps.c' ? ("'many5'", "'many5'", $now) : ($now, 9e15, "''"));
        $sql =~ s/\$(\d+)/$values[$1 - 1]/g;
        my $plan = $t->sql($t->is_pgsql ? "ANALYZE; SET enable_seqscan = off; EXPLAIN $sql;" : "EXPLAIN QUERY PLAN $sql;");
        ok($plan !~ /Seq Scan|SCAN oauth|Sort|TEMP B-TREE/, "$op->{name}: by index, and without sorting") or diag($plan);
    }
    return;
}

# What is taken away on one host is refused on another within a second.
sub test_elsewhere {
    my ($t) = @_;
    my $there = Test::GptOauth->new(beside => $t, hears => 1, no_dump => 1);
    my $client = $t->client_add('elsewhere');
    my $tokens = $t->tokens_for($client);
    ok($there->token_works($tokens->{access_token}), 'case 324: a token works on another host');
    my $deadline = time + 15;    # which caches nothing before it listens
    my $is_cached;
    until (($is_cached = is_cached($there, $tokens->{access_token})) || time > $deadline) { $there->token_works($tokens->{access_token}) }
    ok($is_cached, 'case 324: ... which need not ask the database');
    my $alice = owner_of($t, 'alice');
    press($alice, 'take_away', client => $client->{id});
    ok(!$t->token_works($tokens->{access_token}), 'case 324: taken away, it is refused here');
    sleep 1;
    ok(!$there->token_works($tokens->{access_token}), 'case 324: and there, after a second');
    return;
}

# Where httpd itself signs in.
sub test_given {
    my ($where) = @_;
    my $conf = <<"EOC";
<LocationMatch ^/oauth/$where\$>
    AuthType Basic
    AuthName x
    AuthBasicProvider file
    AuthUserFile "%%DIR%%/users"
    Require valid-user
</LocationMatch>
GPTOAuthLink signout https://example.com/goodbye
EOC
    my $t = Test::GptOauth->new(db => (dbs())[0], conf => $conf, start => 0, allow => [qr/GPT019/]);
    $t->write_file('users', "alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
    $t->start;
    return ($t, [ Authorization => 'Basic YWxpY2U6c2VjcmV0' ]);
}

on_each_db({ conf => "LogLevel gpt_oauth:trace1\n" }, sub {
    my ($t) = @_;
    test_sign_in($t);
    test_take_away($t);
    test_sessions($t);
    test_foreign($t);
    test_password($t);
    test_elsewhere($t) if $t->is_pgsql;
    test_many($t);
});

subtest 'httpd signs in' => sub {
    my ($t, $headers) = test_given('(authorize|apps)');
    my $browser = $t->browser;
    is($browser->get($url)->status, 401, 'asks for the password');
    is($browser->get($url, headers => $headers)->status, 200, 'then there is the page');
    ok(shows($browser, 'No app has access') && !shows($browser, 'Where you are signed in') && !shows($browser, 'Change your password'), '... without sessions and password');
    ok(shows($browser, 'href="https://example.com/goodbye"'), '... and the administrator says how to sign out');
    ($t, $headers) = test_given('authorize');
    is($t->browser->get($url)->status, 404, 'and nowhere to be found where only the authorization endpoint is signed in to');
    like($t->error_log, qr/GPT019: the page apps refused: .*LocationMatch/, '... the log says why');
};

done_testing;
