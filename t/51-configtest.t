#!/usr/bin/perl
# What `httpd -t` says: a sentence that names each wrong or missing directive and what to write, and nothing against a good one.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Files;

my $issuer = 'GPTOAuthIssuer https://api.example.com';
my $scope = 'GPTOAuthScope notes.read "Read your notes" default';
my $guard = "<Location /api>\nAuthType GPTOAuth\nRequire oauth-scope notes.read\n</Location>";
my $sqlite = "DBDriver sqlite3\nDBDParams \"%%DIR%%/db/oauth.sqlite\"";
my $pgsql = 'DBDriver pgsql' . "\nDBDParams \"host=db.internal dbname=oauth user=oauth";
my $usual = "$issuer\n$scope\n$guard";

my $t = Test::GptOauth->new(db => 'sqlite', issuer => '', pages => '', start => 0, modules => [qw(socache_shmcb authn_socache)]);

# Runs configtest with this configuration; options are modules to leave out, and lines in place of DBDriver and DBDParams.
sub configtest {
    my ($conf, %opt) = @_;
    $t->write_file('dbd.conf', $opt{dbd} // $sqlite);
    $t->write_conf(conf => $conf);
    if ($opt{without}) {
        my $text = Test::GptOauth::slurp($t->dir . '/httpd.conf');
        $text =~ s/^LoadModule $opt{without}_module .*\n//m;
        $text =~ s/^Include.*dbd\.conf.*\n//m if $opt{without} eq 'dbd';
        $t->write_file('httpd.conf', $text);
    }
    my ($status, $said) = $t->configtest;
    return $status == 0 ? 'Syntax OK' : $said;
}

sub bad { my ($name, $expected, @conf) = @_; return like(configtest(@conf), $expected, $name) }

sub good { my ($name, @conf) = @_; return is(configtest(@conf), 'Syntax OK', $name) }

# ---- the issuer

good('the example', $usual);
good("an issuer $_", "GPTOAuthIssuer $_\n$scope\n$guard") for 'https://api.example.com/t1/t2', 'https://api.example.com:8443',
    'http://localhost', 'http://127.0.0.1:8080', 'http://[::1]:8080', '"https://api.example.com"', 'https://xn--bcher-kva.example';
for my $case (
    [ 'api.example.com', 'an https URL such as https://api\.example\.com' ],
    [ 'ftp://api.example.com', 'an https URL' ],
    [ 'https://', 'an https URL' ],
    [ 'https://user@api.example.com', 'an https URL' ],
    [ 'https://b%fccher.example', 'an https URL' ],
    [ '/oauth', 'an https URL' ],
    [ 'http://api.example.com', 'begins with https://' ],
    [ 'http://localhost.example.com', 'begins with https://' ],
    [ 'http://127.0.0.2', 'begins with https://' ],
    [ 'https://api.example.com/', 'write https://api\.example\.com$' ],
    [ 'https://api.example.com/t1/', 'write https://api\.example\.com/t1$' ],
    [ 'https://API.example.com', 'write https://api\.example\.com$' ],
    [ 'HTTPS://api.example.com', 'write https://api\.example\.com$' ],
    [ 'https://api.example.com:443', 'write https://api\.example\.com$' ],
    [ 'https://api.example.com?x', 'no query and no fragment' ],
    [ '"https://api.example.com#x"', 'no query and no fragment' ],
    [ 'https://api.example.com//t1', 'no empty segment' ],
    [ 'https://api.example.com/../t1', 'none that begins with a dot' ],
    [ 'https://api.example.com/%74', 'no percent sign' ],
) {
    my ($value, $expected) = @$case;
    bad("GPTOAuthIssuer $value", qr/^GPTOAuthIssuer \Q${\ ($value =~ tr!"!!dr) }\E: .*$expected/m, "GPTOAuthIssuer $value\n$scope\n$guard");
}
bad('an issuer without value', qr/GPTOAuthIssuer takes 1-2 arguments, the https URL/, "GPTOAuthIssuer\n$scope");
bad('two issuers', qr/^GPTOAuthIssuer https:\/\/b\.example: .*has the issuer https:\/\/api\.example\.com already/m,
    "$usual\nGPTOAuthIssuer https://b.example");
bad('an issuer in a Location', qr/GPTOAuthIssuer.*not allowed in <Location>|GPTOAuthIssuer cannot occur within <Location>/,
    "$usual\n<Location /x>\nGPTOAuthIssuer https://b.example\n</Location>");
bad('a guard without issuer', qr/httpd\.conf:\d+: AuthType GPTOAuth .* without GPTOAuthIssuer; write GPTOAuthIssuer https:/,
    "$scope\n$guard");

bad('case 305: trailers as headers', qr/GPT215: MergeTrailers on lets a caller add headers .* remove the line$/m, "$usual\nMergeTrailers on");

# ---- virtual hosts

sub vhost { return "<VirtualHost 127.0.0.1:%%PORT%%>\nServerName $_[0]\n$_[1]\n</VirtualHost>" }

good('everything in a virtual host', vhost('a.example', $usual));
good('two issuers', vhost('a.example', $usual) . "\n" . vhost('b.example', "GPTOAuthIssuer https://b.example\n$scope\n$guard"));
good('one issuer for http and https', vhost('a.example', $usual) . "\n" . vhost('https://a.example', $usual));
good('scopes and guard for all', "$scope\n$guard\n" . vhost('a.example', $issuer) . "\n" . vhost('b.example', 'GPTOAuthIssuer https://b'));
good('a virtual host without', "$usual\n" . vhost('a.example', ''));
bad('a guard in a virtual host whose issuer is elsewhere', qr/write GPTOAuthIssuer https:/, "$usual\n" . vhost('a.example', $guard));
bad('an issuer whose scopes are elsewhere', qr/GPTOAuthIssuer of b\.example: no scope is defined.*write for example GPTOAuthScope/,
    vhost('a.example', $usual) . "\n" . vhost('b.example', 'GPTOAuthIssuer https://b.example'));
bad('a scope that one virtual host lacks', qr/Require oauth-scope names notes\.read, which is not defined; write GPTOAuthScope notes\.read/,
    "$scope\n$guard\n" . vhost('a.example', "$issuer\nGPTOAuthScope other \"Others\" default"));

# ---- guards of another host's issuer

my $guarding = vhost('files.example', "$issuer guard\nGPTOAuthResource https://files.example\n$scope\n$guard");

good('a guard for another host', $guarding);
good('a guard beside its issuer', vhost('a.example', "$usual\nGPTOAuthResource https://files.example/api https://more.example") . "\n$guarding");
good('a guard with scopes of its own only', vhost('files.example', "$issuer GUARD\nGPTOAuthResource https://files.example\nGPTOAuthScope x \"X\"\n"
        . "<Location /api>\nAuthType GPTOAuth\nRequire oauth-scope x\n</Location>"));
good('a guard without scopes', vhost('files.example', "$issuer guard\nGPTOAuthResource https://files.example\n<Location /oauth>\nAuthType GPTOAuth\n"
        . "Require valid-user\n</Location>"));
bad('another word than guard', qr/GPTOAuthIssuer https:\/\/api\.example\.com: "gaurd" is not understood.*only the word guard/, "$issuer gaurd\n$scope\n$guard");
bad("a guard that $_->[0]", qr/GPTOAuthIssuer of files\.example: a guard must know the address by which.*write one line GPTOAuthResource https:\/\/NAME, without a path/,
    vhost('files.example', "$issuer guard\n$_->[1]\n$scope\n$guard"))
    for [ 'does not know where it is', '' ], [ 'is in two places', 'GPTOAuthResource https://files.example https://more.example' ],
    [ 'is at a path', 'GPTOAuthResource https://files.example/api' ];
bad('a guard whose scope is not defined', qr/Require oauth-scope names notes\.read, which is not defined/,
    vhost('files.example', "$issuer guard\nGPTOAuthResource https://files.example\n$guard"));
bad('resources without an issuer', qr/GPTOAuthResource https:\/\/files\.example outside of sections, in a virtual host without GPTOAuthIssuer/,
    "$usual\n" . vhost('files.example', 'GPTOAuthResource https://files.example'));
good('resources of the issuer', "$usual\nGPTOAuthResource https://files.example https://more.example/mcp\nGPTOAuthResource https://third.example");
bad('two resources in one section', qr/GPTOAuthResource https:\/\/b\.example: this section is https:\/\/a\.example already/,
    "$usual\n<Location /x>\nAuthType GPTOAuth\nRequire valid-user\nGPTOAuthResource https://a.example https://b.example\n</Location>");
bad('a resource with a query', qr/GPTOAuthResource https:\/\/a\.example\/x\?y: a resource has no query/, "$usual\nGPTOAuthResource https://a.example/x?y");

# ---- the path

good("GPTOAuthPath $_", "$usual\nGPTOAuthPath $_") for '/oauth2', '/a/b', '/connect-1_x.y~';
bad("GPTOAuthPath $_", qr/^GPTOAuthPath \Q${\ tr!"!!dr }\E: write a plain path/m, "$usual\nGPTOAuthPath $_")
    for 'oauth', '/', '/oauth/', '"/o auth"', '/oauth?x', '/.well-known', '/a/../b', '//oauth', '/oauth*', '/%6fauth', '/a\\\\b';
bad("a guard at $_, where the endpoints are", qr/AuthType GPTOAuth for \Q$_\E can guard nothing: .*GPTOAuthPath/,
    "$usual\nGPTOAuthPath /connect\n<Location $_>\nAuthType GPTOAuth\nRequire valid-user\n</Location>")
    for '/connect', '/connect/', '/connect/api', '/.well-known/oauth-authorization-server';
good('a guard around the endpoints', "$usual\n<Location />\nAuthType GPTOAuth\nRequire valid-user\n</Location>");
good('a guard at a document that is not served', "$usual\n<Location /openapi.json>\nAuthType GPTOAuth\nRequire valid-user\n</Location>");
good('a guard beside them', "$usual\n<Location /oauth-api>\nAuthType GPTOAuth\nRequire valid-user\n</Location>");
good('a sign-in at an endpoint', "$usual\n<Location /oauth/authorize>\nAuthType Basic\nAuthName x\nRequire valid-user\n</Location>");

# ---- scopes

bad('no scope', qr/no scope is defined.*write for example GPTOAuthScope notes\.read "Read your notes" default/,
    "$issuer\n<Location /api>\nAuthType GPTOAuth\nRequire valid-user\n</Location>");
bad('no default', qr/no scope is marked as default.*add the word default/, "$issuer\nGPTOAuthScope notes.read \"Read\"\n$guard");
bad('a scope twice', qr/GPTOAuthScope notes\.read is defined twice; keep one/, "$usual\n$scope");
good("GPTOAuthScope notes.write \"Change\" $_", "$usual\nGPTOAuthScope notes.write \"Change\" $_")
    for 'required', 'default required', 'Required Default', 'includes notes.read', 'default includes notes.read', 'required includes notes.read notes.read',
    'changes', 'optional', 'Default Changes Optional', 'required changes', 'optional changes includes notes.read';
good('a scope that is included before it is defined', "$issuer\nGPTOAuthScope notes.write \"Change\" includes notes.read\n$scope\n$guard");
good('a scope by two ways', "$usual\nGPTOAuthScope a \"A\" includes b c\nGPTOAuthScope b \"B\" includes notes.read\nGPTOAuthScope c \"C\" includes notes.read b");
good('required is default', "$issuer\nGPTOAuthScope notes.read \"Read\" required\n$guard");
good('more scopes', "$usual\nGPTOAuthScope notes:write \"Change your notes\"\nGPTOAuthScope https://x/y \"Z\" Default");
for my $case (
    [ '', 'GPTOAuthScope needs a name and a description' ],
    [ 'notes.write', 'GPTOAuthScope needs a name and a description.*: GPTOAuthScope notes\.read "Read your notes"' ],
    [ 'notes.write Change your notes', 'GPTOAuthScope notes\.write: .*description \(in quotes\)' ],
    [ 'notes.write "Change" defualt', 'GPTOAuthScope notes\.write: "defualt" is not understood' ],
    [ 'notes.write "Change" default notes.read', 'GPTOAuthScope notes\.write: "notes\.read" is not understood' ],
    (map { [ "notes.write \"Change\" $_", 'GPTOAuthScope notes\.write: required and optional contradict each other; keep required if' ] }
        'required optional', 'optional default required includes notes.read'),
    [ 'notes.write "Change" includes', 'GPTOAuthScope notes\.write: includes what\? Write the names' ],
    [ 'notes.write "Change" includes notes.reda', 'GPTOAuthScope notes\.write includes notes\.reda, which is not defined; write GPTOAuthScope notes\.reda' ],
    [ 'notes.write "Change" includes notes.read,x', 'GPTOAuthScope notes\.write: "notes\.read,x" is not a scope that can be included' ],
    [ 'notes.write "Change" includes offline_access', '"offline_access" is not a scope that can be included' ],
    [ 'notes.write "Change" includes notes.write', 'GPTOAuthScope notes\.write includes itself' ],
    [ "a \"A\" includes b\nGPTOAuthScope b \"B\" includes notes.read c\nGPTOAuthScope c \"C\" includes a", 'GPTOAuthScope a includes itself, directly or through others' ],
    [ 'notes.write " "', 'GPTOAuthScope notes\.write: the description is empty' ],
    [ "notes.write \"Chang\xe9\"", 'GPTOAuthScope notes\.write: .*UTF-8' ],
    [ '"notes write" "Change"', 'GPTOAuthScope notes write: a scope\'s name is' ],
    [ 'notes,write "Change"', 'GPTOAuthScope notes,write: a scope\'s name is' ],
    [ '"" "Change"', 'GPTOAuthScope : a scope\'s name is' ],
    [ "n\xc3\xb6tes \"Change\"", 'a scope\'s name is printable ASCII' ],
    [ 'offline_access "Stay"', 'GPTOAuthScope offline_access: this scope is known without' ],
) {
    my ($value, $expected) = @$case;
    bad("GPTOAuthScope $value", qr/$expected/, "$usual\nGPTOAuthScope $value");
}

my $text = 'GPTOAuthScopeText notes.read de "Ihre Notizen lesen"';
good("GPTOAuthScopeText in $_", "$usual\nGPTOAuthScopeText notes.read $_ \"L\xc3\xa4s\"") for qw(de DE pt-BR zh-Hant-TW de-1996 gsw tok-latn-x-12345678);
good('two languages', "$usual\n$text\nGPTOAuthScopeText notes.read de-AT \"Notizen\"");
good('scope and text in a virtual host', vhost('a.example', "$usual\n$text"));
for my $case (
    [ 'notes.reda de "Lesen"', 'GPTOAuthScopeText notes\.reda: this scope is not defined yet; write the line below its GPTOAuthScope, in the same virtual host' ],
    [ 'offline_access de "Bleiben"', 'GPTOAuthScopeText offline_access: this scope is not defined yet' ],
    [ 'notes.read de', 'GPTOAuthScopeText takes three arguments, a scope\'s description in another language' ],
    [ 'notes.read de " "', 'GPTOAuthScopeText notes\.read: the text is empty; say in a few words' ],
    [ "notes.read de \"L\xe4s\"", 'GPTOAuthScopeText notes\.read: the text is not UTF-8; save this file' ],
    [ "notes.read de \"Lesen\"\n$text", 'GPTOAuthScopeText notes\.read: there is a text in de already; keep one of the two lines' ],
    [ "notes.read DE \"Lesen\"\n$text", 'GPTOAuthScopeText notes\.read: there is a text in de already' ],
    map({ [ "notes.read $_ \"Lesen\"", 'GPTOAuthScopeText notes\.read: "[^"]*" is no language tag; after the scope comes one such as de or pt-BR' ] }
        qw(d de_DE deutsch99 abcdefghi de- -de de--AT de-123456789 * 12 de-*), "d\xc3\xa9", '"de AT"', '"Ihre Notizen lesen"'),
) {
    my ($value, $expected) = @$case;
    bad("GPTOAuthScopeText $value", qr/$expected/, "$usual\nGPTOAuthScopeText $value");
}
bad('a text above its scope', qr/this scope is not defined yet/, "$issuer\n$text\n$scope\n$guard");
bad('a text in a virtual host of a scope that is not', qr/this scope is not defined yet/, "$scope\n" . vhost('a.example', "$issuer\n$text\n$guard"));

# ---- times

my @lifetimes = qw(CodeLifetime AccessLifetime SessionLifetime RefreshLifetime RefreshGrace);
for my $name (@lifetimes) {
    good("GPTOAuth$name $_", "$usual\nGPTOAuth$name $_") for '90', '90s', '2m';
    bad("GPTOAuth$name $_", qr/GPTOAuth$name \Q${\ tr!"!!dr }\E: write a number and s, m, h, d or y, between \d+s and \d+[my]/, "$usual\nGPTOAuth$name $_")
        for '-1', 's', 'soon', '1h30m', '1.5h', '10ms', '"90 s"', '99999999999999999999', '9223372036854775807y', '11y';
}
bad("GPTOAuth$_ 0", qr/GPTOAuth$_ 0: write a number/, "$usual\nGPTOAuth$_ 0") for @lifetimes[ 0 .. 3 ];
good('GPTOAuthRefreshGrace 0', "$usual\nGPTOAuthRefreshGrace 0");
bad('a code that lives for 11 minutes', qr/GPTOAuthCodeLifetime 11m: write a number and s, m, h, d or y, between 1s and 10m/, "$usual\nGPTOAuthCodeLifetime 11m");
bad('a grace of 2 hours', qr/GPTOAuthRefreshGrace 2h: write a number and s, m, h, d or y, between 0s and 60m/, "$usual\nGPTOAuthRefreshGrace 2h");
good("GPTOAuthRefreshLifetime $_", "$usual\nGPTOAuthRefreshLifetime $_") for '30d', '30d 1y', '1y 1y', '365d 10y';
bad("GPTOAuthRefreshLifetime $_", qr/GPTOAuthRefreshLifetime lets a grant live \d+ seconds unused.*such as 90d 1y/,
    "$usual\nGPTOAuthRefreshLifetime $_")
    for '1y 90d', '2y';
bad('three times', qr/GPTOAuthRefreshLifetime takes 1-2 arguments, lifetime of an unused refresh token, and of a grant in all/, "$usual\nGPTOAuthRefreshLifetime 1d 2d 3d");

# ---- sign-in

good('providers', "$usual\nGPTOAuthLoginProvider file gpt-oauth");
for my $case ([ 'file gpt-oauth', 'file gpt-oauth' ], [ "file\nGPTOAuthLoginProvider socache gpt-oauth", 'file gpt-oauth' ], map { [ $_, '' ] } 'file', 'socache file file', 'gpt-oauth') {
    my ($providers, $named) = @$case;
    $t->write_conf(conf => "$usual\nGPTOAuthLoginProvider $providers");
    my ($status, $said) = $t->configtest;
    is("$status " . join(' ', $said =~ /GPT225: GPTOAuthLoginProvider names several providers \(([^)]+)\): .* Name one alone, or see to it that no name is in two of them$/mg),
        "0 $named", 'GPTOAuthLoginProvider ' . $providers =~ s/\s+/ /gr . ($named ? ': a warning' : ': no warning'));
}
good('an alias', "$usual\n<AuthnProviderAlias file staff>\nAuthUserFile /none\n</AuthnProviderAlias>\nGPTOAuthLoginProvider staff");
bad('an unknown provider', qr/GPTOAuthLoginProvider ldap: there is no such provider; load its module first/,
    "$usual\nGPTOAuthLoginProvider gpt-oauth ldap");
good("GPTOAuthUserName $_", "$usual\nGPTOAuthUserName $_") for 'env:OIDC_CLAIM_name', 'header:X-Name';
bad("GPTOAuthUserName $_", qr/GPTOAuthUserName \Q${\ tr!"!!dr }\E: write env:NAME or header:NAME/, "$usual\nGPTOAuthUserName $_")
    for 'NAME', 'env:', 'header:', 'cookie:x';

# ---- guards

sub location { my ($lines, $start) = @_; $start //= '<Location /more>'; return "$usual\n$start\n$lines\n</" . ($start =~ /(\w+)/)[0] . '>' }

good("$_ in a Location", location("AuthType GPTOAuth\n$_"))
    for 'Require valid-user', "<RequireAll>\nRequire valid-user\n</RequireAll>",
    "<Limit GET>\nRequire valid-user\n</Limit>", "<IfModule mod_dir.c>\nRequire oauth-client x\n</IfModule>", 'Require oauth-scope "notes.read"';
good("AuthType within $_", location("<$_>\nAuthType GPTOAuth\n</" . (/(\w+)/)[0] . ">\nRequire valid-user"))
    for 'IfModule mod_dir.c', 'IfFile /etc/passwd', 'IfDefine !x', 'IfVersion > 2.4';
good('another spelling', location("authtype \"gptoauth\"\nrequire valid-user"));
good('what is inherited', location('Require oauth-scope notes.read', '<Location /api/inner>'));
bad('... and what is not, where a path has a tilde', qr/the AuthType here is missing; write AuthType GPTOAuth/, location('Require oauth-scope notes.read', '<Location /~ann>'));
good('a Require for an expression', location("AuthType \"%{tolower:GPTOAuth}\"\nRequire oauth-scope notes.read"));
bad('AuthType without Require', qr/httpd\.conf:\d+: <Location \/more> has AuthType GPTOAuth and no Require.*write beside it Require oauth-scope/,
    location("AuthType GPTOAuth$_")) for '', "\nRequire all granted", "\n<RequireAny>\nRequire all granted\n</RequireAny>";
bad('Require without AuthType', qr/httpd\.conf:\d+: Require oauth-scope notes\.read is for tokens, but the AuthType here is missing; write AuthType GPTOAuth/,
    "$issuer\n$scope\n<Location /more>\nRequire oauth-scope notes.read\n</Location>");
bad('Require where no guard reaches', qr/the AuthType here is missing; write AuthType GPTOAuth/, location('Require oauth-scope notes.read'));
bad("AuthType $_", qr/Require oauth-client x is for tokens, but the AuthType here is \Q$_\E; write AuthType GPTOAuth/, location("AuthType $_\nRequire oauth-client x"))
    for 'Basic', 'Bearer', 'None';
bad("$_", qr/httpd\.conf:\d+: AuthType GPTOAuth in a section that is not a plain <Location \/path>.*write GPTOAuthResource https:/,
    location("AuthType GPTOAuth\nRequire valid-user", $_))
    for '<LocationMatch "^/x">', '<Directory "%%DIR%%/htdocs">', '<DirectoryMatch "x">', '<Files x>', '<Location ~ "^/x">', '<Location "/x/*/y">',
    '<If "true">', '<Location more>', '<Proxy "*">';
good("$_ with GPTOAuthResource", location("AuthType GPTOAuth\nRequire valid-user\nGPTOAuthResource https://api.example.com/x", $_))
    for '<LocationMatch "^/x">', '<Directory "%%DIR%%/htdocs">', '<Files x>', '<If "true">';
bad('a scope that is not defined', qr/httpd\.conf:\d+: Require oauth-scope names notes\.wriet, which is not defined; write GPTOAuthScope notes\.wriet/,
    location("AuthType GPTOAuth\nRequire oauth-scope notes.read notes.wriet"));
bad('scopes with a comma', qr/Require oauth-scope notes\.read,x: this is not a scope; separate several with spaces/, location("AuthType GPTOAuth\nRequire oauth-scope notes.read,x"));
bad('no scope', qr/Require oauth-scope needs the name of at least one scope/, location("AuthType GPTOAuth\nRequire oauth-scope"));
bad('offline_access', qr/Require oauth-scope offline_access: this scope opens nothing/, location("AuthType GPTOAuth\nRequire oauth-scope offline_access"));
bad('not a scope', qr/Require not oauth-scope would make clients ask/, location("AuthType GPTOAuth\n<RequireAll>\nRequire valid-user\nRequire not oauth-scope notes.read\n</RequireAll>"));
bad('no scope in RequireNone', qr/Require not oauth-scope would make clients ask/,
    location("AuthType GPTOAuth\n<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire oauth-scope notes.read\n</RequireNone>\n</RequireAll>"));
bad('no client', qr/Require oauth-client needs at least one client id; `gptoauth client list`/, location("AuthType GPTOAuth\nRequire oauth-client"));
good("GPTOAuthResource $_", location("AuthType GPTOAuth\nRequire valid-user\nGPTOAuthResource $_"))
    for 'https://api.example.com/mcp', 'HTTPS://other.example', 'http://localhost:8080/x';
bad("GPTOAuthResource $_", qr/GPTOAuthResource \Q${\ tr!"!!dr }\E: write an absolute https URI without fragment/, location("AuthType GPTOAuth\nRequire valid-user\nGPTOAuthResource $_"))
    for '/mcp', 'api.example.com/mcp', '"https://api.example.com/mcp#x"', 'urn:x', 'https://', '"https://a b"', 'http://api.example.com/mcp';
for my $flag (qw(RequireAudience PassToken PassHeaders)) {
    my $problem = $flag eq 'PassHeaders' ? qr/GPTOAuthPassHeaders yes: write off, on, or encoded \(percent-encoded UTF-8\)/ : qr/GPTOAuth$flag must be On or Off/;
    good("GPTOAuth$flag $_", location("AuthType GPTOAuth\nRequire valid-user\nGPTOAuth$flag $_")) for qw(on off), $flag eq 'PassHeaders' ? 'Encoded' : ();
    bad("GPTOAuth$flag yes", $problem, location("AuthType GPTOAuth\nRequire valid-user\nGPTOAuth$flag yes"));
    bad("GPTOAuth$flag outside of a section", qr/GPTOAuth$flag not allowed (?:here|in)/, "$usual\nGPTOAuth$flag on");
}

good("GPTOAuthAllowOrigin $_", location("GPTOAuthAllowOrigin $_"))
    for '*', 'https://app.example', 'https://app.example http://localhost:6274', "https://app.example\nGPTOAuthAllowOrigin https://chatgpt.com";
bad("GPTOAuthAllowOrigin $_->[0]", qr/GPTOAuthAllowOrigin$_->[1]/m, location("GPTOAuthAllowOrigin $_->[0]"))
    for [ 'https://app.example/', ' https://app\.example/: browsers send .*: write https://app\.example$' ], [ 'app.example', ' app\.example: an origin is a scheme' ],
    [ 'null', ' null: an origin is a scheme' ], [ 'https://*.example', ' https://\*\.example: an origin is' ], [ 'https://App.example:443', '.*: write https://app\.example$' ],
    [ '* https://app.example', ': \* means every origin; write it alone' ], [ 'https://app.example *', ': \* means every' ];
bad('GPTOAuthAllowOrigin outside of a section', qr/GPTOAuthAllowOrigin not allowed (?:here|in)/, "$usual\nGPTOAuthAllowOrigin *");

# ---- service keys

$ENV{T_KEY} = 'k' x 32;
$ENV{T_SHORT} = 'k' x 31;
$ENV{T_ODD} = 'a key with spaces, which are no part of a bearer token';
$ENV{T_EQUALS} = '=' . 'k' x 40;
delete $ENV{T_NONE};
chmod 0600, $t->write_file('key', 'f' x 64 . "\n");
chmod 0644, $t->write_file('open-key', 'f' x 64);
chmod 0602, $t->write_file('writable-key', 'f' x 64);
$t->write_file('short-key', 'f' x 31 . "\n\r\n");
$t->write_file('long-key', 'f' x 513);
$t->write_file('two-keys', 'f' x 64 . "\n" . 'g' x 64 . "\n");
$t->write_file('nul-key', 'f' x 64 . "\0");
mkdir $t->dir . '/folder';
sub keys_in { my ($lines, @section) = @_; return location("AuthType GPTOAuth\nRequire valid-user\n$lines", @section) }

good("GPTOAuthCredentials $_", keys_in("GPTOAuthCredentials $_"))
    for 'oauth', 'service', 'oauth service', 'header:X-API-Key', 'service oauth header:X-API-Key header:Key', 'OAuth Service', 'Header:x-key';
good('keys alone need no resource', keys_in('GPTOAuthCredentials service', '<LocationMatch "^/x">'));
bad('keys and tokens do', qr/write GPTOAuthResource https:/, keys_in('GPTOAuthCredentials service oauth', '<LocationMatch "^/x">'));
bad('GPTOAuthCredentials for nothing', qr/GPTOAuthCredentials needs at least one of oauth, service and header:NAME/, keys_in('GPTOAuthCredentials'));
bad("GPTOAuthCredentials $_->[0]", qr/GPTOAuthCredentials $_->[1]/, keys_in("GPTOAuthCredentials $_->[0]"))
    for [ 'basic', 'basic: write oauth, service, header:NAME, or several' ], [ 'header', 'header: write oauth' ], [ 'header:', 'header:: write the name of a header' ],
    [ 'header:Authorization', 'header:Authorization: write service instead' ], [ 'header:Cookie', 'header:Cookie: this header has a meaning of its own; choose' ],
    [ 'header:HOST', 'header:HOST: this header has' ], [ 'header:Content-Type', 'header:Content-Type: this header has' ], [ 'header:X-OAuth-User', 'header:X-OAuth-User: this header' ],
    [ 'header:X-Forwarded-For', 'header:X-Forwarded-For: this header' ], [ 'header:Proxy-Authorization', '.*this header' ], [ 'header:X_API_Key', 'header:X_API_Key: write the name' ],
    [ '"header:a b"', 'header:a b: write the name' ], [ 'header:-x', 'header:-x: write the name' ], [ 'header:' . 'x' x 65, '.*write the name' ];
good("GPTOAuthServiceKey $_", keys_in("GPTOAuthCredentials service\nGPTOAuthServiceKey $_")) for 'env:T_KEY', '"file:%%DIR%%/key"', 'file:key';
good('GPTOAuthServiceKey and a header', keys_in("GPTOAuthServiceKey env:T_KEY\nGPTOAuthCredentials header:Key"));
good('... in the Location around', keys_in('GPTOAuthCredentials service') . "\n<Location /more/inner>\nGPTOAuthServiceKey env:T_KEY\n</Location>");
my $alone = qr/httpd\.conf:\d+: GPTOAuthServiceKey opens nothing here, since only tokens do; write GPTOAuthCredentials service/;
bad('GPTOAuthServiceKey alone', $alone, keys_in('GPTOAuthServiceKey env:T_KEY'));
bad('GPTOAuthServiceKey where tokens are wanted', $alone, keys_in("GPTOAuthCredentials oauth\nGPTOAuthServiceKey env:T_KEY"));
bad('... again, in a Location', $alone, keys_in('GPTOAuthCredentials service') . "\n<Location /more/inner>\nGPTOAuthCredentials oauth\nGPTOAuthServiceKey env:T_KEY\n</Location>");
bad('... beside one with keys', $alone, keys_in('GPTOAuthCredentials service') . "\n<Location /api>\nGPTOAuthServiceKey env:T_KEY\n</Location>");
bad("GPTOAuthServiceKey $_->[0]", qr/GPTOAuthServiceKey \S+: $_->[1]/, keys_in("GPTOAuthCredentials service\nGPTOAuthServiceKey $_->[0]"))
    for [ 'env:T_NONE', 'this variable is not set where httpd is started; on Debian write export' ], [ 'env:T_SHORT', 'a service key has 32 to 512 characters, and this one has 31; `openssl' ],
    [ 'env:T_ODD', 'a service key consists of letters' ], [ 'env:T_EQUALS', 'a service key consists of letters' ], [ 'file:short-key', '.*this one has 31;' ],
    [ 'file:long-key', '.*this one has at least 513;' ], [ 'file:two-keys', 'a service key consists of' ], [ 'file:nul-key', 'the file contains a NUL' ],
    [ 'file:none', 'the file cannot be read: .*No such file' ], [ 'file:folder', 'the file cannot be read: .*directory' ],
    [ 'file:writable-key', 'everybody may write to this file, and so open the section; chmod 600 /\S+' ];
bad("GPTOAuthServiceKey file: $_->[0]", qr/GPTOAuthServiceKey \S+: the file cannot be read: .*$_->[2]/i, keys_in("GPTOAuthCredentials service\nGPTOAuthServiceKey file:$_->[1]"))
    for Test::GptOauth::Files::awkward($t->dir, 65537);
bad("DBDParams: $_->[0]", qr/DBDParams \S+ is not a SQLite file: .*$_->[2]/i, $usual, dbd => "DBDriver sqlite3\nDBDParams $_->[1]")
    for [ 'a folder', '%%DIR%%/a-folder', 'directory' ], [ 'a pipe', '%%DIR%%/a-pipe', 'a pipe' ], [ 'a device', '/dev/zero', 'a device' ];
like(configtest(keys_in("GPTOAuthCredentials service\nGPTOAuthServiceKey env:T_KEY\nGPTOAuthServiceKey file:key")), qr/GPTOAuthServiceKey is set here twice.*`gptoauth key add`/, 'two of them');
my $said = configtest(keys_in("GPTOAuthCredentials service\nGPTOAuthServiceKey " . 'sesame' x 6));
like($said, qr/GPTOAuthServiceKey: write env:NAME or file:PATH, where the key is/, 'the key itself');
unlike($said, qr/sesamesesame.*:/, '... is not repeated');
$said = do { $t->write_conf(conf => keys_in("GPTOAuthCredentials service\nGPTOAuthServiceKey file:open-key")); ($t->configtest)[1] };
like($said, qr/GPT222: GPTOAuthServiceKey file:\S+open-key: everybody on this machine may read the key; chmod 600 .*Syntax OK/s, 'a file that everybody may read: a warning');
for my $line ('GPTOAuthCredentials service', 'GPTOAuthServiceKey env:T_KEY') {
    my ($name) = split / /, $line;
    bad("$name without a guard", qr/httpd\.conf:\d+: $name needs AuthType GPTOAuth, but the AuthType here is missing; write AuthType GPTOAuth beside it/, location($line));
    bad("$name beside Basic", qr/$name needs AuthType GPTOAuth, but the AuthType here is Basic/, location("AuthType Basic\nAuthName x\nRequire valid-user\n$line"));
    bad("$name outside of a section", qr/$name not allowed (?:here|in)/, "$usual\n$line");
}

# ---- the database and httpd's own modules

good('pgsql', $usual, dbd => "$pgsql connect_timeout=2 tcp_user_timeout=3000\"");
good('pgsql by URI', $usual, dbd => "DBDriver pgsql\nDBDParams \"postgresql://oauth\@db.internal/oauth?connect_timeout=5\"");
good('one connection', $usual, dbd => "$sqlite\nDBDMin 1\nDBDKeep 1\nDBDMax 1");
bad('DBDMax alone', qr/DBDMin 1, DBDKeep 2 and DBDMax 1 do not make a pool of connections; write all three, .*DBDKeep 1, DBDMax 1/, $usual,
    dbd => "$sqlite\nDBDMax 1");
bad("$_", qr/DBDMin.*DBDKeep.*DBDMax.*do not make a pool of connections; write all three/, $usual, dbd => "$sqlite\n$_")
    for 'DBDMin 3', 'DBDKeep 11', 'DBDMax 0';
bad('no DBDriver', qr/GPTOAuthIssuer of \S+: there is no DBDriver; write DBDriver pgsql/, $usual, dbd => '');
bad('no DBDParams', qr/there is a DBDriver but no DBDParams; write where the database is/, $usual, dbd => 'DBDriver sqlite3');
bad('another database', qr/DBDriver odbc is not supported; write DBDriver pgsql or DBDriver sqlite3|Can't load driver file/, $usual, dbd => "DBDriver odbc\nDBDParams x");
bad('a relative file', qr/DBDParams must be the absolute path/, $usual, dbd => "DBDriver sqlite3\nDBDParams oauth.sqlite");
bad('no connect_timeout', qr/DBDParams sets no connect_timeout.*add connect_timeout=2/, $usual, dbd => "$pgsql\"");
bad("connect_timeout=$_", qr/DBDParams says connect_timeout=\Q$_\E; write 1 to 10 seconds/, $usual, dbd => "$pgsql connect_timeout=$_\"") for qw(0 60 -1 x 2x);
bad('an unknown parameter', qr/DBDParams is not a connection string that libpq understands; write for example/, $usual, dbd => "$pgsql hots=x connect_timeout=2\"");
unlike(configtest($usual, dbd => "DBDriver pgsql\nDBDParams \"host=x password=geheim xyz\""), qr/geheim/, 'a password is not repeated');
good('GPTOAuthListen', "$usual\nGPTOAuthListen \"host=db.internal dbname=oauth\"", dbd => "$pgsql connect_timeout=2\"");
good('GPTOAuthListen off', "$usual\nGPTOAuthListen Off");
bad('GPTOAuthListen with SQLite', qr/GPTOAuthListen: SQLite has no connection to listen on/, "$usual\nGPTOAuthListen \"host=x\"");
bad('GPTOAuthListen of something else', qr/GPTOAuthListen: this is not a connection string that libpq understands; write where PostgreSQL itself/,
    "$usual\nGPTOAuthListen \"host=x password=geheim xyz\"", dbd => "$pgsql connect_timeout=2\"");
unlike(configtest("$usual\nGPTOAuthListen \"host=x password=geheim xyz\"", dbd => "$pgsql connect_timeout=2\""), qr/geheim/, '... whose password is not repeated');
my $beside = "<VirtualHost 127.0.0.1:1>\nServerName x\nGPTOAuthIssuer https://x.example\n%s\n</VirtualHost>";
good('GPTOAuthListen for all virtual hosts', "GPTOAuthListen host=x\n$usual\n" . sprintf($beside, ''), dbd => "$pgsql connect_timeout=2\"");
bad('GPTOAuthListen of one of two', qr/GPTOAuthListen: another virtual host has the same DBDParams and says something else/,
    "$usual\n" . sprintf($beside, 'GPTOAuthListen off'), dbd => "$pgsql connect_timeout=2\"");
good('GPTOAuthAuditLog', "$usual\nGPTOAuthAuditLog %%DIR%%/audit.log");
good('... with a program', "$usual\nGPTOAuthAuditLog \"|/bin/cat -u\"");
bad("GPTOAuthAuditLog $_->[0]", qr/GPTOAuthAuditLog \S+: $_->[1]/, "$usual\nGPTOAuthAuditLog \"$_->[0]\"")
    for [ 'audit.log', 'write the full path of a file' ], [ '/nowhere/audit.log', 'there is no folder /nowhere; make it' ],
    [ '%%DIR%%/db', 'it is a directory|\S+ cannot be an audit log: it is a directory' ], [ '/dev/null', '/dev/null cannot be an audit log: it is a device' ],
    [ '|cat', 'behind the bar write the full path of a program' ], [ '|/nowhere/cat', 'there is no program /nowhere/cat' ],
    [ '|/etc/passwd', '/etc/passwd cannot be executed' ];
good('GPTOAuthStatus', "$usual\nGPTOAuthStatus 192.0.2.7 192.0.2.0/24 2001:db8::/64\nGPTOAuthStatus none");
bad("GPTOAuthStatus $_", qr/GPTOAuthStatus \S+: write an address or network/, "$usual\nGPTOAuthStatus $_") for 'localhost', '192.0.2.0/33';
good('GPTOAuthAdmin', "$usual\nGPTOAuthAdmin alice bob\nGPTOAuthHelpDesk carol \"expr=%{reqenv:OIDC_CLAIM_groups} =~ /help/\"");
bad("GPTOAuthAdmin $_", qr/GPTOAuthAdmin: the expression asks for .*may make up/, "$usual\nGPTOAuthAdmin \"$_\"")
    for map({ "expr=%{$_} == 'x'" } qw(HTTP:X-Role req:X-Role req_novary:X-Role HTTP_USER_AGENT QUERY_STRING REQUEST_URI THE_REQUEST CONTENT_LENGTH SERVER_NAME
        reqenv:HTTP_X_ROLE)), map({ "expr=$_('X-Role') == 'x'" } 'req ', 'Http', 'req_novary');
bad('GPTOAuthAdmin with an expression that is none', qr/GPTOAuthAdmin: the expression cannot be read/, "$usual\nGPTOAuthAdmin \"expr=%{reqenv:\"");
bad('GPTOAuthAdmin client:x', qr/GPTOAuthAdmin: "client:x" is no user/, "$usual\nGPTOAuthAdmin client:x");
bad('GPTOAuthAuditLog in a section', qr/GPTOAuthAuditLog not allowed (?:here|in)/, "$usual\n<Location /x>\nGPTOAuthAuditLog %%DIR%%/audit.log\n</Location>");
$t->write_file('open.log', '');
chmod 0644, $t->dir . '/open.log';
$said = do { $t->write_conf(conf => "$usual\nGPTOAuthAuditLog %%DIR%%/open.log"); ($t->configtest)[1] };
like($said, qr/GPT226: GPTOAuthAuditLog \S+open\.log: everybody on this machine may read who signs in, and to which app; chmod 640 .*Syntax OK/s, 'an audit log that everybody may read: a warning');
bad('mod_dbd is missing', qr/mod_dbd is not loaded; write LoadModule dbd_module/, "$sqlite\n$usual", without => 'dbd');
bad('mod_authn_core is missing', qr/mod_authn_core is not loaded.*write LoadModule authn_core_module/, $usual, without => 'authn_core');
good('nothing of the module', '', dbd => '');
good('nothing but scopes', $scope, dbd => '');

done_testing();
