#!/usr/bin/perl
# Whose pages they are, and in what language: GPTOAuthBrand, GPTOAuthLink, GPTOAuthPages, and what configtest says of wrong ones.
use strict;
use warnings;
use FindBin;
use JSON::PP;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $png = "\x89PNG\r\n\x1a\n" . 'x' x 100;
my $svg = qq(<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>\n);
my $t = Test::GptOauth->new(db => 'sqlite', conf => 'GPTOAuthRegistration open');
my $client = $t->client_add('My GPT');

# The text of a page for a browser with this Accept-Language; parameters go to the request.
sub page {
    my ($language, %params) = @_;
    my @headers = $language ? (headers => [ 'Accept-Language' => $language ]) : ();
    return $t->http->get($t->authorize_url($client, %params), @headers)->body;
}

sub title { my ($body) = @_; return $body =~ m{<title>(.*?)</title>} ? $1 : '' }

# What configtest says of these lines.
sub configtest {
    my (@lines) = @_;
    $t->write_conf(conf => join "\n", @lines, '');
    my ($status, $said) = $t->configtest;
    return $said;
}

subtest 'whose service' => sub {
    my ($host) = $t->issuer =~ m{//(.*)};
    is(title(page()), "Sign in to $host", 'without a brand the issuer is named by its host');
    like(page(), qr{<p><strong><bdi>My GPT</bdi></strong> wants access to your <strong><bdi>\Q$host\E</bdi></strong> account\.}, 'and the app');
    my $icon = $t->http->get('/oauth/logo');
    is($icon->status . ' ' . $icon->header('Content-Type'), '200 image/svg+xml', 'there is an icon');

    $t->write_file('logo.svg', $svg);
    $t->write_conf(conf => <<"EOC");
GPTOAuthBrand "Acme <Notes>" logo.svg #0b6e4f
GPTOAuthLink privacy https://www.example.com/privacy?a&b
GPTOAuthLink help mailto:help\@example.com
GPTOAuthLink password https://www.example.com/password
EOC
    $t->restart;
    my $body = page();
    is(title($body), 'Sign in to Acme &lt;Notes&gt;', 'the title names the brand');
    like($body, qr{<bdi>Acme &lt;Notes&gt;</bdi>.*<bdi>\Q$host\E</bdi>}s, '... and the page the host besides');
    like($body, qr/--accent:#0b6e4f;--on-accent:#ffffff/, 'buttons have its colour, and a text that can be read on it');
    unlike($body, qr/--accent:#0b6e4f.*--accent:#0b6e4f/s, '... which is brighter on dark');
    like($body, qr{<a rel="noopener noreferrer" href="https://www\.example\.com/privacy\?a&amp;b"><bdi>Privacy</bdi></a>}, 'a link');
    like($body, qr{<a [^>]*href="mailto:help\@example\.com"><bdi>Help</bdi></a>}, '... and one to write to');
    like($body, qr{<a [^>]*href="https://www\.example\.com/password"><bdi>Forgotten your password\?</bdi></a>}, '... and for who has forgotten his');
    unlike($body, qr/Ask the administrator/, '... who is not told to ask then');
    my $logo = $t->http->get('/oauth/logo');
    is($logo->body, $svg, 'the logo');
    is($logo->header('Content-Type'), 'image/svg+xml', '... by its type');
    is($logo->header('Content-Security-Policy'), "default-src 'none'; style-src 'unsafe-inline'; sandbox", '... whose script runs nowhere');
    is($logo->header('X-Content-Type-Options'), 'nosniff', '... and which is nothing else');
    is($t->http->request('POST', '/oauth/logo')->status, 405, '... and is only to be read');
};

subtest 'what is wrong with it' => sub {
    my $wrong = sub { my ($line, $expected) = @_; return like(configtest($line), qr/$expected/, $line) };
    $wrong->('GPTOAuthBrand', 'GPTOAuthBrand needs the name');
    $wrong->('GPTOAuthBrand " "', 'GPTOAuthBrand needs the name');
    $wrong->("GPTOAuthBrand \"a\xff\"", 'must be at most 64 characters of UTF-8');
    $wrong->('GPTOAuthBrand ' . 'a' x 65, 'must be at most 64 characters of UTF-8');
    $wrong->('GPTOAuthBrand a #fff', '"#fff" is not a colour; write it as');
    $wrong->('GPTOAuthBrand a #123456,red', 'is not a colour');
    $wrong->('GPTOAuthBrand a #123456 #123456', 'write both colours as one word');
    $wrong->('GPTOAuthBrand a none.png', 'the logo \S+none\.png cannot be used: No such file');
    $wrong->('GPTOAuthBrand a #ffee88', 'GPT224: GPTOAuthBrand: the colour #ffee88 is hard to see on white; the nearest colour that is not is #[0-9a-f]{6}\n.*Syntax OK');
    $wrong->('GPTOAuthBrand a #123456,#222222', 'the colour #222222 is hard to see on the dark ground');
    for my $file ([ 'big.png', $png . 'x' x 65536, 'it is larger|64' ], [ 'text.png', 'hello', 'neither a PNG nor an SVG' ], [ 'html.svg', '<html><svg></svg></html>', 'neither a PNG nor an SVG' ]) {
        $t->write_file($file->[0], $file->[1]);
        $wrong->("GPTOAuthBrand a $file->[0]", "the logo \\S+ cannot be used: .*$file->[2]");
    }
    $t->write_file('good.png', $png);
    $wrong->('GPTOAuthBrand a good.png #1f5fbf,#8ab4f8', '^Syntax OK');
    $wrong->('GPTOAuthLink shop https://a.example/', 'the first word is privacy, terms, help, password or signout');
    $wrong->("GPTOAuthLink help $_", 'is neither an https URL nor mailto:') for 'http://a.example/', 'javascript:alert(1)', 'data:text/html,x', '/help', 'mailto:', '"mailto:a@b.example?body=x"';
    $wrong->("GPTOAuthLink help https://a.example/\nGPTOAuthLink help https://b.example/", 'GPTOAuthLink help is there twice');
    $wrong->('GPTOAuthPages none', 'GPTOAuthPages none: this is not a directory');
};

subtest 'in what language' => sub {
    $t->write_conf(conf => <<'EOC');
GPTOAuthBrand Acme
GPTOAuthScopeText read de "Deine Notizen lesen"
EOC
    $t->restart;
    is(title(page('de-AT,en;q=0.5')), 'Bei Acme anmelden', 'German');
    is(title(page('it, fr;q=0.8')), 'Connexion à Acme', 'French') or diag(page('fr'));
    is(title(page('es')), 'Iniciar sesión en Acme', 'Spanish');
    is(title(page('it')), 'Sign in to Acme', 'English, where there is no better one');
    is(title(page('de', ui_locales => 'nl fr-CA')), 'Connexion à Acme', 'an app may say which');
    like(page('de'), qr/<html lang="de" dir="ltr">/, 'the page says which it is');
    is($t->http->get($t->authorize_url($client))->header('Vary'), 'Accept-Language', '... and that it depends on the browser');
    my $browser = $t->open_request($t->authorize_url($client));
    my $consent = sub { my ($language) = @_; return $browser->get($t->authorize_url($client), headers => [ 'Accept-Language' => $language ])->body };
    like($consent->('de'), qr{<span ><bdi>Deine Notizen lesen</bdi>}, 'a scope in German');
    like($consent->('fr'), qr{<span lang="en" ><bdi>Read your notes</bdi>}, '... and in English where it has no French');
    my $all = decode_json(Test::GptOauth::slurp("$FindBin::Bin/../conf/pages/messages/en.json"));
    for my $language (qw(de fr es)) {
        my $messages = decode_json(Test::GptOauth::slurp("$FindBin::Bin/../conf/pages/messages/$language.json"));
        is(join(' ', grep { !defined $messages->{$_} } sort keys %$all), '', "$language has every message");
        my @differing = grep { join(' ', sort $all->{$_} =~ /\{\*?(\w+)\}/g) ne join(' ', sort $messages->{$_} =~ /\{\*?(\w+)\}/g) } sort keys %$all;
        is("@differing", '', '... with the same values in it');
    }
};

subtest 'templates of the administrator' => sub {
    mkdir $t->dir . "/$_" for 'mine', 'mine/messages';
    $t->write_file('mine/foot.html', "<p>{{_hello}} {{brand}}</p></main></body></html>\n");
    my $all = decode_json(Test::GptOauth::slurp("$FindBin::Bin/../conf/pages/messages/en.json"));
    my $unknown = configtest('GPTOAuthPages mine');
    like($unknown, qr{GPT219: .*/mine/foot\.html, line 1: there is no message hello}, 'a message that nobody wrote');
    $t->write_file('mine/foot.html', "<p class=\"mine\">{{brand}}</p></main></body></html>\n");
    $t->write_file('mine/style.css', "p{color:red}\n");
    $t->write_file('mine/messages/de.json', '{"sign_in": "Los!"}');
    $t->write_file('mine/messages/xx.json', encode_json({ map({ $_ => "[$all->{$_}]" } keys %$all), direction => 'rtl' }));
    $t->write_conf(conf => "GPTOAuthPages mine\nGPTOAuthBrand Acme\n");
    $t->restart;
    my $page = $t->http->get($t->authorize_url($client), headers => [ 'Accept-Language' => 'xx' ]);
    like($page->body, qr{<p class="mine"><bdi>Acme</bdi></p>}, 'a template');
    like($page->body, qr{\}\np\{color:red\}\n</style>}, 'a stylesheet, behind the colours');
    like($page->body, qr{<html lang="xx" dir="rtl">.*\[User name\]}s, 'a language, from right to left');
    like(page('de'), qr{>Los!</button>}, 'words of a language that is built in');
    like(page('de'), qr{Benutzername}, '... which keeps the others');

    my $refused = sub {
        my ($file, $text, $expected) = @_;
        $t->write_file("mine/$file", $text);
        like(configtest('GPTOAuthPages mine'), qr{GPT219: .*/mine/$file\S*(?: cannot be used:)? $expected|GPT219: .*$expected}, "$file with $expected");
        unlink $t->dir . "/mine/$file";
    };
    my $consent = Test::GptOauth::slurp("$FindBin::Bin/../conf/pages/consent.html");
    $refused->('message.html', "\n\n<script>", 'line 3: a page must not hold script');
    $refused->('message.html', '<a href="{{what}}">', 'line 1: \{\{\}\} must not stand in an attribute that is an address');
    $refused->('sign-in.html', "<form method=\"post\">\n</form>", 'line 2: this form lacks \{\{>fields\}\}');
    $refused->('error.html', '{{#what}}', 'line 1: \{\{#what\}\} has no end');
    $refused->('style.css', '</style><script>', 'a stylesheet must not hold');
    $refused->('messages/it.json', '{"sign_in": "Accedi"}', 'the message "\w+" is missing');
    $refused->('messages/fr.json', '{"sgin_in": "x"}', 'no page has a message "sgin_in"');
    $refused->('messages/fr.json', '[]', 'the file is not one JSON object');
    $refused->('message.html', "\xff", 'cannot be used: it is not UTF-8');
    for my $block ([ warning => '#warning' ], [ scopes => '#scopes' ], [ host => '_you_go_to' ], [ user => '_signed_in_as' ]) {
        my ($name, $tag) = @$block;
        (my $without = $consent) =~ s/\{\{(?:\Q$tag\E|_warning_address)\}\}//g;
        $without =~ s/\{\{\/$name\}\}//g;
        $refused->('consent.html', $without, "\\{\\{$name\\}\\} is missing, and the user must read it");
    }
};

done_testing;
