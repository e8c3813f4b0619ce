#!/usr/bin/perl
# The console: who gets in, each action with every role, forms that work once, what is asked again, and the lists.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Console;
use Test::GptOauth::Process qw(slurp);
use Test::GptOauth::Secrets;

my $url = '/oauth/console';
my $conf = <<'EOC';
GPTOAuthRegistration open
GPTOAuthAdmin root
GPTOAuthAdmin second
GPTOAuthHelpDesk desk
GPTOAuthSessionLifetime 8h
EOC

my %role = map { $_->{name} => $_->{role} } actions();
my %event = map { $_->{name} => $_->{event} } actions();

sub visit { my ($browser, $query) = @_; return $browser->follow($browser->get("$url?" . ($query // ''))) }

# Signed in at the console by the page itself.
sub signed_in {
    my ($t, $name) = @_;
    my $browser = $t->browser;
    $browser->get($url);
    $browser->sign_in($name, $t->user($name));
    return $browser;
}

# A form of an action, as a page of this user would have had it: sealed with what another form of the same user shows us is not
# possible, so each is taken from where it stands.
sub press {
    my ($browser, $query, $action, $hidden, %fields) = @_;
    visit($browser, $query);
    my $form = form_of($browser, $action, %$hidden) or die "no form of $action at $query:\n" . $browser->page->body;
    my $response = $browser->submit($form, %fields);
    # What is to end is typed.
    if (my ($question) = grep { exists $_->{fields}{typed_name} } $browser->forms) {
        my ($name) = $browser->page->body =~ m{This ends <strong>(?:<bdi>)?([^<]*)};
        $response = $browser->submit($question, typed_name => $name);
    }
    return $browser->follow($response);
}

sub test_who {
    my ($t) = @_;
    my $nobody = $t->browser;
    is($nobody->get($url)->status, 200, 'who is not signed in');
    ok($nobody->has_sign_in, '... sees the sign-in page');
    my $alice = $t->browser;
    $alice->get($url);
    $alice->sign_in('alice', $t->user('alice'));
    is($alice->page->status, 404, 'case 301: a user without a role gets 404');
    my @lines = grep { $_->{event} eq 'console' } audit_lines($t);
    is(scalar @lines, 1, 'case 301: ... and one audit line');
    is_deeply([ @{ $lines[0] }{qw(result code user)} ], [ 'refused', 'GPT123', 'alice' ], 'case 301: ... which says who');
    is($alice->get('/oauth/apps')->status, 200, '... and is signed in all the same');
    my $root = signed_in($t, 'root');
    is($root->page->status, 200, 'an administrator gets in');
    ok(shows($root, '<h1>(?:<bdi>)?Clients'), '... and sees the clients');
    ok(shows($root, $_), "... and can go to $_") for 'Registered apps', 'Users', 'Service keys', 'Throttles';
    my $desk = signed_in($t, 'desk');
    ok(shows($desk, '<h1>(?:<bdi>)?Users'), 'the help desk sees the users');
    ok(!shows($desk, $_), "... and nothing of $_") for 'Registered apps', 'Service keys';
    for my $view (qw(clients=x apps= keys= client=x new_client= new_user= new_key= view=client)) {
        my $lines = grep { $_->{event} eq 'console' } audit_lines($t);
        is(visit($desk, $view)->status, 404, "case 301: ... and gets 404 for $view");
        is(scalar(grep { $_->{event} eq 'console' } audit_lines($t)), $lines + 1, 'case 301: ... and one audit line');
    }
    return ($root, $desk);
}

sub test_clients {
    my ($t, $root) = @_;
    my %kinds = (gpt => 'my gpt', confidential => 'my connector', public => 'my app', service => 'my service', resource_server => 'my api');
    my %id;
    for my $kind (sort keys %kinds) {
        my %more = $kind =~ /confidential|public/ ? (redirect => 'https://app.example.com/callback') : ();
        my $page = press($root, 'new_client=', 'client_add', {}, name => $kinds{$kind}, kind => $kind, %more);
        is($page->status, 200, "$kind: added");
        my ($id, $secret) = secrets_of($root);
        ok($id, '... and its id is shown');
        is(defined $secret ? 1 : 0, $kind eq 'public' ? 0 : 1, '... and its secret, if it has one');
        $id{$kind} = $id;
        my $shown = $t->gptoauth_json('client', 'show', $id);
        is($shown->{client_name}, $kinds{$kind}, '... and the command knows it');
    }
    press($root, 'new_client=', 'client_add', {}, name => '', kind => 'gpt');
    ok(shows($root, 'name is 1 to 255 bytes'), 'a client without a name is refused');
    press($root, 'new_client=', 'client_add', {}, name => 'other app', kind => 'public', redirect => 'http://evil.example.com/', scope => 'read');
    ok(shows($root, 'class="problem"'), 'so is a redirect URI of the wrong kind');
    ok(shows($root, 'value="other app"') && shows($root, 'value="http://evil\.example\.com/"'), '... and nothing that was typed is lost');

    press($root, 'new_client=', 'client_add', {}, name => 'of no kind', kind => 'gtp', redirect => 'https://app.example.com/callback');
    ok(shows($root, 'Choose what kind'), 'and a kind that there is not');

    my $client = "client=$id{confidential}";
    press($root, $client, 'client_redirects', {}, redirect => 'https://other.example.com/cb');
    is_deeply($t->gptoauth_json('client', 'show', $id{confidential})->{redirect_uris}, ['https://other.example.com/cb'], 'other redirect URIs');
    press($root, $client, 'client_links', {}, website => 'https://app.example.com/');
    is($t->gptoauth_json('client', 'show', $id{confidential})->{client_uri}, 'https://app.example.com/', 'other links');
    press($root, $client, 'client_secret', {});
    my ($same, $secret) = secrets_of($root);
    ok($secret, 'a new secret is shown');
    # The page again: nothing is made anew.
    press($root, $client, 'client_disable', {});
    ok($t->gptoauth_json('client', 'show', $id{confidential})->{disabled_at}, 'disabled');
    press($root, $client, 'client_enable', {});
    ok(!$t->gptoauth_json('client', 'show', $id{confidential})->{disabled_at}, 'enabled');
    visit($root, "client=$id{gpt}");
    ok(shows($root, $_), "the page of a GPT has $_ to paste") for 'Authorization URL', 'Token URL', "$id{gpt}";
    my $tokens = $t->tokens_for({ id => $id{public}, redirect_uri => 'https://app.example.com/callback', public => 1 });
    press($root, "client=$id{public}", 'client_remove', {});
    ok(!$t->token_works($tokens->{access_token}), 'case 302: with a client go its tokens');
    isnt($t->try_gptoauth('', 'client', 'show', $id{public})->{status}, 0, 'removed');
    return \%id;
}

sub test_once {
    my ($t, $root, $id) = @_;
    visit($root, "client=$id->{gpt}");
    my $form = form_of($root, 'client_secret');
    my $first = $root->submit($form);
    my ($client, $secret) = secrets_of($root);
    ok($secret, 'a form makes a secret');
    my $before = $t->sql("SELECT secret_hash FROM oauth_client WHERE id = '$id->{gpt}'");
    is($root->submit($form)->status, 200, '... and sent again');
    ok(shows($root, 'has been done already'), '... says that it was done already');
    is($t->sql("SELECT secret_hash FROM oauth_client WHERE id = '$id->{gpt}'"), $before, '... and does nothing');
    my $line = (audit_lines($t))[-1];
    is(join(' ', @{$line}{qw(event result code by client)}), "client secret refused GPT052 root $id->{gpt}", '... which the audit log says');
    visit($root, "client=$id->{gpt}");
    $form = form_of($root, 'client_secret');
    my %fields = %{ $form->{fields} };
    my @headers = (Origin => 'null', 'Sec-Fetch-Site' => 'same-origin', Cookie => join '; ', map { "$_=$root->{cookies}{$_}" } sort keys %{ $root->{cookies} });
    my @both = $t->http->parallel([ map { [ 'POST', $url, body => Test::GptOauth::Http::form(Test::GptOauth::Http::pairs(\%fields)), headers => \@headers ] } 1 .. 6 ]);
    is(scalar(grep { $_->body =~ /shown only once/ } @both), 1, 'of six at once one makes a secret');
    is(scalar(grep { $_->body =~ /has been done already/ } @both), 5, '... and the others say so');
    Test::GptOauth::Secrets::remember(secret => $_) for map { $_->body =~ m{shown only once\)[^<]*(?:</bdi>)?<br><code>(?:<bdi>)?([^<]+)} } @both;
    return;
}

sub test_forged {
    my ($t, $root, $desk, $id) = @_;
    visit($root, "client=$id->{gpt}");
    my $form = form_of($root, 'client_disable');
    my $state = sub { return $t->gptoauth_json('client', 'show', $id->{gpt})->{disabled_at} };
    my %fields = (%{ $form->{fields} });
    my $send = sub {
        my ($browser, $fields, @headers) = @_;
        return $browser->request('POST', $url, body => Test::GptOauth::Http::form(Test::GptOauth::Http::pairs($fields)), headers => \@headers);
    };
    my @ours = (Origin => 'null', 'Sec-Fetch-Site' => 'same-origin');
    for ([ 'of another site', 403, {}, Origin => 'https://evil.example', 'Sec-Fetch-Site' => 'cross-site' ],
        [ 'of a sibling', 403, {}, Origin => 'https://other.example', 'Sec-Fetch-Site' => 'same-site' ],
        [ 'without a seal', 403, { mac => '' }, @ours ],
        [ 'of another action', 400, { action => 'client_remove' }, @ours ],
        [ 'of no action', 400, { action => 'nothing' }, @ours ],
        [ 'with another id', 403, { transaction => $fields{transaction} =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er }, @ours ]) {
        my ($what, $status, $changes, @headers) = @$_;
        is($send->($root->copy, { %fields, %$changes }, @headers)->status, $status, "case 300: a form $what is refused");
        ok(!$state->(), 'case 300: ... and nothing is done');
    }
    is($send->($desk, \%fields, @ours)->status, 403, 'case 300: a form of another user is refused');
    is($root->get("$url?client=$id->{gpt}", headers => [ 'Sec-Fetch-Dest' => 'iframe' ])->status, 403, 'case 300: no frame gets the page');
    is($root->get("$url?client=$id->{gpt}", headers => [ 'Sec-Fetch-Dest' => 'empty' ])->status, 403, 'case 300: nor a script of this origin');
    visit($root, "client=$id->{gpt}");
    is($root->page->header('X-Frame-Options'), 'DENY', 'case 300: the page says that no frame may have it');
    like($root->page->header('Content-Security-Policy'), qr/default-src 'none'.*frame-ancestors 'none'/, 'case 300: ... and runs nothing');
    return;
}

sub attempt {
    my ($t, $browser, $user, $lines_said, $what, $action, %fields) = @_;
    my ($before, $lines) = (tables($t), scalar audit_lines($t));
    my $response = $browser->submit({ method => 'POST', action => $url, fields => sealed($t, $browser, $user, $action) }, %fields);
    my @new = (audit_lines($t))[ $lines .. scalar(audit_lines($t)) - 1 ];
    is($response->status, 404, "case 325: $what");
    is(tables($t), $before, 'case 325: ... changes nothing');
    is(join(' ', map { "$_->{event} $_->{result} $_->{user}" } @new), "console refused $user", 'case 325: ... and is one line') if $lines_said;
    return;
}

# Whoever may not is told that there is nothing, even with a form that is sealed as it should be.
sub test_roles {
    my ($t, $root, $desk) = @_;
    my $client = $t->client_add('untouchable');
    my $tokens = $t->tokens_for($client, user => 'bob');
    my $grant = $t->sql("SELECT id FROM oauth_grant WHERE username = 'bob'");
    my %fields = (client => $client->{id}, name => 'mine', kind => 'gpt', user => 'bob', key => 'k', days => 1, grant => $grant, typed_name => 'bob');
    my $alice = $t->browser;
    $alice->get($url);
    $alice->sign_in('alice', $t->user('alice'));
    for my $action (sort keys %role) {
        attempt($t, $desk, 'desk', 1, "the help desk's $action", $action, %fields) if $role{$action} eq 'ADMIN';
        attempt($t, $alice, 'alice', 0, "a stranger's $action", $action, %fields);
    }
    for my $action (grep { $role{$_} eq 'HELP_DESK' } sort keys %role) {
        attempt($t, $desk, 'desk', 1, "the help desk's $action of $_", $action, %fields, user => $_) for 'root', 'second', 'ROOT', ' root ', 'desk';
    }
    my @strange = grep { $_->{event} eq 'console' && ($_->{user} // '') eq 'alice' } audit_lines($t);
    my %minutes = map { substr($_->{time}, 0, 16) => 1 } @strange;
    cmp_ok(scalar @strange, '>', 0, 'case 325: what a stranger is refused is a line');
    is(scalar @strange, scalar keys %minutes, '... a minute');
    is($strange[0]{count}, 1, '... with how often it was');
    my $nobody = $t->browser;
    $nobody->get($url);
    is($nobody->submit({ method => 'POST', action => $url, fields => sealed($t, $nobody, 'root', 'client_remove') }, %fields)->status, 403,
        'case 325: nobody at all is refused');
    # Each form is the action's that it was made for.
    is($root->submit({ method => 'POST', action => $url, fields => sealed($t, $root, 'root', 'client_enable') }, %fields, action => 'client_remove')->status,
        400, 'the form of one action does not do another');
    # Another user's grant is no grant of this one.
    $desk->submit({ method => 'POST', action => $url, fields => sealed($t, $desk, 'desk', 'grant_revoke') }, user => 'alice', grant => $grant);
    ok($t->token_works($tokens->{access_token}), 'case 298: a grant goes with its user');
    # Nobody shuts himself out.
    for my $action (qw(user_disable user_remove user_one_time)) {
        my $before = tables($t);
        $root->submit({ method => 'POST', action => $url, fields => sealed($t, $root, 'root', $action) }, user => $_, typed_name => $_) for 'root', 'Root';
        ok(shows($root, 'That is you'), "nobody does $action to himself");
        is(tables($t), $before, '... and nothing changes');
    }
    return;
}

sub test_users {
    my ($t, $root, $desk) = @_;
    visit($root, 'new_user=');
    my $form = form_of($root, 'user_add');
    $root->submit($form, user => 'dora');
    my ($one_time) = secrets_of($root);
    like($one_time // '', qr/^[0-9a-z]{4}(?:-[0-9a-z]{4}){3}$/, 'a new user gets a one-time password');
    Test::GptOauth::Secrets::remember(password => $one_time);
    $root->submit($form, user => 'dora');
    ok(shows($root, 'has been done already'), 'the same form again says so, and not that the name is taken');
    press($root, 'new_user=', 'user_add', {}, user => 'dora');
    ok(shows($root, 'already a user'), '... which another one does');
    $t->gptoauth(qw(user disable elsewhere));
    press($root, 'new_user=', 'user_add', {}, user => 'elsewhere');
    Test::GptOauth::Secrets::remember(password => secrets_of($root));
    ok(shows($root, 'is disabled, and stays so'), 'that who was disabled before stays so is said');
    my $client = $t->client_add('notes');
    my $tokens = $t->tokens_for($client, user => 'bob');
    visit($desk, 'grants=bob');
    ok(shows($desk, 'notes'), "the help desk sees a user's grants");
    press($desk, 'grants=bob', 'grant_revoke', {});
    ok(!$t->token_works($tokens->{access_token}), '... and takes one back');
    $tokens = $t->tokens_for($client, user => 'bob');
    press($desk, 'user=bob', 'grants_revoke', {});
    ok(!$t->token_works($tokens->{access_token}), '... and all');
    my $bob = $t->browser;
    $bob->get('/oauth/apps');
    $bob->sign_in('bob', $t->user('bob'));
    press($desk, 'sessions=bob', 'session_end', {});
    $bob->get('/oauth/apps');
    ok($bob->has_sign_in, '... and signs a browser out');
    $bob->sign_in('bob', $t->user('bob'));
    press($desk, 'user=bob', 'sessions_end', {});
    $bob->get('/oauth/apps');
    ok($bob->has_sign_in, '... and all');
    press($desk, 'user=bob', 'user_one_time', {});
    ($one_time) = secrets_of($desk);
    Test::GptOauth::Secrets::remember(password => $one_time);
    ok($one_time, 'and sets a one-time password');
    $bob->sign_in('bob', $t->user('bob'));
    ok(shows($bob, 'is wrong'), '... in place of the one that there was');
    press($root, 'user=bob', 'user_disable', {});
    ok(shows($root, 'disabled'), 'a user is disabled');
    press($root, 'user=bob', 'user_enable', {});
    ok(shows($root, 'is enabled'), '... and enabled');
    press($root, 'user=dora', 'user_remove', {});
    is($t->sql("SELECT count(*) FROM oauth_user WHERE name = 'dora'"), '0', '... and removed');
    return;
}

sub test_others {
    my ($t, $root, $desk) = @_;
    press($root, 'new_key=', 'key_add', {}, name => 'batch', expires => '3d');
    my ($key) = secrets_of($root);
    Test::GptOauth::Secrets::remember(key => $key);
    like($key // '', qr/^[\w-]{20,}/, 'a service key is shown');
    $t->sql("UPDATE oauth_service_key SET created_at = created_at - 20 * 86400 WHERE name = 'batch'");
    visit($root, 'keys=');
    ok(shows($root, 'The key (?:<bdi>)?batch'), 'one that ends soon is warned of');
    press($root, 'keys=', 'key_revoke', { key => 'batch' });
    visit($root, 'keys=');
    ok(shows($root, 'revoked'), '... and revoked');
    my $app = $t->http->post('/oauth/register', JSON::PP::encode_json({ redirect_uris => ['https://stray.example.com/cb'], client_name => 'stray' }),
        headers => [ 'Content-Type' => 'application/json' ])->json;
    visit($root, 'apps=');
    ok(shows($root, 'stray'), 'an app that registered itself is listed');
    # Less than after which the purge removes it.
    $t->sql("UPDATE oauth_client SET seen_at = seen_at - 2 * 86400 WHERE id = '$app->{client_id}'");
    press($root, 'apps=', 'apps_clean_up', {}, days => 5);
    ok(shows($root, 'no app'), 'one that was used since stays');
    press($root, 'apps=', 'apps_clean_up', {}, days => 1);
    is($t->sql("SELECT count(*) FROM oauth_client WHERE id = '$app->{client_id}'"), '0', 'one that was not is removed');
    press($root, "client=" . $t->client_add('a gpt', gpt => 1)->{id}, 'client_disable', {});
    my $now = time;
    $t->sql("INSERT INTO oauth_throttle (issuer, kind, name, address, began_at, until_at) VALUES ('" . $t->issuer . "', '$_->[0]', '$_->[1]', '$_->[2]', $now, $now + 300)")
        for [ 'user', 'bob', '' ], [ 'address', '', '192.0.2.1' ], [ 'user+address', 'root', '192.0.2.1' ], [ 'user', '(unknown 1a2b)', '' ];
    press($desk, 'throttles=', 'throttle_lift', { user => 'bob' });
    press($desk, 'throttles=', 'throttle_lift', { address => '192.0.2.1' });
    is($desk->submit({ method => 'POST', action => $url, fields => sealed($t, $desk, 'desk', 'throttle_lift') }, user => '(unknown 1a2b)')->status, 404, 'case 325: a name that may be anybody\'s');
    is($t->sql('SELECT name FROM oauth_throttle WHERE lifted_at IS NULL ORDER BY name'), "(unknown 1a2b)\nroot", 'the help desk lifts throttles, and none of whom it may not touch');
    return;
}

# Fifty a page, each row once, of many at the same second too.
sub test_pages {
    my ($t, $desk) = @_;
    my ($now, $issuer) = (int time, $t->issuer);
    my $numbers = $t->is_pgsql ? 'generate_series(1, 120) i' : '(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120) SELECT i FROM n)';
    my $hash = $t->is_pgsql ? q{sha256(('many' || i)::bytea)} : 'randomblob(32)';
    $t->sql("INSERT INTO oauth_session (session_hash, issuer, username, created_at, expires_at, public_id) SELECT $hash, '$issuer', 'erin', $now - i / 7, $now + 999, 's' || i FROM $numbers;");
    $t->sql("INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at) SELECT 'many' || i, '$issuer', 'gone', 'erin', 'read', '', $now - i / 7, $now + 999, $now + 999 FROM $numbers;");
    $t->sql('DELETE FROM oauth_throttle;');
    $t->sql("INSERT INTO oauth_throttle (issuer, kind, name, address, began_at, until_at) SELECT '$issuer', CASE i % 3 WHEN 0 THEN 'user' WHEN 1 THEN 'address' ELSE 'user+address' END,"
            . " CASE i % 3 WHEN 1 THEN '' ELSE 'user ' || i END, CASE i % 3 WHEN 0 THEN '' ELSE '192.0.2.' || i END, $now, $now + 999 FROM $numbers;");
    for (qw(sessions=erin grants=erin throttles=)) {
        my (%seen, @pages);
        visit($desk, $_);
        while (@pages < 5) {
            my @rows = map { join ' ', map { $_ // '' } @{ $_->{fields} }{qw(user session grant address)} } grep { ($_->{fields}{action} // '') =~ /^(?:session_end|grant_revoke|throttle_lift)$/ } $desk->forms;
            push @pages, scalar @rows;
            $seen{$_}++ for @rows;
            my ($next) = $desk->page->body =~ /href="([^"]*(?:\?|&amp;)after=[^"]*)"/ or last;
            $desk->get($next =~ s/&amp;/&/gr);
        }
        is("@pages " . keys %seen, '50 50 20 120', "$_ has pages, with each row once");
        ok(shows($desk, 'From the beginning'), '... which lead back to the first one');
    }
    return;
}

# The password is asked for again when it is old, and what was to be done waits for it.
sub test_old_password {
    my ($t, $root) = @_;
    my $gpt = $t->client_add('asked again', gpt => 1)->{id};
    visit($root, "client=$gpt");
    my $form = form_of($root, 'client_disable');
    $t->sql('UPDATE oauth_session SET created_at = created_at - 901');
    my $state = sub { return $t->gptoauth_json('client', 'show', $gpt)->{disabled_at} };
    $root->submit($form);
    my ($question) = grep { exists $_->{fields}{present_password} } $root->forms;
    ok($question && !$state->(), 'after a quarter of an hour the password is asked for');
    $root->submit($question, present_password => 'no such horse');
    ok(shows($root, 'The password is wrong') && !$state->(), '... a wrong one does nothing');
    ($question) = grep { exists $_->{fields}{present_password} } $root->forms;
    $root->follow($root->submit($question, present_password => $t->user('root')));
    ok($state->(), '... the right one does what was asked for before');
    press($root, "client=$gpt", 'client_enable', {});
    ok(!$state->(), '... and the next action asks no more');
    visit($root, "client=$gpt");
    $form = form_of($root, 'client_remove');
    $root->submit($form);
    ok(shows($root, 'type that name'), 'what is removed has to be named');
    ($question) = grep { exists $_->{fields}{typed_name} } $root->forms;
    $root->submit($question, typed_name => 'asked');
    ok(shows($root, 'another name') && $t->gptoauth_json('client', 'show', $gpt), '... by its name');
    return;
}

sub test_audit {
    my ($t) = @_;
    my @by = grep { ($_->{by} // '') =~ /^(?:root|desk)$/ && $_->{address} } audit_lines($t);
    my %seen = map { $_->{event} => 1 } grep { $_->{result} eq 'ok' } @by;
    my $header = slurp("$FindBin::Bin/../mod_gpt_oauth/base/audit.h") =~ s/\\\n\s*//gr;
    my %name = $header =~ /X\(AUDIT_(\w+), "([^"]+)"/g;
    is(join(', ', grep { !$seen{ $name{ $event{$_} } } } sort keys %event), '', 'each action of the console stands in the audit log');
    is(scalar(grep { !$_->{code} || $_->{code} !~ /^GPT05[12]$/ } @by), 0, '... with its code');
    return;
}

on_each_db({ conf => $conf }, sub {
    my ($t) = @_;
    $t->user($_) for qw(root second desk alice bob);
    my ($root, $desk) = test_who($t);
    my $id = test_clients($t, $root);
    test_once($t, $root, $id);
    test_forged($t, $root, $desk, $id);
    test_roles($t, $root, $desk);
    test_users($t, $root, $desk);
    test_others($t, $root, $desk);
    test_pages($t, $desk);
    test_old_password($t, $root);
    $t->sql("UPDATE oauth_client SET gpt_open = 0, gpt_id = 'g-one' WHERE id = '$id->{gpt}'");
    press($root, "client=$id->{gpt}", 'client_repin', {});
    test_audit($t);
});

done_testing;
