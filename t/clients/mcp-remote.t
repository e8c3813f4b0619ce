#!/usr/bin/perl
# mcp-remote, which gives programs that know only local MCP servers the use of one like ours.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

my $id = 0;

# Sends a JSON-RPC request, without waiting for the answer.
sub request {
    my ($program, $method, $params) = @_;
    $program->say(JSON::PP::encode_json({ jsonrpc => '2.0', id => ++$id, method => $method, params => $params // {} }));
    return;
}

sub answer {
    my ($program) = @_;
    return JSON::PP::decode_json(scalar $program->await(qr/^(\{.*"id":$id\b.*\})\s*$/));
}

on_each_db({ %mcp }, sub {
    my ($t) = @_;
    my $backend = start_mcp_server($t);
    my $url = $t->issuer . '/mcp';
    my $program = run_client($t, {}, node(), package_file('mcp-remote/dist/proxy.js'), $url, '--auth-timeout', 120);
    request($program, 'initialize', { protocolVersion => '2025-06-18', capabilities => {}, clientInfo => { name => 'notebook', version => '1.0.0' } });
    my $response = visit(allow_at($t, $program->await(qr{(http://\S+/oauth/authorize\?\S+)})));
    is($response->status, 200, 'it registers, and takes the code');
    is(answer($program)->{result}{serverInfo}{name}, 'notes', '… and is connected');
    $program->say('{"jsonrpc":"2.0","method":"notifications/initialized"}');

    my $tools = sub {
        request($program, 'tools/list');
        my $answer = answer($program);
        return join ' ', map { $_->{name} } @{ $answer->{result}{tools} // [] };
    };
    is($tools->(), 'whoami', 'it lists the tools');
    my @tokens = tokens_kept($t);
    expire_tokens($t);
    is($tools->(), 'whoami', 'when the access token has expired it still does');
    isnt(join(' ', tokens_kept($t)), join(' ', @tokens), '… by another one');

    revoke_grants($t);
    request($program, 'tools/list');
    ok(scalar $program->await(qr{(http://\S+/oauth/authorize\?\S+)}), 'after the revocation it sends the user to the server again');
});
done_testing;
