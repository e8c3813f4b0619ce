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

# The links of a page that lead to other hosts, and how they are made.
sub links_of { my ($t, $body) = @_; return join ' ', grep { !m{^\Q@{[ $t->issuer ]}\E/} } $body =~ m{<a rel="noopener noreferrer" href="(https?:[^"]*)">}g }

# An app's website, privacy policy and terms: whoever the administrator knows has links, and a stranger is quoted.
sub test_app_links {
    my ($t) = @_;
    my @all = ('--website', 'https://Our.example', '--privacy', 'https://our.example:8443/privacy?a=1&b=2', '--terms', 'https://xn--our-hoa.example/terms#t');
    for my $kind ('--gpt', '--public', '') {
        my $made = $t->gptoauth_json('client', 'add', "Linked $kind", $kind || (), '--redirect', 'https://rp.example/cb', @all);
        my $client = { id => $made->{client_id}, secret => $made->{client_secret}, redirect_uri => 'https://rp.example/cb' };
        my ($text, $body) = page_of($t, $client);
        like($text, qr{About this app: Website \(our\.example\) &middot; Privacy \(our\.example:8443\) &middot; Terms \(xn--our-hoa\.example\) }, "links of a client made with '$kind'");
        is(links_of($t, $body), 'https://Our.example https://our.example:8443/privacy?a=1&amp;b=2 https://xn--our-hoa.example/terms#t', '... lead where the administrator said');
    }
    my ($text, $body) = page_of($t, { id => 'https://claude.ai/oauth/mcp-oauth-client-metadata', redirect_uri => 'https://claude.ai/api/mcp/auth_callback', public => 1 });
    like($text, qr/About this app: Website \(claude\.ai\) /, 'the website of a document that is built in');
    is(links_of($t, $body), 'https://claude.ai', '... is a link');

    my %links = (client_uri => 'https://WWW.evil.example/', policy_uri => 'https://evil.example/privacy', tos_uri => 'https://bank.example/terms');
    my $stranger = register($t, client_name => 'Bank', redirect_uris => ['https://evil.example/cb'], %links);
    ($text, $body) = page_of($t, $stranger);
    like($text, qr/The app says of itself: Website \(www\.evil\.example\) &middot; Privacy \(evil\.example\) /, 'case 200: of a stranger the page quotes the hosts');
    unlike($body, qr/(?:href|src|action)="[^"]*(?:evil|bank)/i, 'case 200: and others\' links are never links');
    unlike($body, qr/evil\.example\/|WWW\.evil/, 'case 200: nor is more of them there');
    unlike($body, qr/bank/, 'case 200: nor a host that is not where the user would go');
    my $here = register($t, client_name => 'Here', redirect_uris => ['http://127.0.0.1/cb'], %links);
    unlike(scalar page_of($t, $here), qr/of itself/, 'case 200: of a program on this computer nobody knows whose host that is');
    unlike(scalar page_of($t, register($t, client_name => 'None', redirect_uris => ['https://none.example/cb'], client_uri => 'http://127.0.0.1/')), qr/About this app|of itself/, 'nothing where there is none');

    # Whatever wrote it there.
    my $wrong = 0;
    for my $url ('javascript:alert(1)', 'data:text/html,x', 'http://our.example/', 'com.example.app:/', 'https://bank.example@evil.example/', "https://our.example/\xe2\x80\xae", 'https://our.example/" onclick="x') {
        $t->sql('INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at, client_uri, tos_uri) '
            . "VALUES ('wrong$wrong', 'Wrong $wrong', 1, 0, 'https://rp.example/cb', '', 'authorization_code', 'admin', 1, '$url', 'https://our.example/');");
        ($text, $body) = page_of($t, { id => 'wrong' . $wrong++, redirect_uri => 'https://rp.example/cb', public => 1 });
        like($text, qr/About this app: Terms \(our\.example\) /, 'case 200: nothing is shown of ' . JSON::PP->new->ascii->encode([$url]));
        is(links_of($t, $body), 'https://our.example/', '... nor linked to');
    }
    my $own = $t->client_add('By hand');
    $t->gptoauth('client', 'links', $own->{id}, '--terms', 'https://our.example/');
    my $page = $t->open_request($t->authorize_url($own, ui_locales => 'de'))->page->body;
    like($page, qr{Über diese App: <a [^>]*><bdi>Nutzungsbedingungen</bdi></a>\s+\(<bdi>our\.example</bdi>\)}, 'in the language of the page');

    my $browser = $t->open_request($t->authorize_url($own));
    $t->gptoauth('client', 'links', $own->{id}, '--website', 'https://new.example');
    is($t->outcome($own, $browser->decide('allow')), '303 code', 'Allow counts on a page with other links, as it is about scopes');
    is($t->outcome($own, $t->browser_of('alice')->get($t->authorize_url($own))), '302 code', '... and consent is remembered');
    $t->gptoauth('client', 'links', $own->{id});
    is($t->outcome($own, $t->browser_of('alice')->get($t->authorize_url($own))), '302 code', '... whatever becomes of the links');
    return;
}

on_each_db({ conf => 'GPTOAuthRegistration open' }, sub {
    my ($t) = @_;
    my $evil = register($t, client_name => 'ChatGPT', redirect_uris => ['https://evil.example/cb']);
    my ($text, $body) = page_of($t, $evil);
    like($text, qr/ChatGPT wants access to your \S+ account\. Unverified: the app chose its own name/, 'case 206: the name is marked as unverified');
    like($text, qr{you go to https://evil\.example\.}, 'case 206: and the page says where the answer goes');
    like($text, qr/nobody has checked/, 'case 206: and why to look there');
    my $sign_in = Test::GptOauth::Browser->new($t->port)->get($t->authorize_url($evil))->body;
    like($sign_in, qr{nobody has checked it\. .*<strong><bdi>https://evil\.example</bdi></strong>}, 'case 206: before a password is typed, too');
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
    like($text, qr/Our app wants access to .* The administrator set this app up\./, "the administrator's own");
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
    test_app_links($t);
});

done_testing;
