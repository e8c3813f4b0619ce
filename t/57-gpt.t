#!/usr/bin/perl
# A client made with --gpt and no redirect URI: open until its first exchange, then pinned to that GPT.
use strict;
use warnings;
use FindBin;
use IPC::Open2 qw(open2);
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $refused = '400 invalid_grant';
my $id = 'g-1bc9e788468a358cb5138906b5c6d706d0ecb2cc';
my $longest = 'g-' . 'x' x 64;

my @near_misses = (
    [ 'http' => "http://chatgpt.com/aip/$id/oauth/callback" ],
    [ 'the scheme in upper case' => "HTTPS://chatgpt.com/aip/$id/oauth/callback" ],
    [ 'the host in upper case' => "https://ChatGPT.com/aip/$id/oauth/callback" ],
    [ 'a sub-domain' => "https://evil.chatgpt.com/aip/$id/oauth/callback" ],
    [ 'a longer host' => "https://chatgpt.com.evil.example/aip/$id/oauth/callback" ],
    [ 'a host with a prefix' => "https://evilchatgpt.com/aip/$id/oauth/callback" ],
    [ 'the parent of a host' => "https://openai.com/aip/$id/oauth/callback" ],
    [ 'a dot that is none' => "https://chatXopenai.com/aip/$id/oauth/callback" ],
    [ 'a trailing dot' => "https://chatgpt.com./aip/$id/oauth/callback" ],
    [ 'the default port' => "https://chatgpt.com:443/aip/$id/oauth/callback" ],
    [ 'another port' => "https://chatgpt.com:8443/aip/$id/oauth/callback" ],
    [ 'user information' => "https://user\@chatgpt.com/aip/$id/oauth/callback" ],
    [ 'the host as user' => "https://chatgpt.com\@evil.example/aip/$id/oauth/callback" ],
    [ 'a backslash' => "https://chatgpt.com\\\@evil.example/aip/$id/oauth/callback" ],
    [ 'a suffix' => "https://chatgpt.com/aip/$id/oauth/callback/x" ],
    [ 'a slash more' => "https://chatgpt.com/aip/$id/oauth/callback/" ],
    [ 'a query' => "https://chatgpt.com/aip/$id/oauth/callback?x=1" ],
    [ 'an empty query' => "https://chatgpt.com/aip/$id/oauth/callback?" ],
    [ 'a fragment' => "https://chatgpt.com/aip/$id/oauth/callback#x" ],
    [ 'a line feed' => "https://chatgpt.com/aip/$id/oauth/callback\n" ],
    [ 'a NUL' => "https://chatgpt.com/aip/$id/oauth/callback\0" ],
    [ 'a longer id' => "https://chatgpt.com/aip/${longest}x/oauth/callback" ],
    [ 'an empty id' => 'https://chatgpt.com/aip/g-/oauth/callback' ],
    [ 'an id of two segments' => "https://chatgpt.com/aip/$id/x/oauth/callback" ],
    [ 'a dot segment' => "https://chatgpt.com/aip/$id/../g-x/oauth/callback" ],
    [ 'an underscore' => 'https://chatgpt.com/aip/g-1_2/oauth/callback' ],
    [ 'percent-encoding' => 'https://chatgpt.com/aip/g-%31/oauth/callback' ],
    [ 'an encoded slash' => "https://chatgpt.com/aip%2F$id/oauth/callback" ],
    [ 'a plugin' => 'https://chatgpt.com/aip/plugin-123/oauth/callback' ],
    [ 'an upper case G' => 'https://chatgpt.com/aip/G-123/oauth/callback' ],
    [ 'another path' => "https://chatgpt.com/$id/oauth/callback" ],
);

sub callback { my ($gpt, $host) = @_; return 'https://' . ($host // 'chat.openai.com') . "/aip/$gpt/oauth/callback" }

# As this GPT sees the client; host: the one that ChatGPT uses today.
sub as_gpt { my ($client, $gpt, $host) = @_; return { %$client, redirect_uri => callback($gpt, $host) } }

sub gpt_client {
    my ($t, $name) = @_;
    my $json = $t->gptoauth_json('client', 'add', $name, '--gpt');
    return { name => $name, id => $json->{client_id}, secret => secret($json->{client_secret}), gpt => 1 };
}

sub with_new_secret {
    my ($t, $client, @command) = @_;
    @command = ('client', 'secret', $client->{id}) unless @command;
    return { %$client, secret => secret($t->gptoauth_json(@command)->{client_secret}) };
}

# "open", "pinned to g-…", "open, was g-…", "registered only"
sub state_of {
    my ($t, $client) = @_;
    my $json = $t->gptoauth_json('client', 'show', $client->{id});
    return $json->{gpt_open} ? 'open' . ($json->{gpt_id} ? ", was $json->{gpt_id}" : '')
        : $json->{gpt_id} ? "pinned to $json->{gpt_id}" : 'registered only';
}

# The whole flow of a user who has to be asked; the token answer's verdict.
sub connect_gpt { my ($t, $client, %opt) = @_; return $t->redeem($t->code_for($client), {}, %opt)->verdict }

sub spent { my ($t, $grant) = @_; return $t->sql("SELECT count(*) FROM oauth_code WHERE spent_at IS NOT NULL AND client_id = '$grant->{client}{id}';") }

sub test_open {
    my ($t) = @_;
    my $client = gpt_client($t, 'open');
    is(state_of($t, $client), 'open', 'a client made with --gpt and without --redirect is open');
    for my $row (@near_misses) {
        my ($what, $uri) = @$row;
        is($t->ask($client, { redirect_uri => $uri }), '400 page', "case 401: $what");
    }
    for my $gpt ($id, 'g-1', 'g--', $longest) {
        is($t->ask(as_gpt($client, $gpt, $_)), '200 sign-in', "the callback of $gpt at $_") for qw(chat.openai.com chatgpt.com);
    }
    is($t->ask($client, { redirect_uri => undef }), '400 page', 'a request must name its redirect_uri');

    my $one = as_gpt($client, 'g-one');
    my $grant = $t->code_for($one);
    is($t->redeem($grant, { redirect_uri => callback('g-one', 'chatgpt.com') })->verdict, $refused,
        'case 403: the code stays bound to the exact URI, the host included');
    is($t->redeem($grant, { redirect_uri => callback('g-two') })->verdict, $refused, 'case 403: and to the GPT');
    is($t->redeem($grant, {}, client => { %$one, secret => gpt_client($t, 'other')->{secret} })->verdict, '401 invalid_client',
        'case 403: and is for who knows the secret');
    is(state_of($t, $client), 'open', 'case 403: what failed pinned nothing');
    is($t->redeem($grant)->verdict, '200', 'the first exchange');
    is(state_of($t, $client), 'pinned to g-one', '… pins the GPT');
    like($t->error_log, qr/GPT012: .*pinned to GPT g-one/, '… and the log says so');
}

sub test_pinned {
    my ($t, $auth) = @_;
    my $client = gpt_client($t, "pinned by $auth");
    my ($one, $two) = map { as_gpt($client, $_) } qw(g-one g-two);
    my ($late, $proven) = map { $t->code_for($two, verifier => $_) } undef, 'v' x 43;
    is(connect_gpt($t, $one, auth => $auth), '200', "the first exchange, by $auth");
    is($t->redeem($late, {}, auth => $auth)->verdict, $refused, 'case 402: a code that was sent to another GPT before');
    is($t->redeem($late, {}, auth => $auth)->verdict, $refused, 'case 402: and again');
    is($t->redeem($proven, {}, auth => $auth)->verdict, $refused, 'case 402: PKCE makes no difference');
    is(spent($t, $late), 1, 'case 403: is not spent by that');
    is(connect_gpt($t, as_gpt($client, 'g-one', 'chatgpt.com'), auth => $auth), '200', 'the pinned GPT at the other host');
    for my $host (qw(chat.openai.com chatgpt.com)) {
        my $page = $t->http->get($t->authorize_url(as_gpt($client, 'g-two', $host)));
        is($t->outcome($two, $page), '400 page', "case 402: another GPT at $host gets a page");
        like($page->body, qr/not the GPT .* connected .*administrator/s, '… which says why, and whom to ask');
    }
    is($t->ask(as_gpt($client, $_)), '400 page', "case 402: $_ is not g-one") for qw(g-on g-onex g-ONE g-One);
    my ($line) = grep { /GPT100.*authorization refused.*\Q$client->{id}\E/ } split /\n/, $t->error_log;
    like($line, qr/`gptoauth client redirect \Q$client->{id}\E --repin`/, 'case 408: the log line has the command');
    unlike($t->error_log, qr/gptoauth [^`]*g-two/, 'case 408: no command has the foreign id');
    unlike($line, qr/g-two/, 'case 408: nor has the line');
    is(state_of($t, $client), 'pinned to g-one', 'case 402: the pin is as it was');

    $t->gptoauth('client', 'redirect', $client->{id}, '--repin');
    is(state_of($t, $client), 'open, was g-one', 'client redirect --repin opens the pin');
    is($t->redeem($late, {}, auth => $auth)->verdict, '200', 'case 403: the code that was refused is still good');
    is(state_of($t, $client), 'pinned to g-two', '… and its GPT is the pinned one now');
    is($t->ask($one), '400 page', 'case 402: the former is refused');
    $t->gptoauth('client', 'redirect', $client->{id}, '--repin');
    is(connect_gpt($t, $two, auth => $auth), '200', 'the same GPT after --repin');
    is(state_of($t, $client), 'pinned to g-two', '… closes the pin');
}

sub test_rotation {
    my ($t) = @_;
    my $old = gpt_client($t, 'rotated');
    is(connect_gpt($t, as_gpt($old, 'g-one')), '200', 'pinned');
    my $new = with_new_secret($t, $old);
    is(state_of($t, $old), 'open, was g-one', 'client secret opens the pin');
    is(connect_gpt($t, as_gpt($old, 'g-one')), '200', 'the pinned GPT goes on with the old secret');
    is(state_of($t, $old), 'open, was g-one', 'case 405: which closes nothing');
    my $stolen = $t->code_for(as_gpt($old, 'g-thief'));
    is($t->redeem($stolen)->verdict, $refused, 'case 405: another GPT with the old secret');
    is(state_of($t, $old), 'open, was g-one', 'case 405: pins nothing');
    is(connect_gpt($t, as_gpt($new, 'g-edited')), '200', 'another GPT with the new secret');
    is(state_of($t, $old), 'pinned to g-edited', '… is the pinned one');
    is($t->redeem($stolen)->verdict, '401 invalid_client', 'case 405: and the old secret has ended');

    $new = with_new_secret($t, $new, 'gpt', $new->{id}, '--new-secret');
    is(state_of($t, $new), 'open, was g-edited', 'gpt --new-secret opens the pin');
    is(connect_gpt($t, as_gpt($new, 'g-again')), '200', '… for the next exchange');
    is(state_of($t, $new), 'pinned to g-again', '… which closes it');

    $old = gpt_client($t, 'rotated early');
    $new = with_new_secret($t, $old);
    is(connect_gpt($t, as_gpt($old, 'g-early')), '200', 'the old secret works where nothing was pinned yet');
    is(state_of($t, $old), 'open', 'case 405: and pins nothing');
    is(connect_gpt($t, as_gpt($new, 'g-first')), '200', 'the new one');
    is(state_of($t, $old), 'pinned to g-first', '… pins');
}

sub test_registered {
    my ($t) = @_;
    my $client = $t->client_add('registered', gpt => 1, redirect => [ 'https://rp.example/cb', callback('g-mine') ]);
    is(state_of($t, $client), 'registered only', 'case 407: a client made with --redirect is not open');
    is($t->ask(as_gpt($client, 'g-other')), '400 page', 'case 407: nor accepts other GPTs');
    is(connect_gpt($t, $client), '200', 'its registered URI');
    is(connect_gpt($t, as_gpt($client, 'g-mine')), '200', 'its registered callback');
    is(state_of($t, $client), 'registered only', 'case 407: neither pins');
    $client = with_new_secret($t, $client);
    is(state_of($t, $client), 'registered only', 'case 407: a new secret opens nothing');
    $t->gptoauth('client', 'redirect', $client->{id}, '--repin');
    is(connect_gpt($t, $client), '200', 'a registered URI of an open client');
    is(state_of($t, $client), 'open', 'case 407: pins nothing');
    is(connect_gpt($t, as_gpt($client, 'g-other')), '200', 'another GPT');
    is(state_of($t, $client), 'pinned to g-other', '… is pinned');
    is(connect_gpt($t, $_), '200', "case 407: $_->{redirect_uri} goes on beside it") for $client, as_gpt($client, 'g-mine');
    my $plain = $t->client_add('plain');
    is($t->ask(as_gpt($plain, 'g-other')), '400 page', 'case 407: a client without --gpt accepts no GPT');
    $t->sql("UPDATE oauth_client SET gpt_open = 1 WHERE id = '$plain->{id}';");
    is($t->ask(as_gpt($plain, 'g-other')), '400 page', 'case 407: whatever stands in its row');
}

sub test_consent {
    my ($t) = @_;
    my $client = gpt_client($t, 'asking');
    my $one = as_gpt($client, 'g-one');
    my $browser = $t->open_request($t->authorize_url($one));
    my $ask = sub { my ($gpt) = @_; return $t->outcome($gpt, $browser->get($t->authorize_url($gpt))) };
    ok($t->code_for($one)->{code}, 'allowed before it is pinned');
    is($ask->($one), '200 consent', 'case 406: an open GPT asks again');
    is(connect_gpt($t, $one), '200', 'pinned');
    is($ask->($one), '200 consent', 'case 406: what was allowed before the pin is not remembered');
    ok($t->code_for($one)->{code}, 'allowed once pinned');
    is($ask->($one), '302 code', 'a pinned GPT does not ask again');
    is($ask->(as_gpt($client, 'g-one', 'chatgpt.com')), '200 consent', 'case 406: at the other host it does');
    $t->gptoauth('client', 'redirect', $client->{id}, '--repin');
    is($ask->($one), '200 consent', 'case 406: and while the pin is open');
    my $registered = $t->client_add('registered and asking', gpt => 1);
    ok($t->code_for($registered)->{code}, 'allowed at a registered URI');
    is($ask->($registered), '200 consent', 'case 406: where no GPT is pinned');
}

sub test_parallel {
    my ($t) = @_;
    for my $round (1 .. 5) {
        my $client = gpt_client($t, "parallel $round");
        my @gpts = map { as_gpt($client, "g-$_") } 1 .. 4;
        my @grants = map { ($t->code_for($_), $t->code_for($_)) } @gpts;
        my @requests = map {
            my ($body, @headers) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($_));
            [ 'POST', '/oauth/token', body => $body, headers => \@headers ]
        } @grants;
        my @responses = $t->http->parallel(\@requests);
        my ($pinned) = state_of($t, $client) =~ /^pinned to (g-\d)$/;
        ok($pinned, 'case 404: one GPT is pinned') or next;
        for my $i (0 .. $#grants) {
            my ($gpt) = $grants[$i]{redirect_uri} =~ m{/(g-\d)/};
            is($responses[$i]->verdict, $gpt eq $pinned ? '200' : $refused, "case 404: $gpt, when $pinned won");
        }
        is(spent($t, $grants[0]), 2, 'case 404: only the codes of the winner are spent');
        my ($lost) = grep { $_->{redirect_uri} !~ m{/$pinned/} } @grants;
        $t->gptoauth('client', 'redirect', $client->{id}, '--repin');
        is($t->redeem($lost)->verdict, '200', 'case 403: those of the others are still good');
    }
}

# The same at one moment: both exchanges are seen to wait for the client's row, which a third connection holds until then.
sub test_at_once {
    my ($t) = @_;
    my $client = gpt_client($t, 'at once');
    my @grants = map { $t->code_for(as_gpt($client, "g-$_")) } 1, 2;
    my @requests = map {
        my ($body, @headers) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($_));
        [ 'POST', '/oauth/token', body => $body, headers => \@headers ]
    } @grants;
    my $pid = open2(my $out, my $in, $t->cluster->psql_command($t->database));
    print {$in} "BEGIN; SELECT id FROM oauth_client WHERE id = '$client->{id}' FOR NO KEY UPDATE;\n";
    is(<$out>, "$client->{id}\n", 'somebody holds the row of a client');
    my $waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    my @responses = $t->http->parallel(\@requests, sent => sub {
        my $deadline = time + 2;
        sleep 0.01 until $t->sql($waiting) == @requests || time > $deadline;
        print {$in} "COMMIT;\n";
        close $in;
    });
    waitpid $pid, 0;
    is(join(', ', sort map { $_->verdict } @responses), "200, $refused", 'case 404: of two GPTs at one moment one is pinned');
    return;
}

on_each_db({}, sub {
    my ($t) = @_;
    test_open($t);
    test_pinned($t, $_) for qw(post basic);
    test_rotation($t);
    test_registered($t);
    test_consent($t);
    test_parallel($t);
    test_at_once($t) if $t->is_pgsql;
});

done_testing;
