#!/usr/bin/perl
# Virtual hosts at configtest: a ServerName that is not the issuer's host, as httpd itself compares them; and what their own lines
# of a directive hide of the main server's.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $scope = 'GPTOAuthScope notes.read "Read your notes" default';
my $guard = "<Location /api>\nAuthType GPTOAuth\nRequire oauth-scope notes.read\n</Location>";
my $t = Test::GptOauth->new(db => 'sqlite', issuer => '', pages => '', start => 0);

sub vhost { return join "\n", '<VirtualHost 127.0.0.1:%%PORT%%>', @_, '</VirtualHost>' }

# What httpd says of this configuration, without the lines of the harness that match.
sub configtest {
    my ($conf, $without) = @_;
    $t->write_conf(conf => $conf);
    if ($without) {
        my $text = Test::GptOauth::slurp($t->dir . '/httpd.conf');
        $text =~ s/^$without.*\n//m;
        $t->write_file('httpd.conf', $text);
    }
    return ($t->configtest)[1];
}

sub warnings_of { my ($said) = @_; return grep { /^GPT223: / } split /\n/, $said }

# ---- ServerName

# The lines of a virtual host, the issuer, and what is to be written; undef: nothing.
my $api = 'https://api.example.com';
my @hosts = (
    [ 'ServerName api.example.com', $api ],
    [ 'ServerName API.Example.COM', $api ],
    [ 'ServerName api.example.com:8443', $api ],
    [ 'ServerName https://api.example.com', $api ],
    [ 'ServerName https://api.example.com:443', $api ],
    [ 'ServerName api.example.com', "$api/t1" ],
    [ 'ServerName api.example.com', "$api:8443" ],
    [ 'ServerName api.example.com', 'https://api.example.com.' ],
    [ "ServerName example.com\nServerAlias api.example.com", $api ],
    [ "ServerName example.com\nServerAlias www.example.com API.example.com", $api ],
    [ "ServerName example.com\nServerAlias www.example.com\nServerAlias *.example.com", $api ],
    [ "ServerName example.com\nServerAlias api?example.com", $api ],
    [ "<IfModule mod_dir.c>\nServerName api.example.com\n</IfModule>", $api ],
    [ 'ServerName www.example.com', $api, 'api\.example\.com, or beside it ServerAlias api\.example\.com' ],
    [ 'ServerName example.com', $api, 'api\.example\.com, or beside it ServerAlias api\.example\.com' ],
    [ 'ServerName api.example.com.', $api, 'api\.example\.com, or' ],
    [ 'ServerName www.api.example.com', $api, 'api\.example\.com, or' ],
    [ 'ServerName api.example.com', 'https://api.example.com.evil.example', 'api\.example\.com\.evil\.example, or' ],
    [ "ServerName example.com\nServerAlias *.example.org api.example.com.", $api, 'api\.example\.com, or' ],
    [ "ServerName example.com\nServerAlias *.api.example.com", $api, 'api\.example\.com, or' ],
    [ 'ServerName https://www.example.com', "$api:8443", 'https://api\.example\.com:8443, or beside it ServerAlias api\.example\.com' ],
    [ '<IfModule mod_dir.c>
        ServerName www.example.com
       </IfModule>', $api, 'api\.example\.com, or' ],
    [ 'ServerName www.example.com', 'https://192.0.2.1', '192\.0\.2\.1, or' ],
    [ 'ServerName www.example.com', 'http://127.0.0.1:%%PORT%%', '127\.0\.0\.1:\d+, or' ],    # the address of both virtual hosts
    [ 'ServerName www.example.com', 'http://localhost:8080', 'localhost:8080, or beside it ServerAlias localhost' ],
);

for my $case (@hosts) {
    my ($lines, $issuer, $wanted) = @$case;
    my $what = "$issuer, " . ($lines =~ s/\s+/ /gr);
    my $first = vhost('ServerName first.example', 'Header always set X-First yes');
    my ($said, @more) = warnings_of(configtest("$first\n" . vhost($lines, "GPTOAuthIssuer $issuer", $scope)));
    $said //= '';
    my ($written) = $lines =~ /ServerName (\S+)/;
    $wanted ? like($said, qr/^GPT223: \S+httpd\.conf:\d+: ServerName \Q$written\E is not the host of GPTOAuthIssuer \S+: requests that name \S+ may .*; write ServerName $wanted/, "warns: $what")
        : is($said, '', "is content: $what");
    is(scalar @more, 0, '… once') if $wanted;

    # Where httpd takes a request that names the issuer's host to.
    my ($host) = $t->expand($issuer) =~ m{//([^:/]+)};
    $t->start;
    my $reached = $t->http->get('/', headers => [ Host => $host ])->header('X-First') ? 'another one' : 'this one';
    is($reached, $wanted ? 'another one' : 'this one', '… and httpd thinks so too');
    $t->stop;
}

# Without ServerName, httpd guesses; and no ServerName can be an IPv6 address.
for my $case (
    [ '', $api ], [ 'ServerAlias www.example.com', $api ], [ 'ServerName www.example.com', 'http://[::1]:8080' ],
    [ 'ServerName localhost', 'http://localhost:8080' ], [ 'ServerName LocalHost:81', 'http://127.0.0.1:8080' ], [ 'ServerName 127.0.0.1', 'http://localhost' ],
) {
    my ($lines, $issuer) = @$case;
    is(join("\n", warnings_of(configtest(vhost($lines, "GPTOAuthIssuer $issuer", $scope)))), '', "is content: $issuer, " . ($lines || 'no ServerName'));
}
is(join("\n", warnings_of(configtest("GPTOAuthIssuer $api\n$scope", 'ServerName'))), '', 'is content: the main server without ServerName');
is(join("\n", warnings_of(configtest("ServerName api.example.com\nGPTOAuthIssuer $api\n$scope"))), '', 'is content: the main server with it');
like(configtest("GPTOAuthIssuer $api\n$scope"),
    qr/^GPT223: \S+httpd\.conf:\d+: ServerName localhost:\d+ is not the host of GPTOAuthIssuer https:\S+: redirects that httpd makes may lead away from api\.example\.com; write ServerName api\.example\.com$/m,
    'warns: the main server with another one');
is(join("\n", warnings_of(configtest("ServerName www.example.com\n" . vhost("GPTOAuthIssuer $api", $scope)))), '', 'is content: the main server\'s name is not a virtual host\'s');
is(join("\n", warnings_of(configtest("ServerName www.example.com\n$scope\n" . vhost('ServerName x.example')))), '', 'is content: no issuer');

my @guarding = ("GPTOAuthIssuer $api guard", 'GPTOAuthResource https://files.example.com', $scope, $guard);
is(join("\n", warnings_of(configtest(vhost('ServerName files.example.com', @guarding)))), '', 'is content: a guard by its own name');
like(configtest(vhost('ServerName api.example.com', @guarding)),
    qr{ServerName api\.example\.com is not the host of GPTOAuthResource https://files\.example\.com: .*; write ServerName files\.example\.com, or}, 'warns: a guard by the issuer\'s name');

# ---- lines that replace those of the main server

my $others = 'GPTOAuthScope other "Others" default';
my @named = ('ServerName api.example.com', "GPTOAuthIssuer $api");
my $undefined = 'Require oauth-scope names notes\.read, which is not defined; write GPTOAuthScope notes\.read "what it allows"';
my $hidden = "$undefined in the virtual host api\\.example\\.com too: its own GPTOAuthScope lines replace those of the main server";
like(configtest("$scope\n" . vhost(@named, $others, $guard)), qr/httpd\.conf:\d+: $hidden$/m, 'a Require in the virtual host');
like(configtest("$scope\n$guard\n" . vhost(@named, $others)), qr/httpd\.conf:\d+: $hidden$/m, '… in the main server, in force there');
like(configtest("$scope\n" . vhost(@named, 'GPTOAuthScope notes.write "Change" default', "<Location /x>\nAuthType GPTOAuth\nRequire oauth-scope notes.write notes.read\n</Location>")),
    qr/$hidden$/m, '… with one that is defined');
like(configtest(vhost(@named, $others, $guard)), qr/$undefined$/m, '… of what the main server has not, nothing more is said');
like(configtest("GPTOAuthScope another \"More\"\n" . vhost(@named, $others, $guard)), qr/$undefined$/m, '… and nothing if it has other scopes');
like(configtest("$others\n" . vhost(@named, $guard)), qr/$undefined$/m, '… nor where the main server\'s are in force');
like(configtest("$scope\n" . vhost(@named, 'GPTOAuthResource https://files.example.com', 'GPTOAuthScope x "X"', $guard) =~ s/(GPTOAuthIssuer \S+)/$1 guard/r), qr/$hidden$/m, '… in a guard');

my $replace = 'the GPTOAuthScope lines of this virtual host replace those of the main server';
my %scopes = (
    'an included scope' => [ 'GPTOAuthScope a "A" default includes notes.read', 'GPTOAuthScope a includes notes\.read, which is not defined; write GPTOAuthScope notes\.read "what it allows"', 1 ],
    'the default' => [ 'GPTOAuthScope a "A"', 'no scope is marked as default, .* should get', 1 ],
    'a circle' => [ "GPTOAuthScope a \"A\" default includes b\nGPTOAuthScope b \"B\" includes a", 'GPTOAuthScope a includes itself, .* from the circle', 0 ],
    'what nobody has' => [ 'GPTOAuthScope a "A" default includes c', 'GPTOAuthScope a includes c, which is not defined; write .*', 0 ],
);
for my $what (sort keys %scopes) {
    my ($lines, $problem, $is_hidden) = @{ $scopes{$what} };
    like(configtest("$scope\n" . vhost(@named, $lines)), qr/^GPT2\d\d: GPTOAuthIssuer of api\.example\.com: $problem@{[ $is_hidden ? "; $replace, so write here what it needs of them" : '' ]}$/m, "$what, replaced");
    like(configtest(vhost(@named, $lines)), qr/: $problem$/m, '… and not there at all');
}

my %manifest = (name_for_human => 'Notes', name_for_model => 'notes', description_for_human => 'Yours', description_for_model => 'Reads', auth => 'none', api_url => "$api/openapi.json",
    contact_email => 'admin@example.com', logo_url => "$api/logo.png", legal_info_url => "$api/privacy");
sub manifest { my %of = @_; return join "\n", map { "GPTOAuthManifest $_ \"$of{$_}\"" } sort keys %of }
sub other_lines { return " - in the virtual host api\\.example\\.com, whose own $_[0] lines replace those of the main server" }
my $own = manifest(name_for_human => 'Other notes');
like(configtest("$scope\n" . manifest(%manifest) . "\n" . vhost(@named, $own)), qr/GPTOAuthManifest: the manifest lacks .*; write one line for each@{[ other_lines('GPTOAuthManifest') ]}$/m, 'a manifest');
like(configtest("$scope\n" . vhost(@named, $own)), qr/GPTOAuthManifest: the manifest lacks .*; write one line for each$/m, '… of which there is no more');
like(configtest("$scope\n" . manifest(%manifest, api_url => "$api/x") . "\n" . vhost(@named, manifest(map { $_ => $manifest{$_} } grep { $_ ne 'api_url' } keys %manifest))),
    qr/lacks api_url, .*@{[ other_lines('GPTOAuthManifest') ]}$/m, '… without a document');
my $scoped = manifest(%manifest, auth => 'oauth', scope => 'notes.read', 'verification_token.x' => 'y');
like(configtest("$scope\n" . vhost(@named, $others, $scoped)), qr/GPTOAuthManifest: scope names one that is not defined; .*@{[ other_lines('GPTOAuthScope') ]}$/m, '… and its scope');
like(configtest("$scope\n$scoped\n" . vhost(@named, $others)), qr/GPTOAuthManifest: scope names one that is not defined; .*@{[ other_lines('GPTOAuthScope') ]}$/m, '… that is the main server\'s');
like(configtest(vhost(@named, $others, $scoped)), qr/GPTOAuthManifest: scope names one that is not defined; .* default scopes$/m, '… or nobody\'s');

done_testing;
