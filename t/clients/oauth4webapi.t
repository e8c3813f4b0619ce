#!/usr/bin/perl
# oauth4webapi, with all its checks on, over TLS.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

on_each_db({ tls('GPTOAuthRegistration open') }, sub {
    my ($t) = @_;
    my ($tls, $certificate) = start_tls($t);
    my $resource_server = $t->gptoauth_json(qw(client add api --resource-server));
    my $service = $t->gptoauth_json(qw(client add nightly --service --scope read));
    secret($_->{client_secret}) for $resource_server, $service;
    play($t, 'oauth4webapi.mjs', {
        issuer => $t->issuer,
        resource => $t->issuer . '/api',
        resourceServer => $resource_server,
        service => $service,
        env => { NODE_EXTRA_CA_CERTS => $certificate }
    });
});
done_testing;
