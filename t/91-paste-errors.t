#!/usr/bin/perl
# Settings filled in the wrong way round, values pasted with what stood around them, browsers without cookies: whoever made the mistake
# is told which.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

sub post_json {
    my ($t, $path, $object) = @_;
    return $t->http->post($path, ref $object ? JSON::PP::encode_json($object) : $object, headers => [ 'Content-Type' => 'application/json' ]);
}

sub test_json {
    my ($t, $client) = @_;
    my $grant = $t->code_for($client);
    my %request = (grant_type => 'authorization_code', client_id => $client->{id}, client_secret => $client->{secret}, redirect_uri => $client->{redirect_uri});
    my %odd = (scope => undef, resource => undef, code_verifier => undef, refresh_token => undef, audience => undef,
        max_age => 3600, claims => { userinfo => [] }, flags => [ 1, 2 ], is_gpt => JSON::PP::true);
    my $response = post_json($t, '/oauth/token', { %request, %odd, code => $grant->{code} });
    is($response->verdict, '200', 'null is absent, and what nobody knows may be anything') or return;
    my $tokens = $response->json;
    secret($_) for @$tokens{qw(access_token refresh_token)};
    for my $name (qw(code redirect_uri scope client_id grant_type resource)) {
        for my $value (5, [ [] ], {}, JSON::PP::true) {
            $response = post_json($t, '/oauth/token', { %request, code => 'x', $name => $value });
            is($response->verdict, '400 invalid_request', "$name is no string: " . JSON::PP->new->allow_nonref->encode($value));
            like($response->json->{error_description}, qr/^The value of $name in the JSON body is not a string\.$/, '... and the caller is told which');
        }
    }
    my %who = (client_id => $client->{id}, client_secret => $client->{secret});
    is(post_json($t, '/oauth/revoke', { %who, token => $tokens->{refresh_token}, token_type_hint => undef, extra => [1] })->status, 200, 'so with revocation');
    ok(!$t->token_works($tokens->{access_token}), '... which revokes');
    return;
}

sub test_swapped {
    my ($t, $client) = @_;
    my $token_url = $t->issuer . '/oauth/token';
    my ($body, @headers) = $t->token_body($client, { grant_type => 'authorization_code', code => 'x', redirect_uri => $client->{redirect_uri} });
    my $fields = "client_id=$client->{id}&client_secret=x&grant_type=refresh_token&refresh_token=x";
    my %requests = (
        'a form' => [ POST => '/oauth/authorize', body => $body, headers => \@headers ],
        'a form with its secret in the body' => [ POST => '/oauth/authorize', body => $fields, headers => [ 'Content-Type' => 'application/x-www-form-urlencoded' ] ],
        'JSON' => [ POST => '/oauth/authorize', body => '{"grant_type":"refresh_token"}', headers => [ 'Content-Type' => 'application/json' ] ],
        'a query' => [ GET => '/oauth/authorize?grant_type=client_credentials' ],
        'a slash at the end' => [ POST => '/oauth/authorize/', body => $body, headers => \@headers ],
    );
    for my $what (sort keys %requests) {
        my $before = length $t->error_log;
        my $response = $t->http->request(@{ $requests{$what} });
        is($response->verdict, '400 invalid_request', "a token request at the authorization URL, as $what");
        like($response->header('Content-Type') // '', qr{^application/json}, '... is answered in JSON');
        like($response->json->{error_description}, qr/The token URL is \Q$token_url\E\.$/, '... which names the token URL');
        like(substr($t->error_log, $before), qr/a token request was sent to the authorization URL; the token URL is \Q$token_url\E/, '... as does the log');
    }
    my $response = $t->http->get('/oauth/authorize?grant_type=authorization_code&' . ($t->authorize_url($client) =~ s/.*\?//r));
    is($response->status . ' ' . $response->header('Content-Type'), '200 text/html;charset=UTF-8', 'an authorization request stays one, with a word too much');
    return;
}

sub test_cookies {
    my ($t, $client) = @_;
    my $browser = $t->browser;
    my $told = sub {
        my ($what) = @_;
        is($browser->page->status, 403, $what);
        like($browser->page->body, qr{<h1><bdi>This page needs cookies</bdi></h1>.*Allow cookies for this site}s, '... is told that it is about cookies');
    };
    $browser->get($t->authorize_url($client));
    my $form = $browser->form_with('password');
    %{ $browser->cookies } = ();
    $browser->submit($form, username => 'alice', password => $t->user('alice'));
    $told->('who signs in in a browser without cookies');
    unlike($browser->page->body, qr/name="decision"/, '... and gets no further');

    $browser = $t->browser;
    $browser->get($t->authorize_url($client, scope => 'write'));
    $browser->sign_in('alice', $t->user('alice'));
    %{ $browser->cookies } = ();
    $browser->decide('allow');
    $told->('who allows in one');

    $browser = $t->browser;
    $browser->get($t->authorize_url($client));
    $form = $browser->form_with('password');
    $form->{fields}{mac} = 'x' x 43;
    $browser->submit($form, username => 'alice', password => $t->user('alice'));
    like($browser->page->body, qr{<h1><bdi>This page is too old</bdi></h1>}, 'a form that was tampered with is another matter');
    return;
}

on_each_db({}, sub {
    my ($t) = @_;
    my $client = $t->client_add('app');
    test_json($t, $t->client_add('gpt', gpt => 1));
    test_swapped($t, $client);
    test_cookies($t, $client);
});
done_testing();
