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
    my @registered = map { { method => $_ } } qw(none client_secret_post client_secret_basic);
    for my $known (@registered, { document => 'https://claude.ai/oauth/claude-code-client-metadata' }) {
        note(values %$known);
        play($t, 'mcp-sdk-v1.mjs', { issuer => $t->issuer, url => $t->issuer . '/mcp', %$known },
            expire => sub { expire_tokens($t) }, revoke => sub { revoke_grants($t) });
    }
});
done_testing;
