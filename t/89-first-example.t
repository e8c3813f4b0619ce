#!/usr/bin/perl
# GPTs that were made for a server with django-oauth-toolkit go on with the URLs that their builder has: GPTOAuthPath /o, and a slash
# at the end.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $conf = <<'EOC';
GPTOAuthPath /o
GPTOAuthRegistration open
GPTOAuthOpenAPI "%%DIR%%/openapi.json"
<Location /o/hello>
    SetHandler gpt-oauth-hello
    AuthType GPTOAuth
    Require oauth-scope hello
</Location>
<Location /o/open>
    SetHandler gpt-oauth-hello
</Location>
<Location /o/elsewhere>
    SetHandler server-status
</Location>
EOC

# Of what the catalogue of clients' URLs may end in: what is answered.
sub test_slashes {
    my ($t) = @_;
    my %status = ('/o/authorize/' => '400', '/o/token/' => '405', '/o/revoke/' => '405', '/o/revoke_token' => '405', '/o/revoke_token/' => '405', '/o/introspect/' => '405',
        '/o/register/' => '405', '/openapi.json/' => '200',
        '/o/token/x' => '404', '/o/revoke_token/x/' => '404', '/openapi.json/x' => '404', '/.well-known/oauth-authorization-server/' => '404', # a name, not an endpoint: what follows it is an issuer's path
       
        '/o' => '404', '/o/' => '404', '/o/elsewhere' => '404', '/oauth/token' => '404');
    is($t->http->get($_)->status, $status{$_}, "GET $_: $status{$_}") for sort keys %status;
    return;
}

# One whole exchange at the paths of the first example, form and session included.
sub test_exchange {
    my ($t, $client) = @_;
    my $browser = $t->browser;
    (my $url = $t->authorize_url($client, scope => 'hello')) =~ s{/oauth/authorize\?}{/o/authorize/?} or die;
    $browser->get($url);
    $browser->submit($browser->form_with('password'), username => 'alice', password => $t->user('alice'));
    $browser->decide('allow');
    my ($code) = ($browser->page->header('Location') // '') =~ /[?&]code=([^&]+)/;
    ok($code, 'sign-in and consent at /o/authorize/') or return;
    secret($code);
    my $post = sub {
        my ($path, %params) = @_;
        my ($body, @headers) = $t->token_body($client, \%params);
        return $t->http->request(POST => $path, body => $body, headers => \@headers);
    };
    my $response = $post->('/o/token/', grant_type => 'authorization_code', code => $code, redirect_uri => $client->{redirect_uri});
    is($response->status, 200, 'the code is redeemed at /o/token/');
    my $tokens = $response->json;
    secret($_) for @$tokens{qw(access_token refresh_token)};
    my @bearer = (headers => [ Test::GptOauth::Flow::bearer($tokens->{access_token}) ]);
    like($t->http->get('/o/hello', @bearer)->body, qr/alice/, 'a SetHandler below the path answers');
    is($t->http->get('/o/hello')->status, 401, '... behind its guard');
    is($t->http->get('/o/open')->status, 200, '... or without one');
    is($post->('/o/revoke_token/', token => $tokens->{refresh_token})->status, 200, 'the token is given back at /o/revoke_token/');
    is($t->http->get('/o/hello', @bearer)->status, 401, '... and opens nothing any more');
    my $metadata = $t->http->get('/.well-known/oauth-authorization-server')->json;
    is($metadata->{revocation_endpoint}, $t->issuer . '/o/revoke', 'one name of each endpoint is told');
    return;
}

# What is said of an endpoint by its exact URL holds for its other spellings.
sub test_sections {
    my ($t) = @_;
    $t->write_conf(conf => "$conf<LocationMatch \"^/o/authorize\$\">\nRequire ip 192.0.2.1\n</LocationMatch>\n<If \"%{REQUEST_URI} == '/o/revoke'\">\nRequire all denied\n</If>\n");
    $t->restart;
    is($t->http->get($_)->status, 403, "$_ is shut by its exact URL") for '/o/authorize', '/o/authorize/';
    is($t->http->post($_, 'a=b')->status, 403, "$_, too") for '/o/revoke', '/o/revoke/', '/o/revoke_token', '/o/revoke_token/';
    is($t->http->post('/o/token/', 'a=b')->status, 401, 'and no other');
    return;
}

# A guard below the path has something to guard where an endpoint of its own stands, and nowhere else.
sub test_configtest {
    my ($t) = @_;
    my $guard = "AuthType GPTOAuth\nRequire valid-user\n";
    my %good = ('in quotes' => "<Location /o/x>\nSetHandler \"gpt-oauth-hello\"\n$guard</Location>", 'in two sections' => "<Location /o/x>\nSetHandler gpt-oauth-hello\n</Location>\n<Location /o/x>\n$guard</Location>");
    my %bad = ('no handler' => "<Location /o/x>\n$guard</Location>", 'the handler of others' => "<Location /o/x>\nSetHandler server-status\n$guard</Location>",
        'an endpoint that knows no guard' => "<Location /o/x>\nSetHandler gpt-oauth-token\n$guard</Location>", 'no such handler' => "<Location /o/x>\nSetHandler gpt-oauth-nonsense\n$guard</Location>",
        'a handler too late' => "<Location /o/x>\n<If \"true\">\nSetHandler gpt-oauth-hello\n</If>\n$guard</Location>", 'an endpoint' => "<Location /o/token>\nSetHandler gpt-oauth-hello\n$guard</Location>");
    for my $what (sort(keys %good, keys %bad)) {
        $t->write_conf(conf => "$conf" . ($good{$what} // $bad{$what}) . "\n");
        my ($status, $said) = $t->configtest;
        $good{$what} ? is($status, 0, "a guard below the path: $what") : like($said, qr/AuthType GPTOAuth for \S+ can guard nothing/, "a guard below the path: $what");
    }
    return;
}

on_each_db({ conf => $conf, start => 0 }, sub {
    my ($t) = @_;
    $t->write_file('openapi.json', JSON::PP::encode_json({ openapi => '3.1.0', info => { title => 'x', version => '1' }, paths => {} }));
    $t->start;
    my $client = $t->client_add('app', gpt => 1);
    test_slashes($t);
    test_exchange($t, $client);
    test_sections($t);
    test_configtest($t);
});
done_testing();
