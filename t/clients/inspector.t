#!/usr/bin/perl
# The MCP Inspector's command line: each run is a process of its own, with what the last one stored.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

my $navigate = qr{(http://\S+/oauth/authorize\?\S+)};

sub start {
    my ($t, @more) = @_;
    my $launcher = package_file('@modelcontextprotocol/inspector/clients/launcher/build/index.js');
    return run_client($t, { MCP_AUTO_OPEN_ENABLED => 'true', MCP_INSPECTOR_SECRET_STORE => 'file' }, node(), $launcher, '--cli', '--server-url', $t->issuer . '/mcp', '--transport',
        'http', '--callback-url', 'http://127.0.0.1:' . $t->port('C') . '/oauth/callback', '--method', 'tools/list', @more);
}

# Lets it list the tools, with or without the user.
sub lists_tools {
    my ($t, $program, $name, %opt) = @_;
    my $url = eval { $program->await($navigate) } if $opt{asking};
    is(defined $url ? visit(allow_at($t, $url))->status : 0, 200, "$name: the user is asked") if $opt{asking};
    is($program->finish, 0, "$name: it succeeds") or diag($program->output);
    like($program->output, qr/"name": "whoami"/, "$name: and lists the tools");
    tokens_kept($t);
    unlike($program->output, $navigate, "$name: the user is not asked") unless $opt{asking};
    return;
}

on_each_db({ %mcp }, sub {
    my ($t) = @_;
    my $backend = start_mcp_server($t);
    lists_tools($t, start($t), 'at first', asking => 1);
    lists_tools($t, start($t), 'with the stored token');
    expire_tokens($t);
    lists_tools($t, start($t), 'with an expired token');
    lists_tools($t, start($t, '--relogin'), 'when told to sign in anew', asking => 1);
    revoke_grants($t);
    my $program = start($t);
    ok(scalar $program->await($navigate), 'after the revocation it sends the user to the server again');
});
done_testing;
