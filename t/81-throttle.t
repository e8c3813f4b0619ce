#!/usr/bin/perl
# Wrong passwords are counted per user and address; strangers lock out themselves, and the administrator sees whom and lifts it.
use strict;
use warnings;
use FindBin;
use Sys::Hostname qw(hostname);
use POSIX qw(strftime);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Browser;

my $conf = <<'EOC';
RemoteIPHeader X-From
RemoteIPInternalProxy 127.0.0.1
EOC

# Sends the form of a sign-in page, as often as one likes, with the cookies of a browser (or those of a new one).
sub form_of {
    my ($t, $client, $browser) = @_;
    $browser //= Test::GptOauth::Browser->new($t->port);
    $browser->get($t->authorize_url($client, prompt => 'login'));
    my $fields = $browser->form_with('password')->{fields};
    my $cookies = $browser->cookies;
    my $cookie = join '; ', map { "$_=$cookies->{$_}" } sort keys %$cookies;
    return sub {
        my ($user, $password, $from) = @_;
        Test::GptOauth::Secrets::remember(password => $password);
        return ('POST', '/oauth/authorize', body => Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %$fields, username => $user, password => $password })),
            headers => [ Cookie => $cookie, 'X-From' => $from ]);
    };
}

sub verdict { my ($response) = @_; return $response->body =~ /name="decision"/ ? 'in' : $response->status == 200 ? 'wrong' : $response->status == 429 ? 'delayed' : $response->status }

sub try_in { my ($t, $form, @attempt) = @_; return verdict($t->http->request($form->(@attempt))) }

# The server looks once a second whether a throttle was lifted.
sub soon_in {
    my (@attempt) = @_;
    my $deadline = time + 5;
    my $verdict;
    while (($verdict = try_in(@attempt)) eq 'delayed' && time < $deadline) { sleep 0.1 }
    return $verdict;
}

# So many wrong passwords, two at a time, each until it was looked at: a busy machine turns some away.
sub guess {
    my ($t, $form, @attempts) = @_;
    my (%count, @turned_away);
    while (my @two = splice @attempts, 0, 2) {
        my @verdicts = map { verdict($_) } $t->http->parallel([ map { [ $form->(@$_) ] } @two ]);
        push @attempts, map { $two[$_] } grep { $verdicts[$_] eq '503' && @turned_away < 200 && push @turned_away, 1 } 0 .. $#two;
        $count{$_}++ for grep { $_ ne '503' } @verdicts;
    }
    return \%count;
}

sub test_known_browser {
    my ($t, $client, $password) = @_;
    my $browser = $t->open_request($t->authorize_url($client), user => 'alice', browser => Test::GptOauth::Browser->new($t->port));
    my ($known) = grep { /known/ } keys %{ $browser->cookies };
    ok($known, 'case 308: a browser in which somebody has signed in');
    my ($line) = grep { /^\Q$known\E=/ } map { $_->headers('Set-Cookie') } $t->http->request(form_of($t, $client)->('alice', $password, '192.0.2.1'));
    like($line, qr/; HttpOnly; SameSite=Lax; Max-Age=15552000$/, '... has a cookie for half a year');
    my $kept = Test::GptOauth::Browser->new($t->port);
    $kept->{cookies} = { $known => $browser->cookies->{$known} };
    is($t->outcome($client, $kept->get($t->authorize_url($client))), '200 sign-in', 'case 308: which signs nobody in');

    $t->begin_window(150);
    my $stranger = form_of($t, $client);
    my @attempts = map { my $from = "198.51.100.$_"; map { [ 'alice', 'wrong guess', $from ] } 1 .. 10 } 1 .. 10;
    my $count = guess($t, $stranger, @attempts, [ 'ALICE', 'wrong guess', '198.51.100.11' ]);
    is($count->{wrong}, 100, 'case 308: a hundred wrong passwords from ten addresses');
    is($count->{delayed}, 1, 'case 308: ... and the next one waits, by another spelling too');
    my $delayed = $t->http->request($stranger->('alice', $password, '198.51.100.12'));
    is(verdict($delayed), 'delayed', 'case 308: in a browser that is not known the right one waits as well');
    my ($until) = $delayed->body =~ /Too many wrong passwords\. Try again after (\d\d:\d\d) UTC\./;
    my %expected = map { strftime('%H:%M', gmtime(time + $delayed->header('Retry-After') + $_)) => 1 } 0, 59;
    ok($expected{ $until // '' }, 'case 308: ... and is told until when') or diag($until);
    is(guess($t, $stranger, map { [ 'alice', 'wrong guess', '198.51.100.12' ] } 1 .. 12)->{delayed}, 12, 'case 308: ... however often');
    my $forged = Test::GptOauth::Browser->new($t->port);
    $forged->{cookies} = { $known => 'A' x 43 };
    is(try_in($t, form_of($t, $client, $forged), 'alice', $password, '198.51.100.12'), 'delayed', 'case 308: ... or in one that invents a cookie');
    is(try_in($t, form_of($t, $client, $kept), 'alice', $password, '198.51.100.13'), 'in', 'case 308: in the known one it is let in');
    my $other = form_of($t, $client, $kept);
    $t->user('bob');
    is(try_in($t, $other, 'alice', 'wrong guess', '198.51.100.14'), 'wrong', 'case 308: with a wrong one it is not');

    my ($listed, $host) = ($t->gptoauth_json('throttle', 'list'), hostname());
    is_deeply([ map { "$_->{kind} " . ($_->{username} // '-') } @$listed ], ['user alice'], 'throttle list says whom it is about');
    like($t->gptoauth('throttle', 'list'), qr/^USER +ADDRESS +ISSUER +HOST +UNTIL\nalice +\(anywhere\) +\S+ +\Q$host\E +\d{4}-/, '... to people too');
    is($listed->[0]{host}, $host, '... and which host refuses');
    like($t->error_log, qr/GPT022: sign-in of .?alice.? from 198\.51\.100\.12 delayed for \d+ s: .*gptoauth throttle clear/, 'so does the log');
    is($t->gptoauth('throttle', 'clear', '--user', 'Alice'), "1 throttle lifted.\n", 'throttle clear lifts it');
    is_deeply($t->gptoauth_json('throttle', 'list'), [], '... it is not in the list any more');
    is(soon_in($t, $stranger, 'alice', $password, '198.51.100.15'), 'in', '... and everybody may try again');
    is(try_in($t, $stranger, 'alice', $password, '198.51.100.12'), 'in', 'case 329: ... what one counter has refused was counted by no other');
    return;
}

sub test_addresses {
    my ($t, $client) = @_;
    my $form = form_of($t, $client);
    $t->begin_window(120);
    my $password = $t->user('carol');
    is(guess($t, $form, map { [ 'carol', 'wrong guess', '203.0.113.5' ] } 1 .. 11)->{delayed}, 1, 'ten guesses at one user from one address');
    is(try_in($t, $form, 'carol', $password, '203.0.113.6'), 'in', '... and from another one the user gets in');
    is($t->gptoauth('throttle', 'clear', '--address', '203.0.113.5'), "1 throttle lifted.\n", 'throttle clear by address');
    is(soon_in($t, $form, 'carol', $password, '203.0.113.5'), 'in', '... lets this one in too');

    is(guess($t, $form, map { [ 'dave', 'wrong guess', "2001:db8:1:1::$_" ] } 1 .. 11)->{delayed}, 1, 'addresses of one /64 are one');
    is(try_in($t, $form, 'dave', 'wrong guess', '2001:db8:1:2::1'), 'wrong', '... and of another one are another');
    my $count = guess($t, $form, map { [ 'dave', 'wrong guess', "2001:db8:1:$_\::1" ] } 10 .. 50);
    cmp_ok($count->{delayed} // 0, '>', 0, 'but those of one /48 are a customer\'s, for whom it ends too');
    is(try_in($t, $form, 'dave', 'wrong guess', '2001:db8:2:1::1'), 'wrong', '... and for no other');
    is_deeply([ sort grep { /:/ } map { $_->{address} // '' } @{ $t->gptoauth_json('throttle', 'list') } ], [ '2001:db8:1:1::/64', '2001:db8:1::/48' ], 'throttle list says which');
    cmp_ok($t->gptoauth_json('throttle', 'clear', '--all')->{lifted}, '>=', 2, 'throttle clear --all');
    for my $args ([], [qw(--user x --all)]) {
        like($t->try_gptoauth('', 'throttle', 'clear', @$args)->{err}, qr/specify which: --user NAME, --address ADDRESS/, 'throttle clear wants to know whom');
    }
    like($t->try_gptoauth('', 'throttle', 'clear', '--user', 'nobody')->{err}, qr/there is nothing to lift/, '... and says when there is nothing');
    is($t->gptoauth('throttle', 'list'), "No sign-in is refused for too many wrong passwords.\n", 'throttle list of nothing');
    return;
}

sub test_no_guesses {
    my ($t, $client) = @_;
    my $password = $t->user('erin');
    my $form = form_of($t, $client);
    $t->begin_window(60);
    my @attempts = ((map { [ 'erin', 'x' x 73, '192.0.2.9' ] } 1 .. 8), (map { [ "service:erin$_", 'wrong guess', '192.0.2.9' ] } 1 .. 8));
    my $count = guess($t, $form, @attempts);
    is($count->{wrong}, 16, 'case 329: what cannot be right is refused like a wrong password');
    is(guess($t, $form, map { [ 'erin', 'wrong guess', '192.0.2.9' ] } 1 .. 9)->{wrong}, 9, 'case 329: ... and is not counted');
    is(try_in($t, $form, 'erin', $password, '192.0.2.9'), 'in', 'case 329: so that the right one gets in');
    return;
}

# Somebody types his password into the field of the name.
sub test_unknown {
    my ($t, $client) = @_;
    my $form = form_of($t, $client);
    my $listed = sub { return map { $_->{username} } grep { ($_->{address} // '') eq '192.0.2.77' } @{ $t->gptoauth_json('throttle', 'list') } };
    $t->begin_window(60);
    is(guess($t, $form, map { [ 'My Secret Horse', 'wrong guess', '192.0.2.77' ] } 1 .. 11)->{delayed}, 1, 'a name that nobody has is throttled too');
    like($t->error_log, qr/GPT022: sign-in of somebody from 192\.0\.2\.77 delayed/, '... and the log does not say it');
    unlike($t->error_log, qr/secret horse/i, '... anywhere');
    like(join(' ', $listed->()), qr/^\(unknown [0-9a-f]{4}\)$/, '... nor does the list');
    is($t->sql("SELECT count(*) FROM oauth_throttle WHERE lower(name) LIKE '%horse%';"), 0, '... nor the database');
    is($t->gptoauth('throttle', 'clear', '--user', 'my secret HORSE'), "1 throttle lifted.\n", '... but who knows it lifts it by it');
    is(soon_in($t, $form, 'My Secret Horse', 'wrong guess', '192.0.2.77'), 'wrong', '... and it is tried again');
    return;
}

sub test_password_reset {
    my ($t, $client, $password) = @_;
    my $browser = $t->open_request($t->authorize_url($client), user => 'alice', browser => Test::GptOauth::Browser->new($t->port));
    my $count = sub { return $t->sql("SELECT count(*) FROM oauth_browser WHERE username = 'alice';") };
    cmp_ok($count->(), '>', 0, 'browsers are known');
    $t->gptoauth_stdin("$password\n", 'user', 'passwd', 'alice');
    is($count->(), 0, 'with a new password they are not any more');
    $t->sql("UPDATE oauth_browser SET expires_at = 1; UPDATE oauth_throttle SET until_at = 1;");
    $t->gptoauth('purge');
    is($t->sql('SELECT count(*) FROM oauth_browser;') + $t->sql('SELECT count(*) FROM oauth_throttle;'), 0, 'purge takes away what has expired');
    return;
}

on_each_db({ conf => $conf, modules => ['remoteip'] }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes');
    my $password = $t->user('alice');
    my $whole = $t->db eq (dbs())[0];
    test_known_browser($t, $client, $password) if $whole;
    test_addresses($t, $client);
    test_no_guesses($t, $client);
    test_unknown($t, $client);
    test_password_reset($t, $client, $password);
});
done_testing;
