#!/usr/bin/perl
# Sign-in at an OpenID Connect provider, as conf/sign-in/openidc.conf has it: mod_auth_openidc, and npm's oidc-provider.
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;
use Test::GptOauth::SignIn;

my $clients = abs_path($FindBin::Bin);
my $password = secret('correct horse battery');
my $client_secret = secret('secret-of-this-server-at-the-provider');
my $provider;

sub start_provider {
    my ($t) = @_;
    $t->write_file('openidc.conf', <<"EOC");
OIDCClientID api
OIDCClientSecret $client_secret
OIDCCryptoPassphrase @{[ secret('0123456789abcdef' x 4) ]}
EOC
    my %facts = (
        port => $t->port('O'),
        redirectUri => 'https://localhost:' . $t->port('S') . '/signed-in',
        clientSecret => $client_secret,
        sub => '7310',
        username => 'alice',
        name => 'Alice Miller',
        password => $password
    );
    $provider = run_client($t, {}, node(), "$clients/oidc-provider.mjs", JSON::PP->new->canonical->encode(\%facts));
    return $provider->await(qr/^ready$/);
}

my $t = sign_in_server('openidc', [qw(auth_openidc)], {
    'https://api.example.com' => 'https://localhost:%%PORT_S%%',
    'https://login.example.com' => 'http://localhost:%%PORT_O%%',
    '/etc/gpt-oauth/openidc.conf' => '"%%DIR%%/openidc.conf"'
}, \&start_provider);

my $sign_in = sub {
    my ($given) = @_;
    return sub {
        my ($browser) = @_;
        my $form = $browser->form_with('password') or return fail('no form asks for a password: ' . $browser->page->body);
        return $browser->follow($browser->submit($form, username => 'alice', password => $given));
    };
};

my $browser = browser($t);
is(token_of($t, $browser, $sign_in->($password)), '7310, called Alice Miller', 'a token for whom the provider calls 7310, for the request that came first');
is(token_of($t, $browser), '7310, called Alice Miller', '... and who is not asked again');
my $other = browser($t);
is(token_of($t, $other, $sign_in->('wrong')), '200 sign-in', 'a wrong password: the provider goes on asking');
like($other->{url}, qr{^http://localhost:@{[ $t->port('O') ]}/}, '... on its own page');
isnt(token_of($t, $other) =~ s/ .*//r, '7310', '... and there is no token');

# What the provider says to one browser does not sign another one in.
$other = browser($t);
$other->follow($other->get($t->authorize_url($t->{sign_in_client})));
my $form = $other->form_with('password');
my $response = $other->submit($form, username => 'alice', password => $password);
$response = $other->get($response->location) while ($response->location // '') =~ m{^(?:http:|/)};
like($response->location, qr{/signed-in\?.*\bcode=}, 'the provider sends a browser back');
my $thief = browser($t);
$thief->get($response->location);
is($thief->page->location, undef, '... but no other one is let in by that');
is(token_of($t, $thief), '200 sign-in', '... nor afterwards');
my $forged = browser($t);
is($forged->get('/oauth/authorize', headers => [ 'OIDC_CLAIM_sub' => '7310', 'X-Remote-User' => '7310' ])->status, 302, 'nor by headers of its own');
$t->finish;
done_testing;
