#!/usr/bin/perl
# What the consent page says of apps that nobody at this server has looked at, and that they are always asked for.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

sub register {
    my ($t, %metadata) = @_;
    my $body = JSON::PP->new->utf8->encode({ token_endpoint_auth_method => 'none', %metadata });
    my $json = $t->http->post('/oauth/register', $body, headers => [ 'Content-Type' => 'application/json' ])->json;
    return { id => $json->{client_id}, secret => $json->{client_secret}, public => !$json->{client_secret}, redirect_uri => $metadata{redirect_uris}[0] };
}

# The text of the consent page, without markup.
sub page_of {
    my ($t, $client) = @_;
    my $browser = $t->open_request($t->authorize_url($client));
    ok($browser->has_consent, 'the user is asked');
    my $body = $browser->page->body;
    utf8::decode($body);
    my ($text) = $body =~ m{<main>(.*)</main>}s;
    $text =~ s/<[^>]*>//g;
    $text =~ s/\s+/ /g;
    return wantarray ? ($text, $body) : $text;
}

sub asked_again {
    my ($t, $name, $client) = @_;
    for my $time (qw(first second)) {
        my $browser = $t->open_request($t->authorize_url($client));
        ok($browser->has_consent, "case 93: $name is asked for, the $time time");
        unlike($browser->page->body, qr/not be asked/, '... and not told otherwise');
        $browser->decide('allow');
        is($t->outcome($client, $browser->page), '303 code', '... and let in');
    }
    is($t->outcome($client, $t->browser_of('alice')->get($t->authorize_url($client, prompt => 'none'))), '302 consent_required', "case 93: $name is not let in behind the user's back");
    return;
}

on_each_db({ conf => 'GPTOAuthRegistration open' }, sub {
    my ($t) = @_;
    my $evil = register($t, client_name => 'ChatGPT', redirect_uris => ['https://evil.example/cb']);
    my ($text, $body) = page_of($t, $evil);
    like($text, qr/ChatGPT wants access to your \S+ account\. Unverified: the app chose its own name/, 'case 206: the name is marked as unverified');
    like($text, qr{you go to https://evil\.example\.}, 'case 206: and the page says where the answer goes');
    like($text, qr/nobody has checked/, 'case 206: and why to look there');
    unlike($text, qr/program on this computer/, 'no warning of loopback');

    $text = page_of($t, register($t, client_name => 'Inspector', redirect_uris => ['http://127.0.0.1:6276/oauth/callback']));
    like($text, qr{program on this computer.*you go to http://127\.0\.0\.1:6276\.}, 'a loopback redirect is warned of');
    $text = page_of($t, register($t, client_name => 'Telephone', redirect_uris => ['com.example.app:/cb']));
    like($text, qr{you go to com\.example\.app:/cb\.}, 'a private-use scheme is named');
    $text = page_of($t, { id => 'https://claude.ai/oauth/mcp-oauth-client-metadata', redirect_uri => 'https://claude.ai/api/mcp/auth_callback', public => 1 });
    like($text, qr{Claude wants access to your \S+ account\. Published at claude\.ai\. .*you go to https://claude\.ai\.}, 'a document is named by its host');
    unlike($text, qr/Unverified|checked|program/, '... without warnings');
    $text = page_of($t, { id => 'https://claude.ai/oauth/claude-code-client-metadata', redirect_uri => 'http://localhost:3118/callback', public => 1 });
    like($text, qr{Claude Code wants access to your \S+ account\. Published at claude\.ai\. .*program on this computer}, '... but of loopback it warns');
    $text = page_of($t, my $own = $t->client_add('Our app'));
    like($text, qr/Our app wants access to/, "the administrator's own");
    unlike($text, qr/Unverified|checked|program/, '... is not marked');

    for my $name ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "moc.live\x{202e}", "a\x{200b}\x{2066}b", "\x{200b}\x{ad}", "\x{a0}\x{2003}\x{3000}", "\x{2800}\x{1160}\x{180e}\x{ffa0}\x{34f}\x{206f}", '&lt;b&gt;') {
        ($text, $body) = page_of($t, register($t, client_name => $name, redirect_uris => ['https://rp.example/cb']));
        unlike($body, qr/<script|<img|<b>|[\x{ad}\x{200b}\x{202e}\x{2066}\x{206f}\x{2800}\x{a0}]/, 'case 40: ' . JSON::PP->new->ascii->encode([$name]));
        like($text, qr/\S wants access to your \S+ account\. Unverified:/, 'case 40: something is left of it');
    }
    is(join(' ', $body =~ /(?:href|src)="([^"]*)"/g), '/oauth/logo ' . $t->issuer . '/oauth/apps', 'case 200: nothing of an app is linked or loaded');

    asked_again($t, 'a registered client', $evil);
    asked_again($t, 'a registered client with a secret', register($t, client_name => 'c', redirect_uris => ['https://c.example/cb'], token_endpoint_auth_method => 'client_secret_post'));
    asked_again($t, 'a document', { id => 'https://zed.dev/oauth/client-metadata.json', redirect_uri => 'http://127.0.0.1:5000/callback', public => 1 });
    is($t->sql("SELECT count(*) FROM oauth_consent;"), 0, 'case 93: nothing is remembered');
    $t->open_request($t->authorize_url($own))->decide('allow');
    is($t->sql("SELECT count(*) FROM oauth_consent;"), 1, '... but of what the administrator made');
});

done_testing;
