#!/usr/bin/perl
# A one-time password opens nothing but the choice of another one; then the sign-in goes on where it began.
use strict;
use warnings;
use FindBin;
use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Process qw(slurp);
use Test::GptOauth::Secrets;

my $conf = <<'EOC';
LogLevel gpt_oauth:trace1
GPTOAuthAdmin root
<Location /plain.txt>
    AuthType Basic
    AuthName x
    AuthBasicProvider gpt-oauth
    Require valid-user
</Location>
EOC

my $next = 0;
sub words { return secret('new horse battery ' . ++$next) }

# A user, whose one-time password was just set by ada.
sub newcomer {
    my ($t, $name) = @_;
    my $set = $t->{users}{$name} ? 'passwd' : 'add';
    my $made = $t->gptoauth_json('user', $set, $name, '--one-time');
    $t->sql("UPDATE oauth_user SET one_time_by = 'ada', one_time_at = 1800000000 WHERE name = '$name';");
    return $t->{users}{$name} = secret($made->{one_time_password});
}

sub shows { my ($browser, $words) = @_; return $browser->page->body =~ /$words/ ? 1 : 0 }

sub chooses { return $_[0]->page->status == 200 && shows($_[0], '<h1>Choose a new password') }

sub sessions { my ($t, $name) = @_; return $t->sql("SELECT count(*) FROM oauth_session WHERE username = '$name';") }

# A browser that shows where to choose.
sub at_choice {
    my ($t, $url, $name, $password) = @_;
    my $browser = $t->browser;
    $browser->get($url);
    $browser->submit($browser->form_with('password'), username => $name, password => $password);
    return $browser;
}

sub choose { my ($browser, $password, %more) = @_; return $browser->submit($browser->form_with('new_password'), new_password => $password, %more) }

# What was logged meanwhile.
sub logged { my ($t, $do) = @_; my $before = length $t->error_log; $do->(); return substr $t->error_log, $before }

sub refused_there { my ($browser) = @_; return $browser->page->status == 403 && shows($browser, '<h1><bdi>Sign in again<') }

sub test_flow {
    my ($t) = @_;
    my $gpt = $t->client_add('gpt', gpt => 1, redirect => 'https://chat.openai.com/aip/g-1/oauth/callback');
    my $password = newcomer($t, 'nina');
    my $browser = $t->browser;
    $browser->get($t->authorize_url($gpt, prompt => 'login', max_age => 60, ui_locales => 'de', login_hint => 'nina'));
    is($browser->form_with('password')->{fields}{username}, 'nina', 'login_hint is followed');
    my $said = logged($t, sub { $browser->submit($browser->form_with('password'), username => 'nina', password => $password) });
    is(scalar(() = $said =~ /GPT025/g), 1, 'a one-time password costs one hash');
    unlike($said, qr/GPT015/, '... and signs nobody in');
    ok(shows($browser, '<h1>Neues Passwort'), 'the page to choose another one, in the language of the request');
    ok(shows($browser, '<(?:b|bdi|strong)[^>]*>(?:<bdi>)?ada.* hat es am .*2027-01-15 08:00 UTC'), '... says who set it, and when');
    my ($form) = $browser->form_with('new_password');
    is(join(' ', grep { defined $form->{fields}{$_} } qw(password)), '', '... asks for the new one alone');
    is(index($browser->page->body, $password), -1, '... and does not hold the one-time one');
    is(join(' ', grep { !/form/ } keys %{ $browser->cookies }), '', 'no cookie of a session or of a known browser');
    is(sessions($t, 'nina'), 0, '... and no session');
    my $new = words();
    $said = logged($t, sub { choose($browser, $new) });
    ok($browser->has_consent, 'once chosen, the waiting request goes on');
    is(scalar(() = $said =~ /GPT025/g), 1, '... after a look whether it is another one');
    like($said, qr/GPT017: user nina chose a password in place of the one-time one.*GPT015: user nina signed in from 127\.0\.0\.1, by a one-time password/s, '... and the log says both');
    is(scalar(grep { !/form/ } keys %{ $browser->cookies }), 2, '... with the cookies of any sign-in');
    is($t->outcome($gpt, $browser->decide('allow')), '303 code', '... to its end');
    my @audit = grep { ($_->{user} // '') eq 'nina' } map { JSON::PP::decode_json($_) } grep { length } split /\n/, slurp("$t->{dir}/audit.log");
    is(join(' ', map { "$_->{event}:$_->{result}" } @audit[0, 1]), 'password:ok sign-in:ok', 'the audit log has password and sign-in');
    is($t->outcome_of_sign_in($gpt, 'nina', $password), '200 sign-in', 'the one-time password has ended');
    is($t->outcome_of_sign_in($gpt, 'nina', $new), '200 consent', '... and the new one signs in');
    is($t->sql("SELECT count(*) FROM oauth_user WHERE name = 'nina' AND one_time_until IS NULL AND one_time_by IS NULL;"), 1, '... and is her own');
    return;
}

sub test_pages {
    my ($t) = @_;
    my $browser = at_choice($t, '/oauth/apps', 'peter', newcomer($t, 'peter'));
    ok(chooses($browser), 'from the page of apps');
    $browser->follow(choose($browser, words()));
    ok(shows($browser, 'Your apps at'), '... and back to it');
    $browser = at_choice($t, '/oauth/console?show=users', 'root', newcomer($t, 'root'));
    ok(chooses($browser), 'from the console');
    my $response = choose($browser, words());
    is($response->status . ' ' . $response->location, '303 /oauth/console?show=users', '... and back to what was wanted there');
    my $client = $t->client_add('cancelled');
    $browser = at_choice($t, $t->authorize_url($client), 'peter', newcomer($t, 'peter'));
    is($browser->submit($browser->form_with('new_password'), new_password => '')->status, 200, 'no new password at all');
    ok(chooses($browser), '... is asked for again');
    my ($form) = $browser->form_with('new_password');
    is($t->outcome($client, $browser->submit($form, cancel => 'yes', new_password => '')), '303 access_denied', 'Cancel goes back to the app');
    return;
}

sub test_nothing_else {
    my ($t, $client) = @_;
    my $own = $t->user('carla');
    my $browser = $t->browser;
    $browser->get('/oauth/apps');
    $browser->sign_in('carla', $own);
    my $tokens = $t->tokens_for($client, user => 'carla');
    my $basic = sub { $t->http->get('/plain.txt', headers => [ Authorization => Test::GptOauth::Flow::basic('carla', $_[0]) ])->status };
    is($basic->($own), 200, 'her own password opens what AuthBasicProvider gpt-oauth guards');
    my $password = newcomer($t, 'carla');
    ok(!$t->token_works($tokens->{access_token}), 'a one-time password ends what was granted');
    $browser->get('/oauth/apps');
    ok($browser->has_sign_in, '... and the sessions');
    my $status;
    my $said = logged($t, sub { $status = $basic->($password) });
    is($status, 401, 'a one-time password is a wrong one to AuthBasicProvider');
    my @lines = $said =~ /(GPT023: .*)/g;
    is(scalar @lines, 1, '... of which one line says why');
    like($lines[0], qr/sign-in of carla from 127\.0\.0\.1 failed: it is a one-time password, which is good for the sign-in page alone/, '... in words');
    is(scalar(() = $said =~ /GPT025/g), 1, '... after the one hash that a wrong password costs');
    is($t->outcome($client, $t->browser->get($t->authorize_url($client, prompt => 'none'))), '302 login_required', 'prompt=none');
    $browser = at_choice($t, $t->authorize_url($client), 'carla', $password);
    ok(chooses($browser), 'at the sign-in page there is the choice');
    is($t->outcome($client, $browser->get($t->authorize_url($client, prompt => 'none'))), '302 login_required', '... which is no sign-in for prompt=none');
    $browser->get('/oauth/apps');
    ok($browser->has_sign_in, '... nor for the page of apps');
    test_present($t);
    return;
}

# Where a session is left, as none is: the password of the user is made a one-time one behind its back.
sub test_present {
    my ($t) = @_;
    my $own = $t->user('dolly');
    my $browser = $t->browser;
    $browser->get('/oauth/apps');
    $browser->sign_in('dolly', $own);
    $t->sql("UPDATE oauth_user SET password_hash = 'one-time ' || password_hash, one_time_until = 9999999999, one_time_at = 1, one_time_by = 'ada' WHERE name = 'dolly';");
    $browser->get('/oauth/apps?password=');
    my $said = logged($t, sub { $browser->submit($browser->form_with('new_password'), password => $own, new_password => words(), action => 'password') });
    ok(shows($browser, 'The current password is wrong'), 'a one-time password is no current one to the page of apps');
    is(join('|', $said =~ /GPT023: (.*)/g), 'sign-in of dolly from 127.0.0.1 failed: it is a one-time password, which is good for the sign-in page alone', '... and one line says why');
    return;
}

sub test_refusals {
    my ($t, $client) = @_;
    my $url = $t->authorize_url($client);
    my $password = newcomer($t, 'olga');
    my $browser = at_choice($t, $url, 'olga', $password);
    choose($browser, 'short');
    ok(chooses($browser) && shows($browser, 'must have at least 8 characters'), 'a short one is refused');
    choose($browser, 'x' x 73);
    ok(chooses($browser) && shows($browser, 'at most 72 bytes'), '... and a long one');
    choose($browser, $password);
    ok(chooses($browser) && shows($browser, 'Choose another password than the one'), '... and the one-time one itself');
    my $again = $browser->copy;
    my ($form) = $browser->form_with('new_password');
    choose($browser, words());
    ok($browser->has_consent, 'and then a good one is taken');
    $again->submit($form, new_password => words());
    ok(refused_there($again), 'a form is good once');
    ok(shows($again, 'href="/oauth/authorize\?'), '... and its page leads back to the request');
    is(sessions($t, 'olga'), 1, '... and signs nobody in');

    $browser = at_choice($t, $url, 'olga', newcomer($t, 'olga'));
    newcomer($t, 'olga');
    choose($browser, words());
    ok(refused_there($browser), 'another one-time password was set in between');
    $browser = at_choice($t, $url, 'olga', newcomer($t, 'olga'));
    $t->sql("UPDATE oauth_user SET password_hash = (SELECT password_hash FROM oauth_user WHERE name = 'peter') WHERE name = 'olga';");
    choose($browser, words());
    ok(refused_there($browser), '... by whatever way: a form is for the password that it followed');
    my $own = words();
    $browser = at_choice($t, $url, 'olga', newcomer($t, 'olga'));
    $t->gptoauth_stdin("$own\n", qw(user passwd olga));
    choose($browser, words());
    ok(refused_there($browser), 'a password of her own was set in between');
    is($t->outcome_of_sign_in($client, 'olga', $own), '200 consent', '... which stays');

    $browser = at_choice($t, $url, 'olga', newcomer($t, 'olga'));
    $t->gptoauth(qw(user disable olga));
    choose($browser, words());
    ok(refused_there($browser), 'she was disabled in between');
    $t->gptoauth(qw(user enable olga));

    $password = newcomer($t, 'olga');
    $browser = at_choice($t, $url, 'olga', $password);
    $t->sql("UPDATE oauth_user SET one_time_until = " . (time - 1) . " WHERE name = 'olga';");
    my $said = logged($t, sub { choose($browser, words()) });
    ok(refused_there($browser), 'it expired in between');
    like($said, qr/GPT120: .*has no one-time password any more, or it is too old/, '... as the log says');
    $said = logged($t, sub { is($t->outcome_of_sign_in($client, 'olga', $password), '200 sign-in', 'an expired one is a wrong one') });
    like($said, qr/GPT023: sign-in of olga from 127\.0\.0\.1 failed: the one-time password is too old/, '... and the log has a reason of its own');
    is(sessions($t, 'olga'), 0, 'and none of these signed in');
    return;
}

# What the owner of the cookie can seal himself.
sub sealed {
    my ($t, $browser, $stage, $user, $id) = @_;
    my ($name) = grep { /form/ } keys %{ $browser->cookies };
    my $request = $browser->form_with('transaction')->{fields}{request};
    my $text = join ' ', $stage, map { length($_) . ":$_" } $t->issuer, $user, $id, $request, '';
    my $mac = encode_base64url(hmac_sha256($text, $browser->cookies->{$name}));
    return { method => 'POST', action => '/oauth/authorize', fields => { transaction => $id, request => $request, shown => '', mac => $mac, username => $user } };
}

sub test_forgery {
    my ($t, $client) = @_;
    my $url = $t->authorize_url($client);
    my ($password, $mallorys) = map { newcomer($t, $_) } qw(paula mallory);
    my $browser = at_choice($t, $url, 'mallory', $mallorys);
    my $form = $browser->form_with('new_password');
    my $tries = sub { my ($form, %fields) = @_; $browser->submit($form, new_password => words(), %fields); return $browser->page->status . ' ' . sessions($t, 'paula') };
    is($tries->($form, username => 'paula'), '403 0', "somebody else's name in a form");
    my $id = $form->{fields}{transaction};
    $browser = at_choice($t, $url, 'mallory', $mallorys);
    is($tries->(sealed($t, $browser, 4, 'paula', $id)), '403 0', "a form sealed by whoever has the cookie, for somebody else");
    ok(refused_there($browser), '... is none that followed a password');
    $browser->get($url);
    my $fresh = encode_base64url(join '', map { chr int rand 256 } 1 .. 16) . '.' . time;
    is($tries->(sealed($t, $browser, 4, 'paula', $fresh)), '403 0', '... with an id of his own');
    $browser->get($url);
    is($tries->(sealed($t, $browser, 0, '', $fresh), username => 'paula'), '403 0', 'a sign-in form is none to choose by');
    $browser = at_choice($t, $url, 'mallory', $mallorys);
    $form = $browser->form_with('new_password');
    is($tries->($form, mac => 'x' x 43), '403 0', 'a form without its seal');
    my $stranger = $t->browser;
    $stranger->get($url);
    $stranger->submit($form, new_password => words());
    is($stranger->page->status, 403, 'the form in another browser');
    my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form->{fields} }, new_password => words() }));
    is($browser->request('POST', '/oauth/authorize', body => $body, headers => [@$_])->status, 403, "a form sent by another site: @$_")
        for [ 'Sec-Fetch-Site' => 'cross-site' ], [ Origin => 'https://evil.example' ];
    $browser->submit($form, new_password => words());
    ok($browser->has_consent, 'and as it is it works');
    is($t->outcome($client, at_choice($t, $url, 'paula', $password)->page), '200 page', "paula's password is as it was");
    return;
}

sub test_two_at_once {
    my ($t, $client) = @_;
    my $browser = at_choice($t, $t->authorize_url($client), 'quinn', newcomer($t, 'quinn'));
    my $form = $browser->form_with('new_password');
    my $cookie = join '; ', map { "$_=$browser->{cookies}{$_}" } sort keys %{ $browser->cookies };
    my @new = map { words() } 1 .. 2;
    my @requests = map {
        [ 'POST', '/oauth/authorize', body => Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form->{fields} }, new_password => $_ })),
            headers => [ Cookie => $cookie, 'Content-Type' => 'application/x-www-form-urlencoded' ] ]
    } @new;
    my @answers = $t->http->parallel(\@requests);
    is(join(' ', sort map { $_->status } @answers), '200 403', 'two answers at once: one wins');
    is(sessions($t, 'quinn'), 1, '... and is signed in');
    is(scalar(grep { $t->outcome_of_sign_in($client, 'quinn', $_) eq '200 consent' } @new), 1, '... by the password that it chose');
    return;
}

sub test_throttle {
    my ($t, $client) = @_;
    my $password = newcomer($t, 'rosa');
    my $browser = $t->browser;
    my $status = 200;
    for (1 .. 12) {
        $browser->get($t->authorize_url($client));
        $status = $browser->submit($browser->form_with('password'), username => 'rosa', password => 'no such horse')->status;
        last if $status == 429;
    }
    is($status, 429, 'wrong ones are counted');
    is($browser->submit($browser->form_with('password'), username => 'rosa', password => $password)->status, 429, '... and then the right one has to wait as well');
    return;
}

on_each_db({ conf => $conf }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    test_flow($t);
    test_pages($t);
    test_nothing_else($t, $client);
    test_refusals($t, $client);
    test_forgery($t, $client);
    test_two_at_once($t, $client);
    test_throttle($t, $client);
});

done_testing;
