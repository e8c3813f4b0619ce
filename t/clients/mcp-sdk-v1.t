#!/usr/bin/perl
# The SDK of MCP, version 1, as most MCP clients have it inside.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

on_each_db({ %mcp }, sub {
    my ($t) = @_;
    my $backend = start_mcp_server($t);
    for my $method (qw(none client_secret_post client_secret_basic)) {
        note($method);
        play($t, 'mcp-sdk-v1.mjs', { issuer => $t->issuer, url => $t->issuer . '/mcp', method => $method },
            expire => sub { expire_tokens($t) }, revoke => sub { revoke_grants($t) });
    }
});
done_testing;
