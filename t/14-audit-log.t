#!/usr/bin/perl
# The audit log: each event of the table happens in a run and has a line with the fields that docs/audit.md names, and no other;
# what happens to the lines when httpd is reloaded, the program behind the bar dies or hangs, or the disk is full; and the command's.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults qw(without_table);
use Test::GptOauth::Process qw(slurp);
use Test::GptOauth::Waiting;

# A full disk needs a file system of its own, in a view of the machine that is the test's alone.
if ($> == 0 && !$ENV{GPTOAUTH_OWN_MOUNTS} && system('unshare --mount true 2>/dev/null') == 0) {
    exec 'env', 'GPTOAUTH_OWN_MOUNTS=1', qw(unshare --mount), $^X, (map { "-I$_" } grep { !ref } @INC), $0;
}

my $root = "$FindBin::Bin/..";
my (%fields, %meaning);
my $header = slurp("$root/mod_gpt_oauth/base/audit.h") =~ s/\\\n\s*//gr;
while ($header =~ /X\(AUDIT_\w+, "([^"]+)", "([^"]+)",\s*"([^"]+)"\)/g) {
    ($fields{$1}, $meaning{$1}) = ([ split / /, $2 ], $3);
}
my $document = slurp("$root/docs/audit.md");
my %documented = $document =~ /^\| `([a-z][a-z -]*)` \| ([^|]+ \| [^|]+) \|$/mg;
is_deeply(\%documented, { map { $_ => join(', ', map { "`$_`" } @{ $fields{$_} }) . " | $meaning{$_}" } keys %fields },
    'docs/audit.md has the events of base/audit.h');

# A command that changes nothing has no event; whoever adds one says here which kind it is.
my %reads = map { $_ => 1 } 'client list', 'client show', 'gpt', 'user list', 'user show', 'user sessions', 'grant list', 'token show',
    'key list', 'throttle list', 'try', 'doctor', 'setup';    # the last of which runs others
my $main = slurp("$root/mod_gpt_oauth/cli/main.c");
my @commands = map { s/", (?:"|NULL)/ /r =~ s/ $//r } $main =~ /^    \{ "(\w+", (?:"\w+|NULL))/mg;
is_deeply([ grep { !$reads{$_} && !$fields{$_} } @commands ], [], 'each of ' . @commands . ' commands is an event, or changes nothing');

my $command = ($ENV{GPTOAUTH_BUILD} // "$root/build") . '/gptoauth';

sub lines_of { my ($file) = @_; return grep { length } split /\n/, slurp($file) }
sub events_of { my ($file) = @_; return map { JSON::PP::decode_json($_) } lines_of($file) }

# A server that is not started yet, whose command knows of the audit log as well.
sub server {
    my ($place) = @_;
    my $t = Test::GptOauth->new(db => 'sqlite', start => 0);
    $t->write_file('dbd.conf', slurp($t->dir . '/dbd.conf') . "GPTOAuthAuditLog \"$place\"\n");
    return $t;
}

# ---- what is written

my $conf = <<'EOC';
GPTOAuthRegistration open
GPTOAuthRefreshGrace 0
GPTOAuthAdmin admin
<Location /keyed>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require valid-user
</Location>
EOC

sub press {
    my ($browser, $action, %fields) = @_;
    $browser->get('/oauth/apps');
    my ($form) = grep { defined $_->{fields}{transaction} } $browser->forms;
    return $browser->submit($form, %fields, action => $action)->status;
}

sub use_pages {
    my ($t, $client) = @_;
    my $browser = $t->browser;
    $browser->get('/oauth/apps');
    $browser->sign_in('alice', secret('no such horse'));
    $browser->sign_in('alice', $t->user('alice'));
    press($browser, 'take_away', client => $client->{id});
    press($browser, 'take_away', client => 'unknown');
    press($browser, 'sign_out_others');
    $t->tokens_for($t->client_add('let in'));
    my $wanted = secret('another staple of alice');
    press($browser, 'password', password => $t->user('alice'), new_password => $wanted, end_apps => 1);
    $browser->get('/oauth/apps');
    my ($session) = map { $_->{fields}{session} // () } $browser->forms;
    press($browser, 'sign_out', session => $session);
    return;
}

sub use_endpoints {
    my ($t, $client, $service) = @_;
    my $tokens = $t->tokens_for($client);
    $t->code_for($client, user => 'bob', decision => 'deny');
    $t->refresh($client, $tokens->{refresh_token});
    $t->refresh($client, $tokens->{refresh_token});
    my $others = $t->tokens_for($client);
    $t->redeem($others->{grant});
    $t->revoke($client, { token => $t->tokens_for($client)->{refresh_token} });
    $t->token_request($service, { grant_type => 'client_credentials' });
    $t->token_request($client, { grant_type => 'password' });
    my @json = (headers => [ 'Content-Type' => 'application/json' ]);
    $t->http->post('/oauth/register', '{"redirect_uris":["https://app.example/cb"],"client_name":"App"}', @json);
    $t->http->post('/oauth/register', '{}', @json);
    return;
}

# A replay that comes when wrong ones are answered 429 already.
sub use_throttle {
    my ($t) = @_;
    my $client = $t->client_add('busy');
    my $replayed = $t->tokens_for($client, user => 'bob')->{refresh_token};
    $t->refresh($client, $replayed);
    $t->begin_window(20);
    my $stray = $t->browser;
    $stray->get('/oauth/apps');
    $stray->sign_in(secret('typed into the wrong field'), secret('no such horse')) for 1 .. 11;
    $t->refresh($client, 'wrong') for 1 .. 300;
    is($t->refresh($client, $replayed)->status, 429, 'a replay among many wrong refresh tokens');
    return;
}

sub use_keys {
    my ($t) = @_;
    my $key = $t->key_add('chatgpt');
    $t->fetch('/keyed/x', $key) for 1 .. 3;
    $t->begin_window(10);
    my $wrong = secret('gptk_' . 'x' x 40);
    $t->fetch('/keyed/x', $wrong) for 1 .. 103;
    return;
}

sub use_console {
    my ($t) = @_;
    my $app = $t->http->post('/oauth/register', '{"redirect_uris":["https://old.example/cb"],"client_name":"Old"}',
        headers => [ 'Content-Type' => 'application/json' ])->json->{client_id};
    $t->sql("UPDATE oauth_client SET seen_at = seen_at - 86400 * 90, let_in_at = NULL WHERE id = '$app'");
    for my $name (qw(bob admin)) {
        my $browser = $t->browser;
        $browser->get('/oauth/console?apps=');
        $browser->sign_in($name, $t->user($name));
        my ($form) = grep { ($_->{fields}{action} // '') eq 'apps_clean_up' } $browser->forms or next;
        $browser->submit($form, days => 60);
        $browser->submit(($browser->form_with('typed_name')), typed_name => 60);
    }
    return;
}

sub use_commands {
    my ($t) = @_;
    my $client = $t->client_add('calendar', gpt => 1, redirect => [], scope => 'read');
    secret($t->gptoauth_json('client', 'secret', 'calendar')->{client_secret});
    secret($t->gptoauth_json('gpt', 'calendar', '--new-secret')->{client_secret});
    $t->gptoauth('gpt', 'calendar');
    $t->gptoauth('client', 'redirect', 'calendar', '--repin');
    $t->gptoauth('client', 'links', 'calendar', '--website', 'https://calendar.example');
    $t->gptoauth('client', $_, 'calendar') for qw(disable enable remove);
    $t->user_add('carol', 'a staple of carol');
    $t->gptoauth_stdin(secret('battery of carol') . "\n", 'user', 'passwd', 'carol');
    $t->gptoauth('user', $_, 'carol') for qw(disable enable signout remove);
    $t->gptoauth('grant', 'revoke', '--client', 'robot');
    $t->gptoauth('key', 'revoke', 'chatgpt');
    $t->gptoauth('throttle', 'clear', '--all', '--json');
    $t->gptoauth($_) for qw(migrate purge);
    $t->try_gptoauth('', qw(user remove nobody));
    return;
}

sub test_lines {
    my ($file) = @_;
    my (%seen, @wrong);
    my %member = map { $_ => 1 } qw(time event result code request);
    for my $line (lines_of($file)) {
        my $event = eval { JSON::PP::decode_json($line) } // { event => '' };
        my %own = map { $_ => 1 } @{ $fields{ $event->{event} } // [] };
        push @wrong, $line if $line =~ /[^ -~]/ || length $line > 4094 || ($event->{time} // '') !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
            || $event->{result} !~ /^(?:ok|refused|failed)$/ || grep { !$member{$_} && !$own{$_} } keys %$event;
        push @wrong, $line if ($event->{by} // '') eq '' xor $event->{event} !~ / |^(?:migrate|purge)$/;
        push @{ $seen{ $event->{event} }{ $event->{result} } }, $event;
    }
    is_deeply(\@wrong, [], 'each line is JSON with the fields of its event');
    is_deeply([ sort keys %seen ], [ sort keys %fields ], 'each event is seen, and no other');
    return \%seen;
}

sub test_events {
    my ($t) = @_;
    my ($client, $service) = ($t->client_add('notes'), $t->client_add('robot', service => 1));
    use_endpoints($t, $client, $service);
    use_pages($t, $client);
    use_throttle($t);
    use_keys($t);
    use_console($t);
    use_commands($t);
    my $seen = test_lines($t->dir . '/audit.log');
    my $of = sub { my ($event, $result) = @_; return join ' ', map { $_ // '-' } @{ ($seen->{$event}{$result} // [])->[0] }{ @_[ 2 .. $#_ ] } };
    is($of->('sign-in', 'ok', qw(user address code)), 'alice 127.0.0.1 GPT015', 'a sign-in');
    is($of->('sign-in', 'refused', qw(user address code)), 'alice 127.0.0.1 GPT023', 'a wrong password');
    is($of->('consent', 'ok', qw(user client scope code)), "alice $client->{id} read GPT011", 'a consent');
    is($of->('consent', 'refused', qw(user client scope code)), "bob $client->{id} read GPT108", 'a refused one');
    my $times = sub { my ($event) = @_; return scalar grep { $_->{client} eq $client->{id} } @{ $seen->{$event}{ok} } };
    is($times->('consent'), 1, '... once, as it is remembered');
    is($times->('authorization'), 3, '... for three codes');
    like($of->('token', 'ok', qw(user client scope code grant)), qr/^alice \Q$client->{id}\E read GPT012 \S{20,}$/, 'a token');
    is($of->('token', 'refused', qw(client code)), "$client->{id} GPT104", 'a refused one');
    like($of->('refresh', 'ok', qw(user grant)), qr/^alice \S{20,}$/, 'a refresh');
    is_deeply([ map { $_->{grant} } @{ $seen->{reuse}{refused} } ], [ map { $_->{grant} } @{ $seen->{token}{ok} }[ 0, 1, 5 ] ],
        'a refresh token and a code, used twice, and one that was answered 429');
    is($of->('revocation', 'ok', 'client', 'grant'), "$client->{id} $seen->{token}{ok}[2]{grant}", 'a revocation');
    is(join(' ', map { $_->{count} // '-' } @{ $seen->{'taken-back'}{ok} }), '- 1', 'apps that a user takes back, and all with a new password');
    is(scalar @{ $seen->{'key-use'}{ok} }, 1, 'three uses of a key are one line');
    is($of->('key-use', 'ok', 'user'), 'service:chatgpt', '... with its name');
    is(join(' ', map { $_->{count} } @{ $seen->{throttle}{refused} }), '1 1 1', 'what a throttle refuses is a line');
    is_deeply([ map { $_->{user} // () } @{ $seen->{throttle}{refused} } ], [], '... without a name that nobody has');
    is($of->('client add', 'ok', 'client'), $client->{id}, 'a client that the command made');
    is($of->('user remove', 'failed', 'user'), 'nobody', 'a command that failed');
    is($of->('console', 'refused', qw(user address code)), 'bob 127.0.0.1 GPT123', 'the console, to who may not');
    is($of->('client clean-up', 'ok', qw(by address count code)), 'admin 127.0.0.1 1 GPT051', 'what was done there has its line');
    is(scalar(grep { !$_->{by} && !$_->{request} } map { @$_ } map { values %$_ } values %$seen), 0, 'a request has its UNIQUE_ID');
    return;
}

sub test_down {
    my ($t) = @_;
    my $before = lines_of($t->dir . '/audit.log');
    my $browser = $t->browser;
    $browser->get('/oauth/apps');
    is(without_table($t, 'oauth_user', sub { $browser->sign_in('bob', $t->user('bob'))->status }), 503, 'without the table of users nobody signs in');
    my @new = (events_of($t->dir . '/audit.log'))[ $before .. scalar(lines_of($t->dir . '/audit.log')) - 1 ];
    is(join(' ', map { $_->{result} } @new), 'failed', '... and one line says so');
    return;
}

# ---- the file

# How many requests in a row are answered, each of which leaves a line.
sub ask {
    my ($t, $times) = @_;
    my $answered = 0;
    local $Test::GptOauth::Http::TIMEOUT = 5;
    $answered++ while $answered < ($times // 1) && eval { $t->http->get('/oauth/token')->status == 405 };
    return $answered;
}

# Answers how many requests were answered, and whether each left its line.
sub test_rotation {
    my ($t) = @_;
    my ($file, $old) = map { $t->dir . "/$_" } qw(audit.log audit.log.1);
    is(sprintf('%04o', (stat $file)[2] & 07777), '0640', 'the file is nobody else\'s');
    my $before = lines_of($file);
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my ($answered, $end) = (0, time + 1);
        while (time < $end) {
            $answered += eval { Test::GptOauth::Http->new($t->port)->get('/oauth/token')->status == 405 } ? 1 : 0;
            sleep 0.01;
        }
        $t->write_file('answered', $answered);
        POSIX::_exit(0);
    }
    sleep 0.3;
    rename $file, $old or die "$old: $!\n";
    kill USR1 => $t->pid;
    waitpid $pid, 0;
    my $answered = slurp($t->dir . '/answered');
    cmp_ok(scalar(lines_of($file)), '>', 0, 'after a graceful restart a new file is written');
    cmp_ok(lines_of($file) + lines_of($old) - $before, '>=', $answered, "... and no line of $answered requests is lost");
    return;
}

on_each_db({ start => 0, hears => 1, conf => $conf, modules => ['unique_id'] }, sub {
    my ($t) = @_;
    $t->write_file('dbd.conf', slurp($t->dir . '/dbd.conf') . "GPTOAuthAuditLog %%DIR%%/audit.log\n");
    $t->start;
    test_events($t);
    test_down($t);
    test_rotation($t);
});

# ---- the command

subtest 'the command' => sub {
    my $t = server('%%DIR%%/command.log');
    my $file = $t->dir . '/command.log';
    my ($me) = $> == 0 ? 'dora' : getpwuid $>;
    {
        local $ENV{SUDO_USER} = 'dora';
        $t->client_add('notes');
        $t->gptoauth('client', 'list');
    }
    is(join(' ', map { "$_->{event} $_->{by}" } events_of($file)), "client add $me", 'who ran it by sudo');
    $t->write_file($file, '{"torn');
    $t->gptoauth('client', 'disable', 'notes');
    is((lines_of($file))[0], '{"torn', 'a torn line is left alone');
    like((lines_of($file))[1] // '', qr/^\{.*"event":"client disable"/, '... and the next one begins behind it');
    my $dbd = slurp($t->dir . '/dbd.conf');
    my $run = sub { my ($place, @command) = @_; $t->write_file('dbd.conf', $dbd =~ s/^GPTOAuthAuditLog.*/GPTOAuthAuditLog "$place"/mr); return $t->try_gptoauth('', @command) };
    my $result = $run->("|/bin/sh -c 'cat >>$file'", qw(client enable notes));
    is("$result->{status} " . JSON::PP::decode_json((lines_of($file))[-1])->{event}, '0 client enable', 'a program is started for its line');
    $result = $run->('|/bin/cat', qw(client enable notes --json));
    is(scalar(split /\n/, $result->{out}), 1, '... whose output is not the command\'s');
    like($run->('|/bin/false', qw(client enable notes))->{err}, qr/^gptoauth: the command is done, and its line in GPTOAuthAuditLog \|\/bin\/false may be lost: /, '... and that it failed is said');
    my ($link, $named, $common) = map { $t->dir . "/$_" } qw(link.log named.log common/audit.log);
    symlink $file, $link;
    $t->write_file($_, '') for $named, $common;
    link $named, "$named.1";
    chmod 0777, $t->dir . '/common';
    for my $place ('/nowhere/audit.log', '|/nowhere/program', 'audit.log', $t->dir, $link, $named, $common) {
        $result = $run->($place, qw(client remove notes));
        like("$result->{status} $result->{err}", qr/^1 gptoauth: nothing is done, as GPTOAuthAuditLog \Q$place\E cannot be written: [\w\/]/, "$place: nothing is done");
    }
    is($run->('/nowhere/audit.log', qw(client show notes))->{status}, 0, '... but what changes nothing is');
    $t->write_file('dbd.conf', $dbd);
    my $before = lines_of($file);
    $result = Test::GptOauth::run({}, '/bin/sh', '-c', "exec $command --db-conf $t->{dir}/dbd.conf client secret notes >&-");
    is("$result->{status} $result->{err}", "1 gptoauth: the output could not be written\n", 'without a standard output a secret goes nowhere');
    is(lines_of($file) - $before, 1, '... and not into the log');
    unlike(slurp($file), qr/gpts_/, '... in no line of it');
    $t->finish;
} if grep { $_ eq 'sqlite' } dbs();

# ---- a program that dies, or hangs

my $program = <<'EOP';
$| = 1;
open my $out, '>>', $ARGV[0]; select $out; $| = 1;
open my $pids, '>>', "$ARGV[0].pid"; syswrite $pids, "$$\n";
print while <STDIN>;
EOP

subtest 'a program' => sub {
    my $t = server("|$^X %%DIR%%/program.pl %%DIR%%/piped.log");
    $t->write_file('program.pl', $program);
    $t->start;
    my $file = $t->dir . '/piped.log';
    my $pid = sub { my @pids = lines_of("$file.pid"); return $pids[-1] };
    ask($t);
    ok(wait_for(sub { lines_of($file) == 1 }), 'a program gets the lines');
    my $first = $pid->();
    kill KILL => $first;
    ok(wait_for(sub { $pid->() != $first }), 'killed, it is started again');
    ask($t);
    ok(wait_for(sub { lines_of($file) == 2 }), '... and gets the next one');
    my ($hung, $many, $since) = ($pid->(), 700, time);
    kill STOP => $hung;
    is(ask($t, $many), $many, 'while it hangs, requests are answered');
    my $took = time - $since;
    kill CONT => $hung;
    cmp_ok($took, '<', 10, '... at once');
    wait_for(sub { my $lines = lines_of($file); sleep 0.1; $lines > 100 && $lines == lines_of($file) });
    my @said = $t->error_log =~ /GPT049: (.*)/g;
    is(scalar @said, 1, '... that lines are lost is said once');
    like($said[0], qr/takes no lines \(the program does not read\): they are lost, and counted until it does$/, '... and why');
    is(ask($t), 1, 'when it reads again');
    ok(wait_for(sub { $t->error_log =~ /GPT049: GPTOAuthAuditLog \S+ \S+ \S+ takes lines again; (\d+) were lost/ && lines_of($file) == 3 + $many - $1 }),
        '... it gets all lines but those that are said to be lost');
    is(scalar(grep { !eval { JSON::PP::decode_json($_) } } lines_of($file)), 0, '... and whole ones');
    $t->finish;
} if grep { $_ eq 'sqlite' } dbs();

# ---- a full disk

subtest 'a full disk' => sub {
    plan skip_all => 'not as root, or without a namespace of mounts' unless $ENV{GPTOAUTH_OWN_MOUNTS};
    my $t = server('%%DIR%%/small/audit.log');
    my $small = $t->dir . '/small';
    mkdir $small;
    is(system('mount', '-t', 'tmpfs', '-o', 'size=8k,mode=755', 'none', $small), 0, 'a small disk');
    $t->start;
    is(ask($t, 100), 100, 'while the disk is full, requests are answered');
    like($t->error_log, qr/GPT049: GPTOAuthAuditLog \S+ takes no lines \(No space left on device\)/, '... the log says so');
    system 'mount', '-o', 'remount,size=64k', $small;
    is(ask($t, 20), 20, 'when there is space again');
    my @broken = grep { !eval { JSON::PP::decode_json($_) } } lines_of("$small/audit.log");
    cmp_ok(scalar @broken, '<=', 1, '... at most one line is torn');
    cmp_ok(lines_of("$small/audit.log") - @broken, '>=', 40, '... and the others are written');
    like($t->error_log, qr/GPT049: GPTOAuthAuditLog \S+ takes lines again; \d+ were lost/, '... those lost are counted');
    $t->finish;
    system 'umount', $small;
} if grep { $_ eq 'sqlite' } dbs();
done_testing;
