#!/usr/bin/perl
# gptoauth try: ChatGPT's part, played against a running server. The good cases leave nothing behind; each fault is named, with what
# mends it.
use strict;
use warnings;
use Fcntl qw(SEEK_SET);
use FindBin;
use IPC::Open3;
use Symbol qw(gensym);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Browser;
use Test::GptOauth::Files;

my $shows = '';    # all that any run has written
my (@logged, @unmarked);    # what the server wrote meanwhile that looks like trouble, and does not say whose it was

sub try_it {
    my ($t, $client, @args) = @_;
    my $stdin = join '', map { "$_\n" } grep { defined } $client->{typed_secret} // $client->{secret}, $client->{typed_password} // $t->user('alice');
    my $from = length $t->error_log;
    my $got = $t->try_gptoauth($stdin, 'try', $client->{id}, '--user', 'alice', '--issuer', $t->issuer, @args);
    my @trouble = grep { /:(?:warn|error)\] .*\[client / } split /\n/, substr $t->error_log, $from;
    push @logged, @trouble;
    push @unmarked, grep { !m{, referer: gptoauth-try/\d[\w.]*$} } @trouble;
    $shows .= $got->{out} . $got->{err};
    return $got;
}

sub fine {
    my ($t, $what, $client, @args) = @_;
    my $got = try_it($t, $client, @args);
    ok($got->{status} == 0 && $got->{out} =~ /^Everything worked/m && $got->{out} !~ /^  (?:problem|warning) /m, $what)
        or diag("status $got->{status}:\n$got->{out}$got->{err}");
    return $got->{out};
}

# The fault is found: status 1, a problem like the first pattern, and with it a remedy like the second.
sub finds {
    my ($t, $what, $problem, $remedy, $client, @args) = @_;
    my $got = try_it($t, $client, @args);
    ok($got->{status} == 1 && $got->{out} =~ /^  problem +[^\n]*$problem[^\n]*\n +-> [^\n]*$remedy/m, "finds: $what")
        or diag("status $got->{status}:\n$got->{out}$got->{err}");
    return;
}

sub gpt_client {
    my ($t, $name) = @_;
    my $json = $t->gptoauth_json('client', 'add', $name, '--gpt');
    return { name => $name, id => $json->{client_id}, secret => secret($json->{client_secret}), gpt => 1 };
}

sub leavings {
    my ($t) = @_;
    return join ' ', map { $t->sql("SELECT count(*) FROM $_;") } 'oauth_client', 'oauth_consent', 'oauth_grant WHERE revoked_at IS NULL';
}

sub shown { my ($t, $client) = @_; return $t->gptoauth('client', 'show', $client->{id}, '--json') }

sub test_good {
    my ($t) = @_;
    my $url = $t->issuer . '/api/hello';
    my $web = $t->client_add('web');
    my $gpt = $t->client_add('registered', gpt => 1, redirect => 'http://127.0.0.1/callback');
    my $app = $t->client_add('app', public => 1, redirect => 'com.example.app:/cb');
    my $open = gpt_client($t, 'open');
    my $pinned = gpt_client($t, 'pinned');
    $pinned->{redirect_uri} = 'https://chatgpt.com/aip/g-one/oauth/callback';
    is($t->redeem($t->code_for($pinned))->status, 200, 'a GPT is pinned');
    my $rotated = $t->client_add('rotated');
    my $new = { %$rotated, secret => secret($t->gptoauth_json('client', 'secret', $rotated->{id})->{client_secret}) };

    my @all = ($web, $gpt, $app, $open, $pinned, $new);
    my ($before, @clients) = (leavings($t), map { shown($t, $_) } @all);
    my $said = fine($t, 'a confidential client, with PKCE', $web, '--scope', 'read hello', '--url', $url);
    like($said, qr/code_challenge_method=S256/, '… which is sent');
    like($said, qr/by POST.*by Basic/s, '… with both ways to send the secret');
    like($said, qr/^The protected call, after revocation\n/m, '… to the end');
    unlike(fine($t, 'a GPT with a registered URI', $gpt, '--scope', 'read hello', '--url', $url =~ s{^http://[^/]+}{}r), qr/code_challenge|stand-in/,
        '… as ChatGPT does it, without PKCE, and by itself');
    like(fine($t, 'a public client', $app, '--scope', 'read hello', '--url', $url), qr/without a secret/, '… without a secret');
    like(fine($t, 'a pinned GPT', $pinned), qr{chat\.openai\.com%2Faip%2Fg-one%2F}, '… at its callback');
    like(fine($t, 'an open GPT', $open, '--scope', 'read hello', '--url', $url), qr/stand-in.*its pin is open/s, '… by a stand-in');
    like(fine($t, 'a client with two secrets', $new), qr/stand-in.*its old secret would end/s, '… by a stand-in');
    like(fine($t, 'a client with two secrets, by the old one', $rotated), qr/the secret is right/, '… too');
    is_deeply([ map { shown($t, $_) } @all ], \@clients, 'no client was changed by it: no pin is set, and no secret ends');
    is(leavings($t), $before, 'nothing is left of it: no client, consent or access');

    my $file = $t->write_file('secret', "$web->{secret}\n");
    my $got = $t->try_gptoauth($t->user('alice') . "\n", 'try', 'web', '--user', 'alice', '--secret-file', $file, '--issuer', $t->issuer, '--json');
    my $json = eval { JSON::PP::decode_json($got->{out}) } // {};
    is_deeply([ $got->{status}, @$json{qw(ok problems client_id)} ], [ 0, JSON::PP::true, 0, $web->{id} ], '--json and --secret-file');
    is_deeply([ map { $_->{verdict} } map { @{ $_->{findings} } } @{ $json->{steps} } ], [ ('ok') x 6 ], '… with a verdict for each step');
    is($json->{steps}[1]{exchanges}[0]{answer}{status}, 200, '… and what was said');
    $shows .= $got->{out};
    return;
}

sub test_faults {
    my ($t) = @_;
    my $web = $t->client_add('faulty web');
    my $gpt = gpt_client($t, 'faulty gpt');
    my $url = $t->issuer . '/api/notes.txt';
    my $other = secret('gpts_' . 'A' x 54);

    finds($t, 'a wrong secret', 'invalid_client', "`gptoauth client secret $web->{id}`", { %$web, typed_secret => $other });
    finds($t, 'a wrong secret of an open GPT', 'invalid_client', "`gptoauth client secret $gpt->{id}`", { %$gpt, typed_secret => $other });
    finds($t, 'a wrong password', 'sign-in is refused', '`gptoauth user passwd alice`', { %$web, typed_password => 'not the password' });
    finds($t, 'an unknown scope', 'invalid_scope', '--scope', $web, '--scope', 'nonsense');
    finds($t, 'a scope that is not granted', 'not grant.*: nonsense', 'GPTOAuthScope', $web, '--scope', 'read nonsense');
    finds($t, 'a scope that the URL needs', '403 Forbidden', 'needs the scope write: ', $web, '--url', $t->issuer . '/write/notes.txt');
    finds($t, 'an URL that is open', 'open to everybody', 'AuthType GPTOAuth', $web, '--url', $t->issuer . '/plain.txt');
    finds($t, 'an URL that is not there', '404', 'another --url', $web, '--url', $t->issuer . '/api/none');
    finds($t, 'a backend that is down', '503', 'application behind', $web, '--url', $t->issuer . '/api/backend');
    finds($t, 'a callback that is not registered', 'refused: ', 'not registered', $web, '--redirect', 'https://rp.example/other');
    finds($t, 'the callback of a GPT, for another client', 'refused: ', 'not registered', $web, '--redirect', 'https://chatgpt.com/aip/g-two/oauth/callback');
    $t->gptoauth('client', 'disable', $web->{id});
    finds($t, 'a disabled client', 'refused: ', "`gptoauth client enable $web->{id}`", $web);
    $t->gptoauth('client', 'enable', $web->{id});
    $t->gptoauth('user', 'disable', 'alice');
    finds($t, 'a disabled user', 'sign-in is refused|access_denied', '`gptoauth user enable alice`', $web);
    $t->gptoauth('user', 'enable', 'alice');

    $gpt->{redirect_uri} = 'https://chatgpt.com/aip/g-one/oauth/callback';
    $t->redeem($t->code_for($gpt));
    finds($t, 'the callback of another GPT', 'refused: ', "pinned to GPT g-one.*client redirect $gpt->{id} --repin", $gpt, '--redirect',
        'https://chatgpt.com/aip/g-two/oauth/callback');
    my $new = $t->gptoauth_json('client', 'secret', $web->{id})->{client_secret};
    $t->redeem($t->code_for({ %$web, secret => secret($new) }));
    finds($t, 'the secret before the present one', 'invalid_client', 'the secret is not', $web);
    return;
}

# What stands between the server and its clients, and servers that are not the right one.
sub test_surroundings {
    my ($t) = @_;
    my $web = $t->client_add('surrounded');
    my $port = sub { '127.0.0.1:' . $t->port($_[0]) };
    finds($t, 'a catch-all that redirects', 'redirects to http://localhost', 'no client follows', $web, '--connect-to', $port->('R'));
    finds($t, 'a page in place of the token endpoint', 'does not answer in JSON', 'nothing but JSON', $web, '--connect-to', $port->('H'));
    finds($t, 'Basic sign-in over the token endpoint', 'covered by another sign-in', 'AuthType None', $web, '--connect-to', $port->('B'));
    finds($t, 'a server without issuer', 'is not there', 'GPTOAuthIssuer set', $web, '--connect-to', $port->('N'));
    finds($t, 'a server with another issuer', 'calls itself https://other\.example', 'exactly what GPTOAuthIssuer says', $web, '--connect-to',
        $port->('O'));
    finds($t, 'a proxy that takes the token away', '401', 'take the Authorization header away', $web, '--connect-to', $port->('A'), '--url',
        $t->issuer . '/api/notes.txt');
    finds($t, 'nobody who listens', 'nothing answers', '--connect-to', $web, '--connect-to', '127.0.0.1:' . Test::GptOauth::free_port());
    my $secure = $t->issuer =~ s/^http:/https:/r;
    my $got = $t->try_gptoauth("$web->{secret}\n" . $t->user('alice') . "\n", 'try', $web->{id}, qw(--user alice --issuer), $secure);
    ok($got->{status} == 1 && $got->{out} =~ /problem .*TLS with .* fails: .*\n +-> .*SSLEngine/, 'finds: plain http where https was said') or diag($got->{out});

    my $file = Test::GptOauth::slurp($t->dir . '/dbd.conf');
    $t->write_file('dbd.conf', $file . "GPTOAuthPath /sign-in\n");
    finds($t, 'another path', 'the authorization page is not there', 'GPTOAuthPath', $web);
    $t->write_file('dbd.conf', $file);

    my $other = Test::GptOauth->new(db => $t->db, issuer => $t->issuer, start => 0);
    my $stranger = $other->client_add('stranger');
    finds($other, 'another database', 'refused: ', 'uses another database', $stranger);
    my $gpt = gpt_client($other, 'strange');
    finds($other, 'another database, for an open GPT', 'refused: ', 'uses another database', $gpt);
    return;
}

my $front = <<'EOC';
Listen 127.0.0.1:%%PORT_R%%
<VirtualHost 127.0.0.1:%%PORT_R%%>
    RedirectMatch 302 ^(.*)$ http://localhost:%%PORT%%$1
</VirtualHost>
Listen 127.0.0.1:%%PORT_H%%
<VirtualHost 127.0.0.1:%%PORT_H%%>
    Alias /oauth/token "%%DIR%%/htdocs/page.html"
    ProxyPass /oauth/token !
    ProxyPass / http://localhost:%%PORT%%/
    ProxyPreserveHost on
    AddType text/html .html
</VirtualHost>
Listen 127.0.0.1:%%PORT_B%%
<VirtualHost 127.0.0.1:%%PORT_B%%>
    GPTOAuthIssuer http://localhost:%%PORT%%
    GPTOAuthScope read "Read your notes" default
    GPTOAuthScope write "Change your notes"
    GPTOAuthScope hello "Be greeted"
    <Location /oauth/token>
        AuthType Basic
        AuthName "The staff"
        AuthUserFile "%%DIR%%/none"
        Require valid-user
    </Location>
</VirtualHost>
Listen 127.0.0.1:%%PORT_N%%
<VirtualHost 127.0.0.1:%%PORT_N%%>
</VirtualHost>
Listen 127.0.0.1:%%PORT_O%%
<VirtualHost 127.0.0.1:%%PORT_O%%>
    ServerName https://other.example
    GPTOAuthIssuer https://other.example
    GPTOAuthScope read "Read your notes" default
    GPTOAuthScope write "Change your notes"
    GPTOAuthScope hello "Be greeted"
    # Browsers keep Secure cookies to themselves where there is no TLS.
    Header edit Set-Cookie "; Secure" ""
</VirtualHost>
Listen 127.0.0.1:%%PORT_A%%
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ProxyPass / http://localhost:%%PORT%%/
    ProxyPreserveHost on
    <Location /api>
        AuthType None
        Require all granted
        RequestHeader unset Authorization
    </Location>
</VirtualHost>
<Location /api/backend>
    ProxyPass http://127.0.0.1:%%PORT_X%%/
</Location>
EOC

# In a browser: the command prints the URL, and waits for the browser to come back to it.
sub test_browser {
    my ($t, $client, $what) = @_;
    my $before = leavings($t);
    my ($in, $out, $err) = (undef, undef, gensym);
    my $file = $t->write_file('browser-secret', $client->{secret});
    my $pid = open3($in, $out, $err, ($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") . '/gptoauth', '--db-conf', $t->dir . '/dbd.conf', 'try',
        $client->{id}, '--browser', '--secret-file', $file, '--issuer', $t->issuer);
    my ($url, $seen) = ('', '');
    while (my $line = <$err>) {
        $seen .= $line;
        last if ($url) = $line =~ m{^\s*(http://\S+)$};
    }
    my $browser = Test::GptOauth::Browser->new($t->port);
    $browser->get($url);
    $browser->sign_in('alice', $t->user('alice'));
    my $location = $browser->decide('allow')->location;
    my ($port, $path) = $location =~ m{^http://127\.0\.0\.1:(\d+)(/.*)$};
    my $visitor = Test::GptOauth::Http->new($port);
    is($visitor->get('/favicon.ico')->status, 404, "$what: whatever else the browser wants is not there");
    like(Test::GptOauth::Http->new($port)->get($path)->body, qr/Go on in the terminal/, '… but the callback is');
    my $said = do { local $/; <$out> };
    waitpid $pid, 0;
    is($?, 0, '… and the rest works') or diag($said);
    like($said, qr/New tokens for the refresh token, by Basic/, '… by POST and by Basic');
    is(leavings($t), $before, '… and leaves nothing');
    $shows .= $seen . $said;
    return;
}

sub test_interrupted {
    my ($t) = @_;
    my $before = leavings($t);
    my $client = gpt_client($t, 'interrupted');
    my $file = $t->write_file('interrupted', $client->{secret});
    my ($in, $out, $err) = (undef, undef, gensym);
    my $pid = open3($in, $out, $err, ($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") . '/gptoauth', '--db-conf', $t->dir . '/dbd.conf', 'try',
        $client->{id}, '--browser', '--secret-file', $file, '--issuer', $t->issuer);
    while (my $line = <$err>) {
        last if $line =~ m{^\s*http://};
    }
    kill INT => $pid;
    my $said = do { local $/; <$err> };
    waitpid $pid, 0;
    like($said, qr/gptoauth: interrupted/, 'Ctrl-C while the browser is waited for');
    is($? >> 8, 1, '… is a failure');
    is($t->sql('SELECT count(*) FROM oauth_client;') - 1, (split / /, $before)[0], '… and the stand-in is gone');
    return;
}

sub test_usage {
    my ($t) = @_;
    my $web = $t->client_add('used');
    my @cases = (
        [ 'nobody who signs in', qr/--user NAME .*or --browser/, [ 'try', 'used', '--issuer', $t->issuer ] ],
        [ 'an unknown client', qr/no client "nobody"/, [ 'try', 'nobody', '--user', 'alice', '--issuer', $t->issuer ] ],
        [ 'no issuer', qr/GPTOAuthIssuer in \S+dbd\.conf, or --issuer/, [ 'try', 'used', '--user', 'alice' ] ],
        [ 'no password', qr/Password of alice could not be read/, [ 'try', 'used', '--user', 'alice', '--issuer', $t->issuer ], "$web->{secret}\n" ],
        (map { [ "--url $_", qr{^gptoauth: --url \Q$_\E: write a whole URL such as https://\S+, or a path}, [ 'try', 'used', '--user', 'alice', '--issuer', $t->issuer, '--url', $_ ] ] }
            'api/notes.txt', 'localhost/api', 'file:///etc/passwd'),
        [ 'no file', qr{no secret can be read from /nowhere}, [ 'try', 'used', '--user', 'alice', '--secret-file', '/nowhere', '--issuer', $t->issuer ] ],
    );
    for my $awkward (Test::GptOauth::Files::awkward($t->dir, 4 * 1024 * 1024 + 1)) {
        my ($what, $path, $why) = @$awkward;
        push @cases, [ "--secret-file, $what", qr/^gptoauth: no secret can be read from \Q$path\E \(.*$why/i, [ 'try', 'used', '--user', 'alice', '--secret-file', $path, '--issuer', $t->issuer ] ],
            [ "--cacert, $what", qr/^gptoauth: --cacert \Q$path\E cannot be read: .*$why/i, [ 'try', 'used', '--user', 'alice', '--cacert', $path, '--issuer', $t->issuer ], "$web->{secret}\nx\n" ],
            [ "doctor --cacert, $what", qr/^gptoauth: --cacert \Q$path\E cannot be read: .*$why/i, [ 'doctor', '--cacert', $path, '--issuer', $t->issuer ] ];
    }
    for my $case (@cases) {
        my ($what, $pattern, $args, $stdin) = @$case;
        my $got = $t->try_gptoauth($stdin // '', @$args);
        ok($got->{status} == 1 && $got->{err} =~ $pattern && $got->{out} eq '', "refused: $what") or diag("$got->{err}$got->{out}");
    }
    return;
}

on_each_db({ conf => $front }, sub {
    my ($t) = @_;
    $t->write_file('htdocs/page.html', '<h1>Welcome</h1>');
    test_good($t);
    test_faults($t);
    test_surroundings($t);
    test_browser($t, $t->client_add('browsing', gpt => 1, redirect => 'http://127.0.0.1/back'), 'a registered loopback URI');
    test_browser($t, gpt_client($t, 'browsing too'), 'an open GPT');
    test_interrupted($t);
    test_usage($t);
    ok(@logged > 20, 'what it tries is refused now and then, and logged');
    is(join("\n", splice @unmarked), '', '… with a word that it was this command');
    is(join("\n", Test::GptOauth::Secrets::found_in($shows)), '', 'no secret was shown');
    unlike($shows, qr/\bgpt[a-z]_[\w-]{8}/, '… and no token');
});

done_testing;
