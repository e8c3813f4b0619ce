#!/usr/bin/perl
# MCP's conformance suite, the part for authorization servers: no failure, and no warning.
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
    my $port = $t->port('C');
    my $client = $t->client_add('conformance', public => 1, redirect => "http://127.0.0.1:$port/callback");
    my $program = run_client($t, {}, node(), package_file('@modelcontextprotocol/conformance/dist/index.js'), 'authorization', '--url', $t->issuer,
        '--client-id', $client->{id}, '--resource', $t->issuer . '/mcp', '-p', $port, '-o', 'out', '--verbose');
    my $url = $program->await(qr{(http://\S+/oauth/authorize\?\S+)});
    visit(allow_at($t, $url));
    is($program->finish, 0, 'the suite ends well') or diag($program->output);
    my @checks = map { @{ JSON::PP::decode_json(Test::GptOauth::slurp($_)) } } glob "$t->{dir}/home/out/*/checks.json";
    cmp_ok(scalar @checks, '>', 1, 'it made its checks') or diag($program->output);
    is($_->{status}, 'SUCCESS', "$_->{id}: $_->{description}") for @checks;
});
done_testing;
