#!/usr/bin/perl
# A hostile page at the issuer's own origin, and elsewhere: what its scripts, frames and forms get of the pages for people, told by
# the headers that browsers send.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

# The headers of a browser, by what it does for a page.
sub by { my ($dest, $site, @more) = @_; return [ 'Sec-Fetch-Dest' => $dest, 'Sec-Fetch-Site' => $site, @more ] }

sub codes { my ($t) = @_; return $t->sql('SELECT count(*) FROM oauth_code;') }

# Refused, without anything that could be sent back.
sub is_refused {
    my ($t, $page, $name) = @_;
    my $has = join ' ', $page->status, $page->body =~ /<form|name="mac"|[?&]code=/ ? 'a form' : (), $page->location // ();
    return is($has, '403', $name);
}

sub test_pages {
    my ($t, $client) = @_;
    my $browser = $t->browser_of('alice');
    my $url = $t->authorize_url($client);
    is($t->outcome($client, $t->open_request($url)->page), '200 consent', 'a signed-in browser without such headers');
    for my $site (qw(none cross-site same-site same-origin)) {
        is($t->outcome($client, $browser->get($url, headers => by('document', $site))), '200 consent', "an app opens it in a window ($site)");
    }
    my $before = length $t->error_log;
    is_refused($t, $browser->get($url, headers => by($_, 'same-origin')), "case 89: to '$_' of its own origin it is not shown")
        for qw(empty iframe frame object embed script style image worker serviceworker Document), '';
    like(substr($t->error_log, $before), qr/GPT122: page refused: .*Sec-Fetch-Dest is iframe: a script, a frame or a service worker/, '... and the log says why');
    is_refused($t, $browser->get($url, headers => by('empty', 'same-origin', Origin => $t->issuer)), 'case 89: a script may not read the form');
    is_refused($t, $browser->get("/elsewhere$url", headers => by('iframe', 'same-origin')), 'case 89: nor where SetHandler puts it');
    is($browser->request('HEAD', $url, headers => by('empty', 'same-origin'))->status, 403, 'case 89: nor by HEAD');
    is_refused($t, $t->browser->get($url, headers => by('iframe', 'cross-site')), 'case 89: the sign-in page neither');
    my $remembered = $t->client_add('remembered');
    $t->code_for($remembered);
    is_refused($t, $browser->get($t->authorize_url($remembered), headers => by('empty', 'same-origin')), 'case 89: no code for a script where consent is remembered');
}

# A form that is genuine in all else, sent with these headers.
sub post {
    my ($t, $browser, $form, $headers, %fields) = @_;
    my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form->{fields} }, %fields }));
    return $browser->copy->request('POST', $form->{action}, body => $body, headers => $headers);
}

sub test_forms {
    my ($t, $client) = @_;
    my $browser = $t->open_request($t->authorize_url($client));
    my $form = $browser->consent_form;
    my $before = codes($t);
    my $log = length $t->error_log;
    my $allow = sub { my ($headers, $name) = @_; return is_refused($t, post($t, $browser, $form, $headers, decision => 'allow'), "case 84: $name") };
    $allow->(by('document', $_), "a form that was sent $_") for qw(cross-site same-site none Same-Origin), '';
    $allow->(by('document', 'cross-site', Origin => $t->issuer), 'whatever Origin is beside it');
    $allow->(by($_, 'same-origin', Origin => $t->issuer), "a form from its own origin into '$_'") for qw(empty iframe);
    like(substr($t->error_log, $log), qr/GPT122: page refused: .*Sec-Fetch-Site is cross-site: another page than one of this server/, '... and the log says why');
    $log = length $t->error_log;
    $allow->([ Origin => $_ ], "a browser without Sec-Fetch: a form from $_")
        for 'https://evil.example', $t->issuer . '0', $t->issuer . '/', uc $t->issuer, 'https://localhost:' . $t->port, '';
    like(substr($t->error_log, $log), qr/GPT122: page refused: .*Origin is https:\/\/evil\.example: another page than one of this server/, '... and the log says why');
    is(codes($t), $before, 'case 84: not one of them made a code');

    my %good = ('its own page' => by('document', 'same-origin', Origin => $t->issuer), 'its own page, as our policy of no referrer makes it' => by('document', 'same-origin', Origin => 'null'),
        'its own page, in an older browser' => [ Origin => 'null' ], 'one with another policy' => [ Origin => $t->issuer ], 'an even older one' => []);
    for my $name (sort keys %good) {
        my $fresh = $t->open_request($t->authorize_url($client));
        is($t->outcome($client, post($t, $fresh, $fresh->consent_form, $good{$name}, decision => 'allow')), '303 code', "a form of $name");
    }

    my $stranger = $t->browser;
    $stranger->get($t->authorize_url($client));
    my %alice = (username => 'alice', password => $t->user('alice'));
    $form = $stranger->form_with('password');
    is_refused($t, post($t, $stranger, $form, by('document', 'cross-site'), %alice), 'case 98: a sign-in form of another site');
    is_refused($t, post($t, $stranger, $form, by('document', 'cross-site', Origin => 'null'), %alice), 'case 98: ... or of a sandbox');
    is($t->outcome($client, post($t, $stranger, $form, by('document', 'same-origin'), %alice)), '200 consent', '... and of the page itself');
}

# RFC 6749 section 3.1: an app may send its request as a form, of which there is nothing to steal.
sub test_requests {
    my ($t, $client) = @_;
    my $body = Test::GptOauth::Http::form($t->authorize_params($client));
    my $post = sub { return $t->outcome($client, $t->http->post('/oauth/authorize', $body, headers => $_[0])) };
    is($post->(by('document', 'cross-site', Origin => 'https://app.example')), '200 sign-in', 'case 37: a request by the form of an app');
    is($post->([ Origin => 'null' ]), '200 sign-in', 'case 37: ... in an older browser');
    is($post->(by('empty', 'cross-site', Origin => 'https://app.example')), '403 page', 'case 89: but not by a script');
    my @script = (headers => by('empty', 'cross-site', Origin => 'https://app.example'));
    is($t->http->get('/.well-known/oauth-authorization-server', @script)->status, 200, 'what is for programs is for scripts');
    is($t->http->post('/oauth/token', 'grant_type=authorization_code', @script)->status, 401, '... as the token URL is');
}

on_each_db({ conf => "<Location /elsewhere/oauth/authorize>\nSetHandler gpt-oauth-authorize\n</Location>" }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes', gpt => 1);
    test_pages($t, $client);
    test_forms($t, $client);
    test_requests($t, $client);
});
done_testing;
