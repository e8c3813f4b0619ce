#!/usr/bin/perl
# A browser walks every page for people: whether each can be read, reached and used, in every language, light and dark, large and
# small, with and without JavaScript. Leaves pictures of all in build/screenshots/.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;
use Test::GptOauth::Http;

my $long = 'W' x 255;
my $far = 'https://www.example.com/' . 'p' x 2000;
my $logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="10" fill="#0b6e4f"/><path d="M14 12h20v4H14zm0 10h20v4H14zm0 10h12v4H14z" fill="#fff"/></svg>';

# Whose pages: a service with all that it may say of itself; one whose names are as long as they may be, and which says nothing; one
# whose colour is hard to see; one that is not encrypted; and one where httpd signs in to half of the pages.
my $forty = join '', map { "    GPTOAuthScope s$_ \"" . ($_ % 4 ? "Use number $_" : $long) . '"' . ($_ > 20 ? ' changes' : '') . ($_ % 3 ? '' : ' optional') . "\n" } 1 .. 40;
my $pages = <<'EOC';
GPTOAuthScope read "Read your notes" default
GPTOAuthScope tags "See your tags" optional
GPTOAuthScope write "Change your notes" changes optional
GPTOAuthScope all "Do everything with your notes" changes includes read write
GPTOAuthScopeText read de "Deine Notizen lesen"
GPTOAuthScopeText tags de "Deine Schlagwörter sehen"
GPTOAuthScopeText write de "Deine Notizen ändern"
<Location /api>
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
EOC
my $conf = <<"EOC";
GPTOAuthRegistration open
GPTOAuthPages pages
GPTOAuthBrand "Acme Notes" logo.svg #0b6e4f
GPTOAuthLink privacy https://www.example.com/privacy
GPTOAuthLink terms https://www.example.com/terms
GPTOAuthLink help mailto:help\@example.com
GPTOAuthLink password https://www.example.com/password
Listen 127.0.0.1:%%PORT_L%%
Listen 127.0.0.1:%%PORT_P%%
Listen 127.0.0.1:%%PORT_I%%
Listen 127.0.0.1:%%PORT_H%%
<VirtualHost 127.0.0.1:%%PORT_L%%>
    GPTOAuthIssuer http://localhost:%%PORT_L%%
    GPTOAuthBrand @{[ 'W' x 64 ]}
    GPTOAuthLink terms $far
    GPTOAuthLink help $far
    GPTOAuthLink password $far
    GPTOAuthScope read "Read your notes" default
$forty</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_P%%>
    GPTOAuthIssuer http://localhost:%%PORT_P%%
    GPTOAuthBrand "Pale" #ffee88
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_I%%>
    GPTOAuthIssuer https://localhost:%%PORT_I%%
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_H%%>
    GPTOAuthIssuer http://localhost:%%PORT_H%%
    <Location /oauth/authorize>
        AuthType Basic
        AuthName x
        AuthBasicProvider file
        AuthUserFile "%%DIR%%/users"
        Require valid-user
    </Location>
</VirtualHost>
EOC

# English in other letters, from right to left: a language that nobody speaks, whose every word is seen to be translated.
sub from_right_to_left {
    my %messages = %{ JSON::PP->new->utf8->decode(Test::GptOauth::slurp("$FindBin::Bin/../../conf/pages/messages/en.json")) };
    for my $text (values %messages) {
        $text =~ s/(\{[^}]*\})|([a-z]+)/$1 \/\/ lc($2) =~ tr{a-z}{ابتثجحخدذرزسشصضطظعغفقكلمنه}r/gei;
    }
    return JSON::PP->new->utf8->encode({ %messages, direction => 'rtl' });
}

sub register {
    my ($t, $name, $redirect, $port) = @_;
    my $body = JSON::PP->new->utf8->encode({ client_name => $name, redirect_uris => [$redirect], token_endpoint_auth_method => 'none' });
    my $response = Test::GptOauth::Http->new($port // $t->port)->post('/oauth/register', $body, headers => [ 'Content-Type' => 'application/json' ]);
    my $json = $response->json;
    die 'not registered: ' . $response->body unless $json->{client_id};
    return { id => $json->{client_id}, public => 1, redirect_uri => $redirect };
}

# More apps, consents and sessions than a page holds; and one of each with the longest names there are.
sub fill_lists {
    my ($t, $long_client) = @_;
    my ($issuer, $other, $now) = ($t->issuer, 'http://localhost:' . $t->port('L'), time);
    my $numbers = '(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT i FROM n)';
    my $grant = 'INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at) SELECT';
    my $consent = 'INSERT INTO oauth_consent (consent_hash, issuer, username, client_id, redirect_uri, scope, created_at) SELECT randomblob(32),';
    $t->sql("INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at) SELECT 'many' || i, 'Many ' || i, 0, 0, '', '', '', 'document', 1 FROM $numbers;");
    $t->sql("$grant 'g' || i, '$issuer', 'many' || i, 'dora', 'read', '', $now, $now + 9999, $now + 9999 FROM $numbers;");
    $t->sql("$consent '$issuer', 'dora', 'many' || i, '', 'read', $now FROM $numbers;");
    my $scopes = join ' ', map { "s$_" } 1 .. 40;
    $t->sql("$grant 'long', '$other', '$long_client->{id}', '$long', '$scopes', '', $now, $now + 9999, $now + 9999;");
    $t->sql("$consent '$other', '$long', 'many1', '', '$scopes', $now;");
    return;
}

utf8::encode($pages);
my $t = Test::GptOauth->new(db => 'sqlite', pages => $pages, conf => $conf, start => 0);
$t->write_file('logo.svg', $logo);
$t->write_file('pages/messages/ar.json', from_right_to_left());
$t->write_file('users', '');
$t->start;

my %user = map { $_ => $t->user($_) } qw(alice bob carol dora erna frank gerda hans ida jan karl lena out-en out-de out-ar);
$user{$long} = $t->user_add($long, "horse battery staple of somebody");
$user{nora} = secret($t->gptoauth_json(qw(user add nora --one-time))->{one_time_password});
my %client = (
    admin => $t->client_add('My notebook', redirect => 'https://rp.example/cb'),
    gpt => $t->client_add('My GPT', gpt => 1, redirect => 'https://chat.openai.com/aip/g-1/oauth/callback'),
    unverified => register($t, 'ChatGPT', 'https://rp.example/registered'),
    loopback => register($t, 'Inspector', "http://127.0.0.1:@{[ $t->port('N') ]}/callback"),
    private => $t->client_add('Telephone', public => 1, redirect => 'com.example.app:/callback'),
    document => { id => 'https://claude.ai/oauth/mcp-oauth-client-metadata', redirect_uri => 'https://claude.ai/api/mcp/auth_callback', public => 1 },
    local_document => { id => 'https://claude.ai/oauth/claude-code-client-metadata', redirect_uri => 'http://localhost:3118/callback', public => 1 },
    long => $t->client_add($long, redirect => 'https://' . 'h' x 63 . '.example/' . 'p' x 1900),
    long_unverified => register($t, $long, 'https://' . join('.', map { 'h' x 60 } 1 .. 3) . '.example/' . 'p' x 1700, $t->port('L'))
);
for my $user (qw(frank gerda)) {
    $t->tokens_for($client{$_}, user => $user, params => { scope => 'read tags write' }) for qw(admin gpt unverified document);
}
fill_lists($t, $client{long});
# So often a password is not wrong by chance.
my $guesser = $t->browser;
$guesser->get('/oauth/apps');
for (1 .. 40) {
    last if $guesser->sign_in('hans', 'no such horse')->status == 429;
}
Test::GptOauth::output('', qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=rp.example -keyout), "$t->{dir}/key.pem", '-out', "$t->{dir}/certificate.pem");

my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../../build");
my $request = sub { my ($name, $scope) = @_; return $t->authorize_url($client{$name}, state => 'kept', scope => $scope) };
my $all = join ' ', map { "s$_" } 1 .. 40;
my %facts = (
    issuer => $t->issuer,
    long => 'http://localhost:' . $t->port('L'),
    pale => 'http://localhost:' . $t->port('P'),
    insecure => 'http://localhost:' . $t->port('I'),
    half => 'http://localhost:' . $t->port('H'),
    longest => $long,
    password => \%user,
    pictures => "$build/screenshots",
    request => { map { $_ => /^long/ ? $request->($_, $all) : $request->($_, 'read tags write') } keys %client },
    admin => $client{admin}{id},
    optional => $request->('admin', 'tags write'),
    ports => { https => $t->port('F'), http => $t->port('N') },
    key => "$t->{dir}/key.pem",
    certificate => "$t->{dir}/certificate.pem"
);
play($t, 'pages.mjs', \%facts);
$t->finish;
done_testing;
