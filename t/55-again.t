#!/usr/bin/perl
# Signing in again because the app asks for it (prompt, max_age), as another user, and whom the app takes the user for.
use strict;
use warnings;
use FindBin;
use Digest::SHA qw(sha1);
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

# Where the browser of this user stands with this request.
sub state_of {
    my ($t, $client, $who, %params) = @_;
    my $browser = ref $who ? $who : $t->browser_of($who);
    return $t->outcome($client, $browser->get($t->authorize_url($client, %params)));
}

sub signed_in { my ($t, $seconds) = @_; return $t->sql("UPDATE oauth_session SET created_at = created_at - $seconds;") }

sub name_of { my ($browser) = @_; return $browser->form_with('password')->{fields}{username} }

# How many passwords the server hashes meanwhile, at the cost of its own.
sub hashes { my ($t, $do) = @_; my $before = length $t->error_log; $do->(); return scalar(() = substr($t->error_log, $before) =~ /GPT025/g) }

sub test_login {
    my ($t, $client) = @_;
    my $browser = $t->browser_of('alice');
    $t->code_for($client);
    is(state_of($t, $client, 'alice'), '302 code', 'signed in, and remembered');
    is(state_of($t, $client, 'alice', prompt => 'login'), '200 sign-in', 'case 322: prompt=login asks for the password');
    is(name_of($browser), 'alice', '... of whom we know');
    my $hashes = hashes($t, sub { is($t->outcome($client, $browser->sign_in('alice', 'a wrong guess')), '200 sign-in', 'case 322: a wrong one does not do') });
    is($hashes, 1, 'case 327: ... for one hash');
    my $before = $browser->copy;
    $hashes = hashes($t, sub { is($t->outcome($client, $browser->sign_in('alice', $t->user('alice'))), '303 code', 'case 322: the right one does, once') });
    is($hashes, 1, 'case 327: ... for one hash as well');
    is($t->outcome($client, $before->get($t->authorize_url($client))), '200 sign-in', '... and ends the session that this browser had before');
    is(state_of($t, $client, 'alice', prompt => 'login'), '200 sign-in', 'case 322: the next request asks again');
    is(state_of($t, $client, 'alice'), '302 code', '... and others do not');
    is(state_of($t, $client, 'alice', prompt => 'login', scope => 'read write'), '200 sign-in', 'case 322: prompt=login with something new');
    is($t->outcome($client, $browser->sign_in('alice', $t->user('alice'))), '200 consent', '... asks for consent then');
    my $tab = $browser->copy;
    $tab->{page} = $browser->page;
    is($t->outcome($client, $browser->decide('deny')), '303 access_denied', '... which is the answer');
    signed_in($t, 5000);
    is($t->outcome($client, $tab->decide('allow')), '403 page', 'case 322: no form is good for who signed in before it began');
    is(state_of($t, $client, 'alice', prompt => 'consent login', scope => 'read'), '200 sign-in', 'case 322: both login and consent');
    is($t->outcome($client, $browser->sign_in('alice', $t->user('alice'))), '200 consent', '... are done one after the other');
}

sub test_age {
    my ($t, $client) = @_;
    is(state_of($t, $client, 'alice', max_age => 3600), '302 code', 'case 322: max_age that has not passed');
    signed_in($t, 4000);
    is(state_of($t, $client, 'alice', max_age => 3600), '200 sign-in', 'case 322: max_age that has');
    is(state_of($t, $client, 'alice', max_age => 3600, prompt => 'none'), '302 login_required', 'case 322: ... with prompt=none');
    is(state_of($t, $client, 'alice', max_age => 100000, prompt => 'none'), '302 code', 'case 322: prompt=none with one that has not');
    is(state_of($t, $client, 'alice', max_age => '9' x 30), '302 code', 'case 322: one without an end');
    is(state_of($t, $client, 'alice', max_age => 0), '200 sign-in', 'case 322: max_age=0');
    my $hashes = hashes($t, sub { is($t->outcome($client, $t->browser_of('alice')->sign_in('alice', $t->user('alice'))), '303 code', '... once') });
    is($hashes, 1, 'case 327: ... for one hash');
    is(state_of($t, $client, 'alice', max_age => $_), '302 invalid_request', "case 322: max_age=$_") for '-1', 'abc', '1 ', '0x10', '1e3';
    is(state_of($t, $client, 'alice', prompt => "none $_"), '302 invalid_request', "case 33: prompt=none $_") for qw(login consent select_account);
}

sub sessions { my ($t, $user) = @_; return $t->sql("SELECT count(*) FROM oauth_session WHERE username = '$user';") }

sub test_switch {
    my ($t, $client) = @_;
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    $browser->sign_in('carol', $t->user('carol'));
    $browser->decide('allow');
    my $page = $browser->get($t->authorize_url($client, state => 'kept', prompt => 'select_account'));
    is($t->outcome($client, $page), '200 consent', 'case 322: select_account shows whom the user is taken for');
    like($page->body, qr/carol.*Use another account/s, '... and lets him be another one');
    my $form = $browser->consent_form;
    is($t->outcome($client, $t->browser->submit($form, decision => 'switch')), '403 page', 'case 300: no other browser signs him out');
    is(sessions($t, 'carol'), 1, '... so that he is still signed in');
    my $tab = $browser->copy;
    is($t->outcome($client, $browser->submit($form, decision => 'switch')), '200 sign-in', 'another account: the sign-in page');
    is(name_of($browser), '', '... without a name');
    is(sessions($t, 'carol') . ' ' . grep({ /session/ } keys %{ $browser->cookies }), '0 0', '... and this browser is signed out');
    is($t->outcome($client, $tab->get($t->authorize_url($client))), '200 sign-in', '... also where the cookie was kept');
    is($t->outcome($client, $browser->sign_in('bob', $t->user('bob'))), '200 consent', 'the other one is asked');
    my $answer = $browser->decide('allow');
    is($t->outcome($client, $answer, state => 'kept'), '303 code', '... for the same request');
    is($t->sql("SELECT count(*) FROM oauth_grant WHERE username = 'bob';"), 1, '... and it is his grant');
}

# Sign in, or not at all.
sub test_cancel {
    my ($t, $client) = @_;
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client, state => 'kept'));
    my $form = $browser->form_with('password');
    is(join(' ', map { $_->[0] } @{ $form->{buttons} }), 'cancel', 'there is another button than the one that signs in');
    is($t->outcome($client, $browser->submit($form, cancel => 'yes'), state => 'kept'), '303 access_denied', '... which leads back to the app');
    like($t->error_log, qr/GPT108: authorization refused: access_denied: The user did not sign in\. \(client \Q$client->{id}\E/, '... and the log says so');
}

sub test_hint {
    my ($t, $client) = @_;
    my $hint = sub {
        my $browser = $t->browser;
        my $page = $browser->get($t->authorize_url($client, login_hint => $_[0]));
        return $t->outcome($client, $page) . ' ' . name_of($browser);
    };
    is($hint->('alice@example.com'), '200 sign-in alice@example.com', 'login_hint is filled in');
    my $page = $t->http->get($t->authorize_url($client, login_hint => qq{"><script>alert(1)</script>\xe2\x80\xae}));
    like($page->body, qr/value="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;"/, 'case 41: ... as text');
    is(length(name_of_hint($t, $client, 'x' x 5000)), 255, '... of at most 255 bytes');
    is(state_of($t, $client, 'alice', login_hint => 'bob'), '302 code', '... and signs nobody out');
    is(state_of($t, $client, 'alice', prompt => 'login', login_hint => 'bob'), '200 sign-in', '... nor in');
    is(name_of($t->browser_of('alice')), 'bob', '... but is what the page has first');
    is($t->outcome_of_sign_in($client, "  alice\t", $t->user('alice')), '303 code', 'blanks around a name are dropped');
    is($t->outcome_of_sign_in($client, $_, $t->user('alice')), '200 sign-in', "'$_' is no name of alice") for 'Alice', 'al ice', "alice\xc2\xa0", '';
}

sub name_of_hint {
    my ($t, $client, $hint) = @_;
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client, login_hint => $hint));
    return name_of($browser);
}

# httpd's own sign-in cannot be told to ask again.
sub test_given {
    my ($t, $client) = @_;
    my @carol = (headers => [ Authorization => 'Basic ' . encode_base64('dora:basic password', '') ]);
    my $browser = $t->browser;
    my $get = sub { return $t->outcome($client, $browser->get('/sso' . $t->authorize_url($client, @_), @carol)) };
    is($get->(prompt => 'login'), '302 login_required', 'case 322: httpd signs in, and prompt=login ends there');
    is($get->(max_age => $_), '302 login_required', "case 322: ... and max_age=$_") for 0, 3600;
    is($get->(max_age => 3600, prompt => 'none'), '302 login_required', 'case 322: ... with prompt=none, too');
    is($get->(prompt => 'select_account'), '200 consent', 'select_account shows who he is');
    unlike($browser->page->body, qr/another account/, '... but httpd signs out, and not the module');
    my $form = $browser->consent_form;
    my $body = Test::GptOauth::Http::form(%{ $form->{fields} }, decision => 'switch');
    is($t->outcome($client, $browser->request('POST', $form->{action}, body => $body, @carol)), '400 page', '... nor if told to');
}

on_each_db({ conf => <<'EOC' }, sub {
LogLevel gpt_oauth:trace1
<Location /sso/oauth/authorize>
    SetHandler gpt-oauth-authorize
    AuthType Basic
    AuthName staff
    AuthBasicProvider file
    AuthUserFile "%%DIR%%/htpasswd"
    Require valid-user
</Location>
EOC
    my ($t) = @_;
    $t->write_file('htpasswd', 'dora:{SHA}' . encode_base64(sha1(secret('basic password'))));
    my $client = $t->client_add('notes');
    test_login($t, $client);
    test_age($t, $client);
    test_switch($t, $client);
    test_cancel($t, $client);
    test_hint($t, $client);
    test_given($t, $client);
});
done_testing;
