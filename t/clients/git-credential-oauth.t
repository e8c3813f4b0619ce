#!/usr/bin/perl
# git-credential-oauth, on Go's x/oauth2: its verifier has characters that the RFC does not allow, and its redirect URI no path.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

on_each_db({ tls() }, sub {
    my ($t) = @_;
    my ($tls, $certificate) = start_tls($t);
    my $client = $t->client_add('git', public => 1, redirect => 'http://127.0.0.1');
    $t->write_file('home/.gitconfig', <<"EOC");
[credential "${\ $t->issuer }"]
    oauthClientId = $client->{id}
    oauthAuthURL = /oauth/authorize
    oauthTokenURL = /oauth/token
    oauthScopes = read
EOC
    my $program = run_client($t, { SSL_CERT_FILE => $certificate }, qw(git-credential-oauth -verbose get));
    $program->say($_) for 'protocol=https', 'host=localhost:' . $t->port('S');
    $program->end_input;
    my $url = $program->await(qr{(https://\S+/oauth/authorize\?\S+)});
    like($url, qr{redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A\d+&}, 'its redirect URI has no path');
    like($url, qr{[?&]state=[^&]*%3D}, 'its state is in base64');
    is(visit(allow_at($t, $url))->status, 200, 'the user is let in');
    is($program->finish, 0, 'it succeeds') or diag($program->output);
    my ($token) = $program->output =~ /^password=(\S+)$/m;
    ok($t->token_works(secret($token // '')), 'it has a token, and it is good');
});
done_testing;
