#!/usr/bin/perl
# Other people's importers of GPT actions take the OpenAPI document and the manifest, and call what they describe.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

my $conf = <<"EOC";
GPTOAuthOpenAPI "$FindBin::Bin/../../conf/openapi-hello.json"
GPTOAuthManifest name_for_human        Notes
GPTOAuthManifest name_for_model        notes
GPTOAuthManifest description_for_human "Keeps your notes."
GPTOAuthManifest description_for_model "Reads, writes and finds notes."
GPTOAuthManifest auth                  oauth
GPTOAuthManifest scope                 hello
GPTOAuthManifest verification_token.openai 0123456789abcdef0123456789abcdef
GPTOAuthManifest logo_url              https://api.example.com/logo.png
GPTOAuthManifest contact_email         help\@example.com
GPTOAuthManifest legal_info_url        https://api.example.com/legal
GPTOAuthScope hello "Be greeted" default
<Location /hello>
    SetHandler gpt-oauth-hello
</Location>
<Location /api/hello>
    SetHandler gpt-oauth-hello
    AuthType GPTOAuth
    GPTOAuthCredentials oauth service header:X-Api-Key
    Require oauth-scope hello
</Location>
EOC

on_each_db({ pages => '', conf => $conf }, sub {
    my ($t) = @_;
    my $tokens = $t->tokens_for($t->client_add('notes'), params => { scope => 'hello' });
    my $key = $t->gptoauth_json(qw(key add backend --scope hello));
    secret($key->{service_key});
    play($t, 'openapi.mjs', { issuer => $t->issuer, token => $tokens->{access_token}, key => $key->{service_key} });
});
done_testing;
