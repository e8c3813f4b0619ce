#!/usr/bin/perl
# Authorization requests: what is accepted, which errors go to the client and which stay on a page of ours.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $callback = 'https://chatgpt.com/aip/g-1bc9e788468a358cb5138906b5c6d706d0ecb2cc/oauth/callback';
my $evil = 'https://evil.example/';

# A page that leads nowhere: neither a redirect nor a link repeats what the request said.
sub is_page {
    my ($t, $target, $name) = @_;
    my $response = $t->http->get($target);
    is(
        join(' ', $t->outcome({ redirect_uri => 'none' }, $response), $response->body =~ /evil\.example/ ? 'with a link' : ()),
        '400 page', $name
    );
}

sub codes { my ($t) = @_; return $t->sql('SELECT count(*) FROM oauth_code;') }

sub test_client_and_redirect {
    my ($t, $client) = @_;
    my $two = $t->client_add('two', redirect => [ 'https://rp.example/cb', 'https://rp.example/cb2' ]);
    my $url = sub { $t->authorize_url($client, @_) };

    is_page($t, $url->(client_id => 'nope', redirect_uri => $evil), 'case 1: an unknown client gets a page');
    is_page($t, $url->(client_id => undef, redirect_uri => $evil), 'case 2: so does a missing client_id');
    is_page($t, '/oauth/authorize?response_type=code', 'case 2: and a request of almost nothing');
    is_page($t, '/oauth/authorize', 'case 2: and one without a query');
    is_page($t, $t->authorize_url($two, redirect_uri => undef), 'case 4: no redirect_uri, but two are registered');
    is($t->ask($client, { redirect_uri => undef }), '200 sign-in', 'case 4: one registered URI need not be repeated');
    is_page($t, $url->(response_type => 'bogus', redirect_uri => $evil),
        'case 5: a bad response_type, unregistered redirect_uri');
    is_page($t, $url->(response_type => undef, redirect_uri => $evil), 'case 5: no response_type, unregistered redirect_uri');
    is_page($t, $url->(scope => 'nope', redirect_uri => $evil), 'case 6: a bad scope, unregistered redirect_uri');

    my $given = Test::GptOauth::Http::form(redirect_uri => $client->{redirect_uri});
    my $other = Test::GptOauth::Http::form(redirect_uri => $evil);
    my $rest = $url->(redirect_uri => undef);
    is_page($t, "$rest&$given&$other", 'case 12: redirect_uri twice, the bad one last');
    is_page($t, "$rest&$other&$given", 'case 12: redirect_uri twice, the bad one first');
    is_page($t, "$rest&$given&$given", 'case 12: redirect_uri twice, the same one');
    is_page($t, $url->() . "&client_id=$two->{id}", 'case 13: client_id twice');
    is_page($t, $url->() . "&client_id=$client->{id}", 'case 13: client_id twice, the same one');
    is_page($t, $url->(client_id => ''), 'case 17: an empty client_id is a missing one');

    for my $parameter (qw(error_hint error_description error state)) {
        my $response = $t->http->get($url->(client_id => 'nope', $parameter => '<b>xyzzy</b>'));
        unlike($response->body, qr/xyzzy/, "case 41: $parameter is not reflected");
    }
}

sub test_errors_to_the_client {
    my ($t, $client) = @_;
    is($t->ask($client, { response_type => undef }), '302 invalid_request', 'case 8: missing response_type');
    is($t->ask($client, { response_type => '' }), '302 invalid_request', 'case 17: an empty response_type is a missing one');
    for my $type ('token', 'code token', 'code id_token', 'id_token', 'none', 'CODE') {
        my $response = $t->http->get($t->authorize_url($client, response_type => $type));
        is($t->outcome($client, $response), '302 unsupported_response_type', "case 10: response_type=$type");
        unlike($response->location, qr/#|access_token/, "case 9: nothing in the fragment for response_type=$type");
    }
    for my $name (qw(scope response_type code_challenge code_challenge_method)) {
        is($t->ask($client, {}, "&$name=read"), '302 invalid_request', "case 14: $name twice");
    }
    is($t->ask($client, { state => undef }, '&state=a&state=b'), '302 invalid_request', 'case 14: state twice is not echoed');
    is($t->ask($client, { scope => 'nope' }), '302 invalid_scope', 'case 20: no scope is left');
    for my $scope ('"x"', 'a\\b', "a\0b", "\xc3\xa9", "read\x7f", "read\twrite") {
        my $response = $t->http->get($t->authorize_url($client, scope => $scope));
        my $description = $response->answer->{error_description} // '';
        is($t->outcome($client, $response), '302 invalid_scope', 'case 21: a byte that no scope may hold');
        unlike($description, qr/[^\x20-\x21\x23-\x5b\x5d-\x7e]/, 'case 21: the description holds only what RFC 6749 allows');
    }
    is($t->ask($client, { scope => undef }, '&scope=%FF%FE'), '302 invalid_scope', 'case 21: a scope that is not UTF-8');
    is($t->ask($client, { prompt => 'none' }), '302 login_required', 'case 32: prompt=none and nobody is signed in');
    is($t->ask($client, { prompt => 'none login' }), '302 invalid_request', 'case 33: prompt=none login');
    for my $mode (qw(form_post fragment jwt)) {
        my $response = $t->http->get($t->authorize_url($client, response_mode => $mode));
        is($t->outcome($client, $response), '302 invalid_request', "case 36: response_mode=$mode is refused in the query");
    }
    is($t->ask($client, { response_mode => 'query' }), '200 sign-in', 'case 36: response_mode=query is what we do');
}

sub test_accepted {
    my ($t, $client, $gpt) = @_;
    my $tokens = $t->tokens_for($gpt, params => { scope => '', state => '' });
    is($tokens->{scope}, 'read', 'case 16: an empty scope is the default one');
    is($tokens->{grant}{state}, undef, 'case 16: an empty state is not echoed');
    is($t->tokens_for($gpt, params => { scope => undef })->{scope}, 'read', 'case 16: and so is none at all');

    ok($t->code_for($client, params => { foo => 'bar', nonce => 'x', audience => 'y' })->{code}, 'case 18: unknown parameters');
    is($t->tokens_for($client, params => { scope => 'read nope' })->{scope}, 'read', 'case 20: an unknown scope is dropped');
    for my $row ([ 'openid', 'read' ], [ 'openid profile email address phone', 'read' ], [ 'openid offline_access', 'offline_access read' ]) {
        my ($scope, $granted) = @$row;
        is($t->tokens_for($client, params => { scope => $scope })->{scope}, $granted, "case 20: $scope means the default scopes");
    }
    is($t->tokens_for($client, params => { scope => 'openid email write' })->{scope}, 'write', "case 20: beside a scope OpenID's words mean nothing");
    is($t->ask($client, { scope => "openid $_" }), '302 invalid_scope', "case 20: openid $_ is not all OpenID's") for qw(nope Profile);
    my $narrow = $t->client_add('narrow', scope => 'write hello');
    is($t->tokens_for($narrow, params => { scope => $_ })->{scope}, 'hello write', 'case 16: a client\'s own scope is its default') for undef, '', 'openid';
    is($t->ask($narrow, { scope => 'openid read' }), '302 invalid_scope', 'case 20: a scope that the client may not have');
    is($t->tokens_for($client, params => { scope => ' write  read read ' })->{scope}, 'read write', 'case 22: one order');
    is($t->tokens_for($client, params => { scope => 'write,read' })->{scope}, 'read write', 'case 22: commas separate too');

    my $grant = $t->code_for($client, params => { state => undef });
    ok($grant->{code} && !exists $grant->{state}, 'case 25: no state in, none out');
    my $nasty = "+ &=\xc3\xa9\r\nSet-Cookie: evil=1\r\n\r\n<x>" x 40;
    $grant = $t->code_for($t->client_add('state'), params => { state => $nasty });
    is($grant->{state}, $nasty, 'case 24: a nasty state of ' . length($nasty) . ' bytes comes back with the code');
    is(scalar(grep { /evil/ } $grant->{response}->headers('Set-Cookie')), 0, 'case 24: and splits no header');
    is($t->ask($client, { state => $nasty, response_type => 'x' }), '302 unsupported_response_type',
        'case 24: and with an error');

    my $response = $grant->{response};
    is($response->status, 303, 'case 28: the redirect after Allow turns POST into GET');
    is($grant->{iss}, $t->issuer, 'case 30: iss with a code');
    is($t->http->get($t->authorize_url($client, scope => 'nope'))->answer->{iss}, $t->issuer, 'case 30: iss with an error');

    my $browser = $t->open_request($t->authorize_url($t->client_add('fragment')));
    unlike($browser->consent_form->{action}, qr/#/,
        'case 29: the form names no fragment, so that the code comes without');
    unlike($browser->decide('allow')->location, qr/#/, 'case 29: and none is added');
}

sub test_prompt {
    my ($t) = @_;
    my $client = $t->client_add('prompt');
    my $browser = $t->browser_of('alice');
    my $outcome = sub { $t->outcome($client, $browser->get($t->authorize_url($client, @_))) };
    is($outcome->(prompt => 'none'), '302 consent_required', 'case 32: prompt=none before any consent');
    ok($t->code_for($client)->{code}, 'consent is given');
    like($outcome->(), qr/^302 code|^200 consent/, 'case 34: consent may be remembered');
    is($outcome->(prompt => 'consent'), '200 consent', 'case 34: prompt=consent asks again');
}

# A request by POST may stand in the URL and in the body, but nothing of it in both.
sub test_parts {
    my ($t, $client) = @_;
    my %params = $t->authorize_params($client);
    my $outcome = sub {
        my ($query, $body) = @_;
        return $t->outcome($client, $t->http->post('/oauth/authorize?' . Test::GptOauth::Http::form(%$query), Test::GptOauth::Http::form(%$body)));
    };
    for my $name (sort(keys %params), 'resource', 'foo') {
        my %one = ($name => $params{$name} // $t->issuer . '/api');
        is($outcome->(\%one, { %params, %one }), '400 page', "case 316: $name in query and body");
        my %rest = %params;
        delete $rest{$name};
        is($outcome->(\%one, \%rest), '200 sign-in', "case 316: $name in the query, the rest in the body") if $name ne 'resource';
    }
    is($outcome->(\%params, {}), '200 sign-in', 'case 316: all in the query');
    is($outcome->({ scope => 'nope' }, { %params, scope => undef }), '303 invalid_scope', 'case 316: and what is in the query counts');

    my $browser = $t->browser;
    $client = $t->client_add('with a query');
    my $url = $t->authorize_url($client);
    $browser->get($url);
    for my $press ([ password => username => 'alice', password => $t->user('alice') ], [ decision => decision => 'allow' ]) {
        my ($name, %fields) = @$press;
        my $form = $browser->form_with($name) or return fail("case 316: a form with $name");
        $browser->submit({ %$form, action => $url }, %fields);
    }
    is($t->outcome($client, $browser->page), '303 code', 'case 316: the query of a form that a page of ours made says nothing');
}

sub test_objects {
    my ($t, $client) = @_;
    is($t->ask($client, { request => 'eyJhbGciOiJub25lIn0.e30.' }), '302 request_not_supported', 'case 317: request');
    is($t->ask($client, { request_uri => $_ }), '302 request_uri_not_supported', "case 317: request_uri $_") for 'https://rp.example/request', 'urn:ietf:params:oauth:request_uri:x';
    is($t->ask($client, { request_uri => 'https://rp.example/request', map { $_ => undef } qw(response_type redirect_uri scope code_challenge code_challenge_method) }),
        '302 request_uri_not_supported', 'case 317: request_uri and nothing else');
    is($t->ask($client, { request => '', request_uri => '' }), '200 sign-in', 'case 317: empty ones are none');
    my $three = $t->client_add('three', redirect => [ map { "https://rp.example/$_" } 1 .. 3 ]);
    my $response = $t->http->get($t->authorize_url($three, request_uri => 'urn:x', redirect_uri => undef));
    is($t->outcome($three, $response), '400 page', 'case 317: where else may it say which redirect_uri is meant');
    like($response->body, qr/Error: <bdi>request_uri_not_supported</, 'case 317: the page tells why');
    is($t->ask($client, { request => 'x', redirect_uri => $evil }), '400 page', 'case 317: never to what is not registered');
}

sub test_methods {
    my ($t, $client) = @_;
    my $url = $t->authorize_url($client);
    my $form = Test::GptOauth::Http::form($t->authorize_params($client));
    is($t->outcome($client, $t->http->post('/oauth/authorize', $form)), '200 sign-in', 'case 37: the request may come by POST');
    test_parts($t, $client);
    my $browser = $t->browser_of('alice');
    my $before = codes($t);
    my $head = $browser->request('HEAD', $url);
    is(join(' ', $head->status, $head->body), '200 ', 'case 38: HEAD has no body');
    is($head->location, undef, 'case 38: and answers no code');
    is(codes($t), $before, 'case 38: and makes none');

    for my $method (qw(PUT DELETE PATCH)) {
        my $response = $t->http->request($method, $url);
        is($response->status, 405, "case 38: $method");
        like($response->header('Allow') // '', qr/GET.*POST/, "case 38: $method is told what is allowed");
    }
    my $options = $t->http->request('OPTIONS', $url, headers => [ Origin => $evil ]);
    unlike($options->head, qr/^Access-Control-/mi, 'case 38: OPTIONS gives no other origin access');
}

sub test_names {
    my ($t) = @_;
    my $name = qq{<script>alert(1)</script>"'&\xe2\x80\xaegpj.exe\xe2\x80\x8b};
    my $browser = $t->open_request($t->authorize_url($t->client_add($name)));
    my $body = $browser->page->body;
    like($body, qr/&lt;script&gt;alert\(1\)&lt;\/script&gt;/, 'case 40: the name is shown as text');
    unlike($body, qr/<script|\xe2\x80\xae|\xe2\x80\x8b/, 'cases 40 and 276: without markup and without turning text around');
}

sub test_registered_queries {
    my ($t) = @_;
    for my $uri ('https://rp.example/cb?state=x', 'https://rp.example/cb?code=x', 'https://rp.example/cb?a=1&iss=y') {
        ok($t->try_gptoauth('', 'client', 'add', 'query', '--redirect', $uri)->{status}, "case 26: $uri cannot be registered");
    }
    my $grant = $t->code_for($t->client_add('harmless', redirect => 'https://rp.example/cb?a=1'));
    like($grant->{response}->location, qr{^https://rp\.example/cb\?a=1&}, 'case 26: another query is kept');
    is($grant->{a}, 1, 'case 26: and not repeated');
}

on_each_db({}, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    my $gpt = $t->client_add('gpt', gpt => 1, redirect => $callback);
    test_client_and_redirect($t, $client);
    test_errors_to_the_client($t, $client);
    test_accepted($t, $client, $gpt);
    test_prompt($t);
    test_methods($t, $client);
    test_objects($t, $client);
    test_names($t);
    test_registered_queries($t);
});

done_testing;
