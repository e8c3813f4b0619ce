#!/usr/bin/perl
# People in front of browsers: sign-in, consent, sessions, and forms that others made.
use strict;
use warnings;
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

sub decided { my ($t, $client, $response) = @_; return $t->outcome($client, $response) }

sub codes { my ($t) = @_; return $t->sql('SELECT count(*) FROM oauth_code;') }

# Where this browser stands with this client: signed out, asked, or through.
sub state_of { my ($t, $browser, $client) = @_; return $t->outcome($client, $browser->get($t->authorize_url($client))) }

sub test_forged_forms {
    my ($t) = @_;
    my $client = $t->client_add('forged');
    my $browser = $t->open_request($t->authorize_url($client));
    my $form = $browser->consent_form;
    my $before = codes($t);
    my $try = sub { my ($who, $form, %fields) = @_; decided($t, $client, $who->submit($form, decision => 'allow', %fields)) };

    my $stranger = $t->browser;
    is($try->($stranger, $form), '403 page', 'case 84: the form from a browser without cookies');
    my $signed_in = $t->open_request($t->authorize_url($client), user => 'bob', browser => $t->browser);
    is($try->($signed_in, $form), '403 page', 'cases 84 and 85: the form from another signed-in browser');
    my $session_only = $browser->copy;
    delete $session_only->cookies->{$_} for grep { !/session/ } keys %{ $session_only->cookies };
    is($try->($session_only, $form), '403 page', 'case 84: with the session, without the cookie of the form');
    my $key_only = $browser->copy;
    delete $key_only->cookies->{$_} for grep { /session/ } keys %{ $key_only->cookies };
    is($try->($key_only, $form), '403 page', 'case 84: with the cookie of the form, without the session');
    my $planted = $signed_in->copy;
    my ($name) = grep { !/session/ } keys %{ $browser->cookies };
    $planted->cookies->{$name} = $browser->cookies->{$name};
    is($try->($planted, $form), '403 page', 'case 85: another user, into whose browser the cookie was planted');

    for my $field (qw(transaction request mac)) {
        is($try->($browser, $form, $field => $form->{fields}{$field} . 'A'), '403 page', "case 84: $field changed");
        is($try->($browser, $form, $field => ''), '403 page', "case 84: $field empty");
        my %fields = %{ $form->{fields} };
        delete $fields{$field};
        next if $field eq 'transaction';    # a POST without it is a new request
        is($try->($browser, { %$form, fields => \%fields }), '403 page', "case 84: $field left out");
    }
    my $other = $t->client_add('other', redirect => 'https://evil.example/cb');
    for my $change (
        [ 'client_id', $client->{id}, $other->{id} ], [ 'redirect_uri', 'rp.example', 'evil.example' ],
        [ 'scope', 'scope=read', 'scope=admin' ],
        [ 'state', 'state=', 'state=x' ], [ 'code_challenge', 'code_challenge=', 'code_challenge=A' ]
    ) {
        my ($what, $from, $to) = @$change;
        (my $request = $form->{fields}{request}) =~ s/\Q$from\E/$to/ or die "no $from in the request\n";
        is($try->($browser, $form, request => $request), '403 page', "case 86: $what changed in the request");
    }
    is(
        decided(
            $t, $client,
            $browser->submit(
                $form, decision => 'allow', client_id => $other->{id}, redirect_uri => 'https://evil.example/cb',
                scope => 'admin'
            )
        ),
        '303 code',
        'case 86: parameters beside the request change nothing'
    );
    is(codes($t), $before + 1, 'case 86: none of the others made a code');
    is($t->sql("SELECT scope FROM oauth_code WHERE client_id = '$client->{id}';"), 'read',
        'case 86: the scope is that of the request');

    my $sign_in = $t->browser;
    $sign_in->get($t->authorize_url($client));
    my $first = $sign_in->form_with('password');
    my $mixed = { %$first, fields => { %{ $first->{fields} }, decision => 'allow' } };
    $signed_in = $t->open_request($t->authorize_url($client), browser => $sign_in->copy);
    is(decided($t, $client, $signed_in->submit($mixed)), '403 page', 'case 84: a sign-in form is no consent form');
    is(
        decided($t, $client, $stranger->submit($first, username => 'alice', password => $t->user('alice'))), '403 page',
        'case 98: a sign-in form from another browser'
    );
    is(
        decided($t, $client, $stranger->request('POST', '/oauth/authorize', body => 'username=alice&password=x&transaction=x')),
        '403 page',
        'case 98: a sign-in form made elsewhere'
    );

    $browser = $t->open_request($t->authorize_url($t->client_add('old')));
    $form = $browser->consent_form;
    my ($id, $time) = split /\./, $form->{fields}{transaction};
    is($try->($browser, $form, transaction => "$id." . ($time + 1)), '403 page', 'case 84: a form made younger');
    is(decided($t, $client, $browser->submit($form, decision => 'maybe')), '400 page', 'case 84: neither allow nor deny');
    like($browser->page->body, qr{href="\Q$client->{redirect_uri}\E\?error=access_denied&amp;}, '... and a link back to the app');
}

sub test_consent {
    my ($t) = @_;
    my $client = $t->client_add('consent');
    my $browser = $t->browser_of('alice');
    is(state_of($t, $browser, $client), '200 consent', 'case 96: the user is asked');
    my $denied = $browser->decide('deny');
    is(decided($t, $client, $denied), '303 access_denied', 'case 96: and may say no');
    ok(!defined $denied->answer->{code}, 'case 96: which gives no code');
    is(state_of($t, $browser, $client), '200 consent', 'case 96: and is not remembered as yes');

    my @tabs = map { my $tab = $browser->copy; $tab->get($t->authorize_url($client, state => "tab $_")); $tab } 1, 2;
    for my $number (1, 2) {
        my $answer = $tabs[ $number - 1 ]->decide('allow')->answer;
        is($answer->{state}, "tab $number", "case 88: tab $number has its own request");
        ok($answer->{code}, 'case 88: and both get a code');
    }
    my $fresh = $t->browser;
    my @first =
        map { my $tab = $fresh->copy; $tab->get($t->authorize_url($client)); $fresh->{cookies} = { %{ $tab->cookies } }; $tab } 1,
        2;
    $_->{cookies} = { %{ $fresh->cookies } } for @first;
    $first[0]->sign_in('alice', $t->user('alice'));
    isnt($first[0]->page->status, 403, 'case 88: two tabs before sign-in, the first');
    $first[1]->sign_in('alice', $t->user('alice'));
    isnt($first[1]->page->status, 403, 'case 88: and the second');

    my $public = $t->client_add('public', public => 1);
    my $gpt = $t->client_add('gpt', gpt => 1);
    for my $one ($public, $gpt) {
        ok($t->code_for($one)->{code}, "$one->{name} is let in");
        is(state_of($t, $browser, $one), '200 consent', "case 93: $one->{name} has to ask again");
    }
    ok($t->code_for($client)->{code}, 'a confidential client is let in');
    my $more = $browser->get($t->authorize_url($client, scope => 'read write'));
    is(decided($t, $client, $more), '200 consent', 'case 94: more scope is asked for anew');
    like($more->body, qr/Change your notes/, 'case 94: and shown');
    my $two = $t->client_add('two', redirect => [ 'https://rp.example/a', 'https://rp.example/b' ]);
    ok($t->code_for($two)->{code}, 'a client with two URIs is let in at one');
    is(
        $t->outcome(
            $two, $browser->get($t->authorize_url($two, redirect_uri => 'https://rp.example/b')),
            redirect_uri => 'https://rp.example/b'
        ),
        '200 consent',
        'case 94: the other one is asked for'
    );
    is($t->outcome($client, $t->open_request($t->authorize_url($client), user => 'bob')->page), '200 consent',
        "case 94: and so is another user's consent");

    my $native = $t->client_add('native', public => 1, redirect => 'http://127.0.0.1/cb');
    like($browser->get($t->authorize_url($native))->body, qr/program on this computer/,
        'case 93: a loopback client comes with a warning');
    like($browser->get($t->authorize_url($client, prompt => 'consent'))->body, qr/rp\.example/,
        'case 93: the page names where the answer goes');
}

sub test_headers {
    my ($t) = @_;
    my $client = $t->client_add('headers');
    my $browser = $t->browser;
    my %page = (
        'the bare endpoint' => $t->http->get('/oauth/authorize'),
        'the error page' => $t->http->get($t->authorize_url($client, client_id => 'nope')),
        'sign-in' => $browser->get($t->authorize_url($client)),
        'sign-in, refused' => $browser->sign_in('alice', 'mistaken guess'),
        'consent' => $browser->sign_in('alice', $t->user('alice')),
        'a refused form' => $t->http->post('/oauth/authorize', 'transaction=x&decision=allow'),
    );
    for my $what (sort keys %page) {
        my $page = $page{$what};
        my $policy = $page->header('Content-Security-Policy') // '';
        is($page->header('X-Frame-Options'), 'DENY', "case 89: $what cannot be framed");
        like($policy, qr/frame-ancestors 'none'/, "case 89: $what cannot be framed, by the newer header");
        like($policy, qr/default-src 'none'/, "case 89: $what loads nothing");
        unlike($policy, qr/form-action|unsafe/, "case 105: $what does not stop the redirect after Allow");
        is($page->header('Referrer-Policy'), 'no-referrer', "case 90: $what");
        like($page->header('Cache-Control') // '', qr/no-store/, "case 92: $what");
        is($page->header('X-Content-Type-Options'), 'nosniff', "case 89: $what is taken for what it is");
    }
    my $redirect = $browser->decide('allow');
    like($redirect->header('Cache-Control') // '', qr/no-store/, 'case 92: the redirect');
    is($redirect->header('Referrer-Policy'), 'no-referrer', 'case 90: the redirect');
    my $error = $t->http->get($t->authorize_url($client, scope => 'nope'));
    like($error->header('Cache-Control') // '', qr/no-store/, 'case 92: the redirect with an error');
    for my $line (map { $_->headers('Set-Cookie') } values %page) {
        like($line, qr/; HttpOnly(?:;|$)/, 'case 104: no script reads a cookie');
        like($line, qr/; SameSite=Lax(?:;|$)/, 'case 104: no other site posts with it');
        like($line, qr{; Path=/oauth(?:;|$)}, 'case 104: it is for the pages of this host');
        unlike($line, qr/Domain/i, 'case 104: and no other');
        unlike($line, qr/alice/, 'case 104: and says nothing of the user');
    }
}

sub test_sessions {
    my ($t) = @_;
    my $client = $t->client_add('sessions');
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my ($name) = grep { /session/ } keys %{ $t->browser_of('alice')->cookies };
    my $fixed = $browser->cookies->{$name} = 'A' x 43;
    is(state_of($t, $browser, $client), '200 sign-in', 'case 97: an invented session signs nobody in');
    $browser->sign_in('alice', $t->user('alice'));
    isnt($browser->cookies->{$name}, $fixed, 'case 97: the session is a new one after sign-in');
    my $thief = $t->browser;
    $thief->cookies->{$name} = $fixed;
    is(state_of($t, $thief, $client), '200 sign-in', 'case 97: and the planted one is worth nothing');
    $browser->get($t->authorize_url($client, prompt => 'login'));
    my %end = (
        'expired' => sub { $t->sql('UPDATE oauth_session SET expires_at = created_at - 1;') },
        'the user is disabled' => sub { $t->gptoauth('user', 'disable', 'carol') },
        'the user is removed' => sub { $t->gptoauth('user', 'remove', 'carol') },
        'the password was reset' => sub { $t->gptoauth_stdin("another password\n", 'user', 'passwd', 'carol') },
    );
    for my $what (sort keys %end) {
        my $carol = $t->open_request($t->authorize_url($client), user => 'carol');
        my $form = $carol->consent_form;
        $end{$what}->();
        is(state_of($t, $carol->copy, $client), '200 sign-in', "case 97: a session ends: $what");
        is(decided($t, $client, $carol->submit($form, decision => 'allow')), '403 page', "case 97: and the form with it: $what");
        $t->try_gptoauth('', 'user', 'remove', 'carol');
        delete $t->{$_}{carol} for qw(users browsers);
    }
}

sub test_passwords {
    my ($t) = @_;
    my $client = $t->client_add('passwords');
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my $try = sub {
        my ($name, $password) = @_;
        my $page = $browser->submit($browser->form_with('password'), username => $name, password => $password);
        (my $body = $page->body) =~ s/value="[^"]*"//g;
        return ($t->outcome($client, $page), $body);
    };
    my $long = secret('x' x 72);
    $t->user_add('long', $long);
    is(($try->('long', $long . 'y'))[0], '200 sign-in', 'case 102: a password longer than bcrypt looks at');
    is(($try->('long', substr $long, 1))[0], '200 sign-in', 'case 102: one shorter');
    is(($try->('alice', "$t->{users}{alice}\0x"))[0], '400 page', 'case 102: a NUL in it');
    $browser->get($t->authorize_url($client));
    my ($wrong, $wrong_text) = $try->('alice', 'mistaken guess');
    my ($unknown, $unknown_text) = $try->('nobody', 'mistaken guess');
    $t->user_add('off', 'a good password');
    $t->gptoauth('user', 'disable', 'off');
    my ($disabled, $disabled_text) = $try->('off', 'a good password');
    is("$wrong $unknown $disabled", join(' ', ('200 sign-in') x 3), 'case 100: wrong, unknown and disabled are refused');
    is($unknown_text, $wrong_text, 'case 100: an unknown user looks like a wrong password');
    is($disabled_text, $wrong_text, 'case 100: and a disabled one');
    my %time;

    for my $turn (1 .. 3) {
        for my $name ('alice', "nobody$turn") {
            my $began = time;
            $try->($name, 'mistaken guess');
            my ($who, $took) = ($name eq 'alice' ? 'known' : 'unknown', time - $began);
            $time{$who} = $took if $took < ($time{$who} // 99);
        }
    }
    cmp_ok(abs($time{known} - $time{unknown}), '<', 0.5 * $time{known}, 'case 101: both take the time of a hash');
    is(($try->($_, 'mistaken guess'))[0], '200 sign-in', 'case 100: no name of a user is special')
        for '', 'client:x', "a\tb", 'x' x 300, '%s';
    like(($try->('long', $long))[0], qr/^200 consent/, 'case 102: 72 bytes are fine');

    $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my $last;
    $t->begin_window(20);
    for my $number (1 .. 12) {
        $last = $browser->submit($browser->form_with('password'), username => 'dora', password => "wrong $number");
    }
    is($last->status, 429, 'case 100: many wrong passwords have to wait');
    like($last->header('Retry-After') // '', qr/^[1-9]\d*$/, 'case 100: and are told how long');
    is($browser->submit($browser->form_with('password'), username => 'dora', password => 'x')->status, 429,
        'case 100: unknown or not');
    ok($t->open_request($t->authorize_url($client), browser => $t->browser)->has_consent,
        'case 100: other users are not kept out');
}

# httpd has signed the user in: no page of ours asks for a password.
sub test_own_sign_in {
    my ($t) = @_;
    my $client = $t->client_add('basic');
    my $as = sub { my ($name) = @_; return [ Authorization => 'Basic ' . encode_base64("$name:secret", '') ] };
    my $browser = $t->browser;
    my $ask =
        sub { my ($name) = @_; return $t->outcome($client, $browser->get($t->authorize_url($client), headers => $as->($name))) };
    is($browser->get($t->authorize_url($client))->status, 401, "without httpd's sign-in nothing is shown");
    is($ask->('erin'), '200 consent', "httpd's user is asked at once");
    my $form = $browser->consent_form;
    my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form->{fields} }, decision => 'allow' }));
    my $post = sub {
        my ($name) = @_;
        return $t->outcome($client, $browser->request('POST', $form->{action}, body => $body, headers => $as->($name)));
    };
    is($post->('frank'), '403 page', 'case 85: the form of one user, sent by another');
    is($post->('erin'), '303 code', 'and by himself');
    is($t->sql('SELECT username FROM oauth_code;'), 'erin', 'the code is his');
    is($ask->("tab\tbed"), '302 access_denied', 'case 242: a name with a control character is refused');
    $t->gptoauth('user', 'disable', 'erin');
    is($ask->('erin'), '302 access_denied', 'case 248: a disabled user of another sign-in');
}

on_each_db({ cache => 'off' }, sub {
    my ($t) = @_;
    test_forged_forms($t);
    test_consent($t);
    test_headers($t);
    test_sessions($t);
    test_passwords($t);
});

my $basic = <<'EOC';
<Location /oauth/authorize>
    AuthType Basic
    AuthName "the house's own"
    AuthUserFile "%%DIR%%/passwords"
    Require valid-user
</Location>
EOC

on_each_db({ cache => 'off', conf => $basic }, sub {
    my ($t) = @_;
    $t->write_file('passwords', join '', map { "$_:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n" } 'erin', 'frank', "tab\tbed");
    test_own_sign_in($t);
});

done_testing;
