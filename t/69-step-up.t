#!/usr/bin/perl
# Scopes that include others, scopes that everything holds, and the way from a token that is not enough to one that is.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::GptOauth;

my $pages = <<'EOC';
GPTOAuthScope read    "Read your notes" default
GPTOAuthScope write   "Change your notes" includes read
GPTOAuthScope share   "Show your notes to others"
GPTOAuthScope admin   "Administer everything" includes write share
GPTOAuthScope profile "Know your name" required
<Location /api>
    AuthType GPTOAuth
    SetHandler gpt-oauth-hello
    Require oauth-scope read
</Location>
<Location /api/write>
    Require oauth-scope write
</Location>
<Location /api/share>
    Require oauth-scope share read
</Location>
<Location /api/admin>
    <RequireAll>
        Require oauth-scope admin
        Require oauth-scope profile
    </RequireAll>
</Location>
EOC

sub test_includes {
    my ($t, $client) = @_;
    my @paths = ('/x', '/write', '/share', '/admin');
    for my $case (
        [ 'read', 'profile read', '200 403 403 403', 'profile read' ],
        [ 'write', 'profile write', '200 200 403 403', 'profile read write' ],
        [ 'share', 'profile share', '403 403 403 403', 'profile share' ],
        [ 'share write', 'profile share write', '200 200 200 403', 'profile read share write' ],
        [ 'admin', 'admin profile', '200 200 200 200', 'admin profile read share write' ],
    ) {
        my ($asked, $granted, $statuses, $held) = @$case;
        my $tokens = $t->tokens_for($client, params => { scope => $asked });
        is($tokens->{scope}, $granted, "asked for $asked: what was granted, and what is required");
        is(join(' ', map { $t->fetch("/api$_", $tokens->{access_token})->status } @paths), $statuses, '... opens what it includes, and nothing else');
        my ($open) = grep { $t->fetch("/api$_", $tokens->{access_token})->status == 200 } @paths;
        is($t->fetch("/api$open", $tokens->{access_token})->json->{scope}, $held, '... and the backend is told all of it') if defined $open;
    }
    return;
}

sub test_required {
    my ($t, $client) = @_;
    my $scope = sub { my (%params) = @_; return $t->tokens_for($client, params => \%params)->{scope} };
    is($scope->(scope => undef), 'profile read', 'no scope: the default ones and those required');
    is($scope->(scope => 'profile'), 'profile', 'what is required alone');
    is($scope->(scope => 'read offline_access'), 'offline_access profile read', 'beside offline_access');
    is($t->ask($client, { scope => 'nonsense' }), '302 invalid_scope', 'case 20: it makes no unknown scope a known one');
    my $limited = $t->client_add('limited', scope => 'read');
    is($t->tokens_for($limited)->{scope}, 'read', 'a client that may not have it does not get it');

    my $tokens = $t->tokens_for($client, params => { scope => 'admin' });
    my $narrow = sub { my ($asked) = @_; return $t->refresh($client, $tokens->{refresh_token}, { scope => $asked }) };
    for my $case ([ 'read', 'profile read' ], [ 'write share', 'profile share write' ], [ 'profile', 'profile' ], [ '', 'admin profile' ]) {
        my ($asked, $expected) = @$case;
        my $response = $narrow->($asked);
        is($response->json->{scope}, $expected, "case 160: a refresh for '$asked' has what is required, too");
        $tokens = $response->json;
    }
    my $read = $narrow->('read')->json;
    is(join(' ', map { $t->fetch("/api$_", $read->{access_token})->status } '/x', '/write'), '200 403', 'case 160: and what it leaves out is left out');
    $tokens = $read;
    is($narrow->($_)->verdict, '400 invalid_scope', "case 160: $_ was never granted") for 'read offline_access', 'read x';
    my $writer = $t->tokens_for($client, params => { scope => 'write' });
    is($t->refresh($client, $writer->{refresh_token}, { scope => $_ })->verdict, '400 invalid_scope', "case 160: $_ is not included in write") for qw(admin share);
    return;
}

# What MCP clients do: they ask for what they hold and what the challenge names.
sub test_step_up {
    my ($t, $client) = @_;
    my $base = $t->issuer;
    my $tokens = $t->tokens_for($client, params => { resource => "$base/api" });
    for my $step ([ '/write', 'write' ], [ '/share', 'read share' ], [ '/admin', 'admin profile' ]) {
        my ($path, $needed) = @$step;
        my $refused = $t->fetch("/api$path?in=query", $tokens->{access_token});
        is($refused->status, 403, "case 237: $path wants more");
        is(join('', $refused->headers('WWW-Authenticate')), qq{Bearer realm="$base", error="insufficient_scope", error_description="This needs more }
            . qq{than the user has allowed this app.", scope="$needed", resource_metadata="$base/.well-known/oauth-protected-resource/api"},
            'case 237: one challenge names all that is needed');
        $tokens = $t->tokens_for($client, params => { resource => "$base/api", scope => "$tokens->{scope} $needed" });
        is($t->fetch("/api$path", $tokens->{access_token})->status, 200, 'case 237: a token with that is enough');
    }
    like($t->error_log, qr/GPT114: access refused: insufficient_scope: the token lacks a scope; this needs admin profile/, 'case 237: the log says what was lacking');
    like($t->error_log, qr{this needs admin profile \(client \Q$client->{id}\E, user alice, URI /api/admin, Location /api\)$}m, '... who, and where');
    unlike($t->error_log, qr/in=query/, '... without the query');
    return;
}

sub test_pages {
    my ($t, $client) = @_;
    my $list = sub {
        my ($scope) = @_;
        my ($found) = $t->open_request($t->authorize_url($client, scope => $scope))->page->body =~ m{(<ul.*</ul>)}s;
        $found =~ s/<(\w+) >/<$1>/g if $found;
        $found =~ s{</?(?:span|bdi)>}{}g if $found;
        return join ' ', map { s/<[^>]*>/*/gr =~ s/\s+/ /gr } ($found // '') =~ s/\n//gr =~ s/<(\/?)ul>/$1 ? ')' : '('/ger =~ s/<\/li>//gr =~ s/<li>/-/gr;
    };
    is($list->('read'), '(-Read your notes-Know your name)', 'the consent page names what is required');
    is($list->('read write'), '(-Change your notes(-Read your notes)-Know your name)', '... what another scope includes stands there, once');
    is($list->('admin read'), '(-Administer everything(-Read your notes-Change your notes-Show your notes to others)-Know your name)', '... however deep');
    return;
}

sub test_others {
    my ($t) = @_;
    my $service = $t->gptoauth_json('client', 'add', 'robot', '--service', '--scope', 'write profile');
    my $robot = { id => $service->{client_id}, secret => secret($service->{client_secret}) };
    my $tokens = $t->token_request($robot, { grant_type => 'client_credentials', scope => 'write' })->json;
    is($tokens->{scope}, 'profile write', 'a service account gets what is required, too');
    is(join(' ', map { $t->fetch("/api$_", $tokens->{access_token})->status } '/x', '/write', '/share'), '200 200 403', '... and what its scopes include');
    my $server = $t->gptoauth_json(qw(client add rs --resource-server));
    my $rs = { id => $server->{client_id}, secret => secret($server->{client_secret}) };
    is($t->introspect($rs, { token => $tokens->{access_token} })->json->{scope}, 'profile read write', '... which resource servers are told as well');
    return;
}

on_each_db({ pages => $pages }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    test_includes($t, $client);
    test_required($t, $client);
    test_step_up($t, $client);
    test_pages($t, $t->client_add('public', public => 1));
    test_others($t);
});
done_testing;
