#!/usr/bin/perl
# The SDK of MCP, version 2: as version 1, and it asks the user for a wider scope where that is what it lacks.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

on_each_db({ %mcp }, sub {
    my ($t) = @_;
    my $backend = start_mcp_server($t);
    my $stricter = $mcp{conf} =~ s/Require oauth-scope mcp$/$& write/mr;
    my %action = (
        'expire' => sub { expire_tokens($t) },
        'ask for more' => sub { $t->write_conf(conf => $stricter); $t->restart },
        'revoke' => sub { revoke_grants($t); $t->write_conf(conf => $mcp{conf}); $t->restart }
    );
    my @registered = map { { method => $_ } } qw(none client_secret_post client_secret_basic);
    for my $known (@registered, { document => 'https://claude.ai/oauth/claude-code-client-metadata' }) {
        note(values %$known);
        my %facts = (issuer => $t->issuer, url => $t->issuer . '/mcp', %$known, stepsUp => JSON::PP::true);
        play($t, 'mcp-sdk-v2.mjs', \%facts, %action);
    }
});
done_testing;
