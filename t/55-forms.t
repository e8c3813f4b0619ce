#!/usr/bin/perl
# Sign-in and consent: the forms are bound to a browser and a user, and consent to what was asked.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(hmac_sha256 sha1);
use IO::Select;
use MIME::Base64 qw(encode_base64url encode_base64);
use Test::More;
use Time::HiRes ();
use Test::GptOauth;

# The MAC of a form, as the owner of the transaction cookie can compute it: stage 0 is sign-in, 1 consent.
sub mac {
    my ($t, $key, $stage, $username, $id, $request, $shown) = @_;
    my $text = join ' ', $stage, map { length($_) . ":$_" } $t->issuer, $username, $id, $request, $shown;
    return encode_base64url(hmac_sha256($text, $key));
}

sub key_of {
    my ($browser) = @_;
    my ($name) = grep { /form/ } keys %{ $browser->cookies };
    return $browser->cookies->{$name};
}

sub codes { my ($t) = @_; return $t->sql('SELECT count(*) FROM oauth_code;') }

# A consent form that the owner of the cookie makes himself.
sub forge {
    my ($t, $browser, $form, %change) = @_;
    my %field = (%{ $form->{fields} }, %change);
    my $user = delete $field{user} // '';
    delete @field{qw(username password)};
    $field{shown} = 'read||';
    $field{mac} = mac($t, key_of($browser), 1, $user, @field{qw(transaction request shown)});
    return $browser->submit({ %$form, fields => \%field });
}

sub test_forgery {
    my ($t, $client) = @_;
    my $url = $t->authorize_url($client);
    my $browser = $t->browser;
    $browser->get($url);
    my $form = $browser->form_with('password');
    my $before = codes($t);

    is($t->outcome($client, forge($t, $browser, $form, decision => 'allow')), '403 page', 'case 84: Allow when nobody is signed in');
    is($t->outcome($client, forge($t, $browser, $form, decision => 'allow', user => 'alice')), '403 page',
        "case 84: nor in somebody's name");
    unlike($t->error_log, qr/null value|NOT NULL/i, 'case 84: and it does not get as far as the database');

    $browser = $t->open_request($url, browser => $browser);
    $form = $browser->consent_form;
    my $id = $form->{fields}{transaction};
    my $time = time;
    my %id = (
        'a single letter' => 'a',
        'nothing but the random part' => substr($id, 0, 22),
        'no time' => substr($id, 0, 23),
        'a far future' => substr($id, 0, 22) . '.99999999999',
        'an hour ago' => substr($id, 0, 22) . '.' . ($time - 3700),
        'a long number' => substr($id, 0, 22) . '.' . '1' x 40,
        'nine thousand bytes' => 'A' x 9000,
        'no base64url' => '!' x 22 . ".$time",
        'text behind it' => "${id}x"
    );
    is($t->outcome($client, forge($t, $browser, $form, decision => 'allow', user => 'alice', transaction => $id{$_})),
        '403 page', "case 86: a transaction with $_") for sort keys %id;
    is($t->outcome($client, $browser->submit($form, decision => 'allow', mac => '')), '403 page', 'case 84: no MAC');
    is($t->outcome($client, $browser->submit($form, decision => 'allow', mac => 'A' x 43)), '403 page', 'case 84: another MAC');
    my $altered = $form->{fields}{request} =~ s/scope=read/scope=admin/r;
    is($t->outcome($client, $browser->submit($form, decision => 'allow', request => $altered)), '403 page', 'case 86: an altered request');
    is($t->outcome($client, $browser->submit($form, decision => 'maybe')), '400 page', 'case 86: neither allow nor deny');
    is($t->outcome($client, $browser->submit($form, username => 'alice', password => $t->user('alice'))), '403 page',
        'case 98: a consent form is no sign-in form');

    my $thief = $t->browser;
    $thief->get($url);
    is($t->outcome($client, $thief->submit($form, decision => 'allow')), '403 page', "case 85: another browser's form");
    my $other = $t->open_request($url, user => 'bob', browser => $t->browser);
    $other->cookies->{$_} = $browser->cookies->{$_} for grep { /form/ } keys %{ $browser->cookies };
    is($t->outcome($client, $other->submit($form, decision => 'allow')), '403 page', "case 85: another user's form, with the right cookie");
    my $bare = $t->browser;
    is($t->outcome($client, $bare->submit($form, decision => 'allow')), '403 page', 'case 84: a form without any cookie');
    is(codes($t), $before, 'cases 84 to 86: not one of them left a code');

    is($t->outcome($client, $browser->submit($form, decision => 'allow')), '303 code', 'case 88: the form itself works');
    is(codes($t), $before + 1, 'case 88: once');
}

# What the user sees is what he allows, also if the server thinks otherwise by then.
sub test_shown {
    my ($t) = @_;
    my $client = $t->client_add('shown', gpt => 1, scope => 'read');
    my $browser = $t->open_request($t->authorize_url($client, scope => 'read write'), browser => $t->browser);
    $t->sql("UPDATE oauth_client SET scope = 'read write' WHERE id = '$client->{id}';");
    is($t->outcome($client, $browser->decide('allow')), '403 page', 'case 86: a form that showed less than it would give now');
}

# Whoever signs in while the password is changed is out, as everybody is.
sub test_reset {
    my ($t, $client) = @_;
    my $password = $t->user('carol');
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my $form = $browser->form_with('password');
    my $body = Test::GptOauth::Http::form(%{ $form->{fields} }, username => 'carol', password => $password);
    my $cookies = $browser->cookies;
    my @headers = (
        'Content-Type' => 'application/x-www-form-urlencoded', 'Content-Length' => length $body,
        Cookie => join('; ', map { "$_=$cookies->{$_}" } sort keys %$cookies)
    );
    my $socket = $t->http->connect_now->{socket};
    my $hash = crypt $password, '$2y$12$abcdefghijklmnopqrstuu';
    $t->sql("UPDATE oauth_user SET password_hash = '$hash' WHERE name = 'carol';");
    # bcrypt takes a quarter of a second, whatever this build takes for its own, in which the hash becomes another one's.
    print {$socket} $t->http->build('POST', '/oauth/authorize', headers => \@headers, body => $body);
    $socket->flush;
    Time::HiRes::sleep(0.1);
    $t->sql("UPDATE oauth_user SET password_hash = '" . substr($hash, 0, -1) . "x' WHERE name = 'carol';");
    IO::Select->new($socket)->can_read(10);
    sysread $socket, my $answer, 65536;
    is($t->sql("SELECT count(*) FROM oauth_session WHERE username = 'carol';"), 0, 'case 97: no session of a password that was changed meanwhile');
    unlike($answer, qr/name="decision"/, 'case 97: nor a consent page');
}

sub test_tabs {
    my ($t, $client) = @_;
    my $first = $t->open_request($t->authorize_url($client, state => 'one'), browser => $t->browser);
    my $second = $first->copy;
    $second->get($t->authorize_url($client, state => 'two'));
    is($t->outcome($client, $first->decide('allow'), state => 'one'), '303 code', 'case 88: two tabs: the first');
    is($t->outcome($client, $second->decide('deny'), state => 'two'), '303 access_denied', 'case 88: and the second');
}

sub test_session {
    my ($t, $client) = @_;
    my $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    my ($name) = map { s/form/session/r } grep { /form/ } keys %{ $browser->cookies };
    $browser->cookies->{$name} = 'A' x 43;
    $browser->sign_in('alice', $t->user('alice'));
    isnt($browser->cookies->{$name}, 'A' x 43, 'case 97: the session is a new one after sign-in');
    # The closing look at the log finds it if it is there.
    $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    $browser->sign_in(secret('a password in the wrong field'), 'x');
    like($t->error_log, qr/GPT023: sign-in of somebody/, 'a name that nobody has is not logged: it may be a password');
    my $page = $t->browser->get($t->authorize_url($client));
    is($page->header('X-Frame-Options'), 'DENY', 'case 89: no page can be framed');
    like($page->header('Content-Security-Policy'), qr/frame-ancestors 'none'/, 'case 89: in either way');
    unlike($page->header('Content-Security-Policy'), qr/form-action/, 'case 105: the policy does not stop the redirect after Allow');
}

sub test_remembered {
    my ($t) = @_;
    my $client = $t->client_add('remembered');
    my $answer = sub {
        my (%params) = @_;
        my $browser = $t->browser_of('alice');
        return $t->outcome($client, $browser->get($t->authorize_url($client, %params)));
    };
    $t->code_for($client);
    is($answer->(), '302 code', 'case 94: the same again is not asked');
    is($answer->(scope => 'read write'), '200 consent', 'case 94: more scope is');
    is($answer->(prompt => 'consent'), '200 consent', 'case 34: and so is prompt=consent');

    my $bound = 'http://localhost:' . $t->port . '/api';
    is($answer->(resource => $bound), '200 consent', 'case 94: another resource is asked');
    my $narrow = $t->client_add('narrow');
    $t->code_for($narrow, params => { resource => $bound });
    $client = $narrow;
    is($answer->(resource => $bound), '302 code', 'case 94: the same resource is not');
    is($answer->(), '200 consent', 'case 94: no resource, so every Location, is');

    for my $kind (qw(public gpt)) {
        $client = $t->client_add("always $kind", $kind => 1);
        $t->code_for($client);
        is($answer->(), '200 consent', "case 93: a client made with --$kind asks each time");
    }
}

# httpd's own sign-in: the page of the module must have no say.
sub test_given {
    my ($t, $client) = @_;
    my @carol = (Authorization => 'Basic ' . encode_base64('carol:basic password', ''));
    my $browser = $t->browser;
    my $page = $browser->get('/sso' . $t->authorize_url($client), headers => \@carol);
    is($t->outcome($client, $page), '200 consent', 'httpd signs in: no page asks for a password');
    my $form = $browser->consent_form;
    my %forged = (%{ $form->{fields} }, shown => '', username => 'alice', password => $t->user('alice'));
    $forged{mac} = mac($t, key_of($browser), 0, '', @forged{qw(transaction request shown)});
    my $answer = $browser->request('POST', $form->{action}, body => Test::GptOauth::Http::form(%forged), headers => \@carol);
    is($t->outcome($client, $answer), '403 page', 'case 98: a sign-in form where httpd has signed somebody in');
}

on_each_db({ conf => <<'EOC' }, sub {
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
    $t->write_file('htpasswd', 'carol:{SHA}' . encode_base64(sha1(secret('basic password'))));
    my $client = $t->client_add('notes', gpt => 1);
    test_remembered($t);
    test_forgery($t, $client);
    test_shown($t);
    test_reset($t, $client);
    test_tabs($t, $client);
    test_session($t, $client);
    test_given($t, $client);
});
done_testing;
