#!/usr/bin/perl
# The command: every subcommand on both databases, what it refuses, and what it leaves in the database.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $uri = 'https://rp.example/cb';
my @client_fields = qw(application_type client_id client_name client_uri created_at disabled_at gpt_id gpt_open grant_types kind old_secret_until policy_uri redirect_uris resource scope source
  token_endpoint_auth_method tos_uri);

my $command = ($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") . '/gptoauth';

sub run_with { my ($conf, @args) = @_; return Test::GptOauth::run({}, $command, '--db-conf', $conf, @args) }

# The command fails with this exit status, prints nothing, and says one sentence that matches. conf: other than the server's.
sub refuses
{
    my ($t, $name, $sentence, $args, %opt) = @_;
    my $got = $opt{conf} ? run_with($opt{conf}, @$args) : $t->try_gptoauth($opt{stdin} // '', @$args);
    my $lines = () = $got->{err} =~ /\n/g;
    ok($got->{status} == ($opt{status} // 1) && $got->{out} eq '' && $lines == 1 && $got->{err} =~ /^gptoauth: .*$sentence/, "refused: $name")
        or diag("status $got->{status}, out: $got->{out}, err: $got->{err}");
    return;
}

sub fields { return join ' ', sort keys %{ $_[0] } }

sub hex_of
{
    my ($t, $column, $id) = @_;
    my $hex = $t->is_pgsql ? "encode($column, 'hex')" : "lower(hex($column))";
    return $t->sql("SELECT $hex FROM oauth_client WHERE id = '$id';");
}

sub test_usage
{
    my ($t) = @_;
    my $help = $t->gptoauth('--help');
    like($help, qr/^\s+$_\b/m, "the help shows $_")
        for 'migrate', 'purge', 'gpt', 'try', 'doctor', map({ "client $_" } qw(add list show secret redirect links disable enable remove)),
        map({ "user $_" } qw(add passwd list disable enable remove sessions signout)), 'grant list', 'grant revoke', 'token show', 'throttle list', 'throttle clear', qw(--db-conf --issuer --json --help --version);
    unlike($t->gptoauth('client', '--help'), qr/user add/, 'the help for clients is about clients');
    like($t->gptoauth('--version'), qr/^gptoauth \d+\.\d+\.\d+$/, 'the version');
    my @wrong = (
        [ 'no command', [] ],
        [ 'an unknown command', ['frobnicate'] ],
        [ 'an unknown verb', [ 'client', 'frobnicate' ] ],
        [ 'a noun alone', ['client'] ],
        [ 'an unknown option', [ '--frobnicate', 'client', 'list' ] ],
        [ 'an option of another command', [ 'client', 'list', '--user', 'alice' ] ],
        [ 'a value missing', [ 'client', 'add', 'x', '--redirect' ] ],
        [ 'a value too many', [ 'client', 'list', '--json=1' ] ],
        [ 'an option twice', [ qw(client add x --scope a --scope b) ] ],
        [ 'a link twice', [ qw(client add x --terms https://a.example/ --terms https://a.example/) ] ],
        [ 'a link of another command', [ qw(client show x --terms https://a.example/) ] ],
        [ 'an operand missing', [ 'client', 'show' ] ],
        [ 'an operand too many', [ 'client', 'show', 'a', 'b' ] ],
        [ 'a GPT without its client', ['gpt'] ],
        [ '--new-secret of another command', [ 'client', 'show', 'a', '--new-secret' ] ],
        [ '--repin of another command', [ 'client', 'secret', 'a', '--repin' ] ],
        [ 'a password as argument', [ 'user', 'add', 'alice', 'horse battery' ] ],
    );
    refuses($t, $_->[0], '', $_->[1], status => 2) for @wrong;
    return;
}

sub test_clients
{
    my ($t) = @_;
    is($t->gptoauth('client', 'list', '--json'), "[]\n", 'no clients yet');

    my $web = $t->gptoauth_json('client', 'add', 'Web', '--redirect', $uri, '--redirect=http://localhost:3000/cb', '--scope', 'write, read write');
    is(fields($web), join(' ', sort @client_fields, 'client_secret'), 'client add: the fields');
    like($web->{client_id}, qr/^[\w-]{22}$/, 'client add: the id is random');
    like(secret($web->{client_secret}), qr/^gpts_[\w-]{54}$/, 'client add: the secret');
    is_deeply([ @$web{qw(client_name kind scope grant_types)} ], [ 'Web', 'confidential', 'read write', 'authorization_code refresh_token' ],
        'client add: what was asked for');
    is_deeply($web->{redirect_uris}, [ $uri, 'http://localhost:3000/cb' ], 'client add: the redirect URIs');
    is(hex_of($t, 'secret_hash', $web->{client_id}), sha256_hex($web->{client_secret}), 'the database knows the SHA-256 of the secret');

    my $public = $t->gptoauth_json('client', 'add', 'Desk', '--public', '--redirect', 'com.example.desk:/cb', '--redirect', 'http://127.0.0.1/cb');
    is(fields($public), join(' ', sort @client_fields), 'a public client has no secret');
    is_deeply([ @$public{qw(kind token_endpoint_auth_method)} ], [ 'public', 'none' ], 'a public client uses none');

    my $text = $t->gptoauth('client', 'add', 'Notes GPT', '--gpt');
    my ($id, $secret) = $text =~ /Client ID\s+([\w-]{22})\n\s*Client Secret\s+(gpts_[\w-]{54})\n/;
    ok($id && secret($secret), 'client add --gpt shows what to paste');
    like($text, qr{URL +https://SERVER/oauth/$_$}m, "... and where, at /oauth/$_") for qw(authorize token);
    like($text, qr{^    https://SERVER/openapi\.json$}m, '... with the schema');
    like($text, qr/^SERVER is known once GPTOAuthIssuer is set in \S+dbd\.conf, or with --issuer\.$/m, '... and how SERVER gets a name');
    like($text, qr/^ +Token Exchange Method +Default \(POST request\)$/m, '... in the words of the builder');
    like($text, qr/gptoauth client redirect \Q$id\E --repin/, '... and how to go on');
    is($t->gptoauth_json('client', 'show', 'Notes GPT')->{kind}, 'gpt', 'client show finds by name');

    is_deeply([ map { $_->{client_name} } @{ $t->gptoauth_json('client', 'list') } ], [ 'Desk', 'Notes GPT', 'Web' ], 'client list, by name');
    my $shown = $t->gptoauth_json('client', 'show', $web->{client_id});
    delete $web->{client_secret};
    is_deeply($shown, $web, 'client show finds by id and shows what add said, but for the secret');
    like($t->gptoauth('client', 'list'), qr/^CLIENT ID +NAME +KIND +CREATED +STATE\n\S+ +Desk +public +\d{4}-\d\d-\d\d \d\d:\d\d UTC +active\n/,
        'client list for people');
    like($t->gptoauth('client', 'show', 'Web'), qr/^Redirect URIs  \Q$uri\E\n {15}http:/m, 'client show for people');

    my @wrong = (
        [ 'a name taken', 'already', 'Web', '--redirect', $uri ],
        [ 'no redirect URI', '--redirect', 'New' ],
        [ 'public and gpt', 'exclude', 'New', '--public', '--gpt' ],
        [ 'a scope with a quote', 'scope', 'New', '--gpt', '--scope', 'a"b' ],
        [ 'an http redirect URI', 'https', 'New', '--redirect', 'http://rp.example/cb' ],
        [ 'a fragment', 'rp.example', 'New', '--redirect', "$uri#x" ],
        [ 'a wildcard', 'rp', 'New', '--redirect', 'https://*.rp.example/cb' ],
        [ 'a wildcard in the path', 'write each address in full', 'New', '--redirect', 'https://rp.example/cb/*' ],
        [ 'userinfo', 'rp', 'New', '--redirect', 'https://user@rp.example/cb' ],
        [ 'javascript:', 'javascript', 'New', '--redirect', 'javascript:alert(1)' ],
        [ 'a private scheme for a confidential client', 'com.example', 'New', '--redirect', 'com.example.app:/cb' ],
        [ 'one good and one bad redirect URI', 'https', 'New', '--redirect', $uri, '--redirect', 'http://rp.example/cb' ],
        [ 'an empty name', 'name', '', '--gpt' ],
        [ 'a long name', 'name', 'n' x 256, '--gpt' ],
        [ 'a name with a control character', 'name', "New\e[31m", '--gpt' ],
        [ 'a name that is not UTF-8', 'name', "New\xff", '--gpt' ],
    );
    refuses($t, "client add with $_->[0]", $_->[1], [ 'client', 'add', @$_[ 2 .. $#$_ ] ]) for @wrong;
    refuses($t, "client $_ of an unknown client", 'no client "Nobody"', [ 'client', $_, 'Nobody' ]) for qw(show secret disable enable remove);
    refuses($t, 'client redirect of an unknown client', 'no client', [ 'client', 'redirect', 'Nobody', $uri ]);
    is(scalar @{ $t->gptoauth_json('client', 'list') }, 3, 'what was refused left nothing');
    return;
}

sub test_client_changes
{
    my ($t) = @_;
    my $client = $t->gptoauth_json('client', 'add', 'Changing', '--redirect', $uri);
    my $id = $client->{client_id};
    secret($client->{client_secret});

    my $new = $t->gptoauth_json('client', 'secret', 'Changing');
    isnt(secret($new->{client_secret}), $client->{client_secret}, 'client secret: a new one');
    ok(abs($new->{old_secret_until} - time - 86400) < 60, 'the old one lives for a day');
    is(hex_of($t, 'secret_hash', $id), sha256_hex($new->{client_secret}), 'the new secret is the present one');
    is(hex_of($t, 'old_secret_hash', $id), sha256_hex($client->{client_secret}), 'the former is the old one');
    like($t->gptoauth('client', 'show', $id), qr/^Old secret +works until/m, 'client show tells of the old secret');
    $t->sql("UPDATE oauth_client SET old_secret_until = 1 WHERE id = '$id';");
    is($t->gptoauth_json('client', 'show', $id)->{old_secret_until}, undef, 'an old secret that has ended is not shown');
    refuses($t, 'a secret for a public client', 'public', [ 'client', 'secret', 'Desk' ]);
    refuses($t, 'client redirect without URI', '--repin', [ 'client', 'redirect', $id ]);
    refuses($t, 'client redirect --repin of a client made without --gpt', '--gpt', [ 'client', 'redirect', $id, '--repin' ]);

    my $moved = $t->gptoauth_json('client', 'redirect', $id, 'https://a.example/', 'https://b.example/?x=1');
    is_deeply($moved->{redirect_uris}, [ 'https://a.example/', 'https://b.example/?x=1' ], 'client redirect replaces the list');
    refuses($t, 'client redirect with a bad one', 'https', [ 'client', 'redirect', $id, 'https://c.example/', 'http://c.example/' ]);
    is_deeply($t->gptoauth_json('client', 'show', $id)->{redirect_uris}, $moved->{redirect_uris}, '... changes nothing');

    ok($t->gptoauth_json('client', 'disable', $id)->{disabled_at} >= $client->{created_at}, 'client disable');
    ok($t->gptoauth_json('client', 'show', $id)->{disabled_at}, '... lasts');
    is($t->gptoauth_json('client', 'enable', $id)->{disabled_at}, undef, 'client enable');
    is($t->gptoauth_json('client', 'remove', $id)->{client_id}, $id, 'client remove');
    refuses($t, 'a removed client', 'no client', [ 'client', 'show', $id ]);

    $t->gptoauth('client', 'add', "\x{c3}\x{a9}t\x{c3}\x{a9} \x{f0}\x{9f}\x{8c}\x{b4}", '--gpt') =~ /(gpts_\S+)/ and secret($1);
    is($t->gptoauth_json('client', 'list')->[-1]{client_name}, "\x{e9}t\x{e9} \x{1f334}", 'names are Unicode');
    return;
}

sub test_gpt
{
    my ($t) = @_;
    my $client = $t->gptoauth_json('client', 'add', 'Pinned', '--gpt');
    my $id = $client->{client_id};
    secret($client->{client_secret});
    is_deeply([ @$client{qw(gpt_id gpt_open)} ], [ undef, JSON::PP::true ], 'client add --gpt: open');
    like($t->gptoauth('client', 'show', $id), qr/^GPT +open, not pinned yet$/m, 'client show of an open one');
    like($t->gptoauth('client', 'list'), qr/ active, open, not pinned yet$/m, 'client list');

    my $text = $t->gptoauth('gpt', 'Pinned');
    unlike($text, qr/gpts_/, 'gpt shows no secret');
    my $labels = join '|', 'Client ID', 'Client Secret', 'Authorization URL', 'Token URL', 'Scope', 'Token Exchange Method';
    is(join('|', $text =~ /^    ($labels) {2,}\S/mg), $labels, 'gpt shows the fields as the builder names them');
    $t->sql("UPDATE oauth_client SET gpt_id = 'g-1', gpt_open = 0 WHERE id = '$id';");
    is_deeply([ @{ $t->gptoauth_json('gpt', $id) }{qw(gpt_id gpt_open client_secret)} ], [ 'g-1', JSON::PP::false, undef ], '... for programs');
    like($t->gptoauth('client', 'show', $id), qr/^GPT +pinned to g-1$/m, 'client show of a pinned one');
    like($t->gptoauth('client', 'list'), qr/ active, pinned to g-1$/m, 'client list');
    my $shown = $t->gptoauth('gpt', $id, '--new-secret');
    my ($new) = $shown =~ /^ +Client Secret +(gpts_[\w-]{54})$/m;
    ok($new && secret($new), 'gpt --new-secret shows it');
    is(hex_of($t, 'secret_hash', $id), sha256_hex($new // ''), '... and keeps its hash');
    is(hex_of($t, 'old_secret_hash', $id), sha256_hex($client->{client_secret}), '... beside the old one');
    like($shown, qr/The old one works until/, '... and says so');
    like($t->gptoauth('client', 'show', $id), qr/^GPT +pinned to g-1, open for the next GPT$/m, '... and opens the pin');

    $t->sql("UPDATE oauth_client SET gpt_open = 0 WHERE id = '$id';");
    is_deeply([ @{ $t->gptoauth_json('client', 'redirect', $id, '--repin') }{qw(gpt_id gpt_open)} ], [ 'g-1', JSON::PP::true ], 'client redirect --repin');
    is($t->gptoauth_json('client', 'redirect', $id, $uri)->{gpt_open}, JSON::PP::true, 'a registered URI leaves it as it is');
    refuses($t, '--repin together with a URI', 'takes no redirect URIs', [ 'client', 'redirect', $id, $uri, '--repin' ]);
    my $there = $t->gptoauth('gpt', $id, '--issuer', 'https://api.example.com/tenant');
    like($there, qr{^ +Authorization URL +https://api\.example\.com/oauth/authorize$}m, 'gpt --issuer: the URL of the page');
    like($there, qr{^ +Token URL +https://api\.example\.com/oauth/token$}m, '... of the token endpoint');
    like($there, qr{^    https://api\.example\.com/openapi\.json$}m, '... and of the schema');
    unlike($there, qr/SERVER/, '... and nothing is left to be filled in');
    is_deeply([ @{ $t->gptoauth_json('gpt', $id, '--issuer=https://api.example.com') }{qw(authorization_endpoint token_endpoint schema_url)} ],
        [ map { "https://api.example.com/$_" } qw(oauth/authorize oauth/token openapi.json) ], '... for programs');
    is($t->gptoauth_json('gpt', $id)->{token_endpoint}, undef, '... null where nobody said');
    refuses($t, 'an issuer that httpd would refuse', '--issuer http://api.example.com: ', [ 'gpt', $id, '--issuer', 'http://api.example.com' ]);
    refuses($t, 'gpt of a client made without --gpt', '--gpt', [ 'gpt', 'Desk' ]);
    refuses($t, 'gpt --new-secret of one', '--gpt', [ 'gpt', 'Desk', '--new-secret' ]);
    refuses($t, 'gpt of an unknown client', 'no client', [ 'gpt', 'Nobody' ]);
    $t->gptoauth('client', 'remove', $id);
    return;
}

sub test_users
{
    my ($t) = @_;
    my $password = secret('correct horse battery');
    is(fields(JSON::PP::decode_json($t->gptoauth_stdin("$password\n", qw(user add alice --json)))), 'created_at disabled_at has_password name one_time_until',
        'user add: the fields');
    like($t->sql(q{SELECT password_hash FROM oauth_user WHERE name = 'alice';}), qr/^\$2y\$$Test::GptOauth::PASSWORD_COST\$.{53}$/, 'the database has a bcrypt hash');
    $t->gptoauth_stdin($password, qw(user add), "Zo\xc3\xab");
    ok($t->gptoauth_stdin('x' x 72, qw(user add longest)), 'a password of 72 bytes, and no newline after it');
    my @bad = (
        [ 'empty', '', 'shorter' ],
        [ 'short', "1234567\n", 'shorter' ],
        [ 'of 73 bytes', 'x' x 73, '72' ],
        [ 'far too long', 'x' x 100_000, '' ],
        [ 'of two lines', "correct horse\nbattery\n", 'line' ],
        [ 'with two newlines', "correct horse\n\n", 'line' ],
        [ 'with NUL', "correct\0horse\n", 'control' ],
        [ 'with a carriage return', "correct horse\r\n", 'control' ],
        [ 'not in UTF-8', "correct horse \xff\n", 'UTF-8' ],
    );
    refuses($t, "a password $_->[0]", $_->[2], [ qw(user add bob) ], stdin => $_->[1]) for @bad;
    my @names = ([ empty => '' ], [ 'client:' => 'client:x' ], [ 'service:' => 'service:x' ], [ 'control characters' => "a\nb" ],
        [ long => 'n' x 256 ], [ 'not UTF-8' => "b\xc0b" ]);
    for my $verb (qw(add disable enable)) {
        refuses($t, "user $verb with a name: $_->[0]", 'name', [ 'user', $verb, $_->[1] ], stdin => "$password\n") for @names;
    }
    refuses($t, 'a user who is there', 'already', [ qw(user add alice) ], stdin => "$password\n");
    my $before = $t->sql(q{SELECT password_hash FROM oauth_user WHERE name = 'alice';});
    $t->gptoauth_stdin(secret("another horse battery") . "\n", qw(user passwd alice));
    isnt($t->sql(q{SELECT password_hash FROM oauth_user WHERE name = 'alice';}), $before, 'user passwd');
    refuses($t, 'user passwd of an unknown user', 'no user "nobody"', [ qw(user passwd nobody) ], stdin => "$password\n");
    refuses($t, 'user enable of an unknown user', 'no user', [ qw(user enable nobody) ]);
    refuses($t, 'user remove of an unknown user', 'no user', [ qw(user remove nobody) ]);
    $t->gptoauth(qw(user disable kerberos@EXAMPLE.COM));
    my %user = map { $_->{name} => $_ } @{ $t->gptoauth_json('user', 'list') };
    is(join(' ', sort keys %user), "Zo\x{eb} alice kerberos\@EXAMPLE.COM longest", 'user list');
    ok($user{'kerberos@EXAMPLE.COM'}{disabled_at} && !$user{'kerberos@EXAMPLE.COM'}{has_password}, 'a user of another sign-in can be disabled');
    refuses($t, 'user passwd for a user of another sign-in', 'elsewhere', [ qw(user passwd kerberos@EXAMPLE.COM) ], stdin => "$password\n");
    like($t->gptoauth('user', 'list'), qr/^alice +password +\S+ \S+ UTC +active$/m, 'user list for people');
    $t->gptoauth(qw(user disable alice));
    ok($t->gptoauth_json(qw(user enable alice))->{has_password}, 'user enable leaves the password');
    is($t->gptoauth_json(qw(user remove alice))->{name}, 'alice', 'user remove');
    is(scalar @{ $t->gptoauth_json('user', 'list') }, 3, '... removes');
    return;
}

sub test_grants
{
    my ($t) = @_;
    my $id = $t->gptoauth_json('client', 'show', 'Web')->{client_id};
    my $now = time;
    for my $grant ([ 'g1', 'ann', 0 ], [ 'g2', 'ann', 0 ], [ 'g3', 'ben', 0 ], [ 'g4', 'ben', $now - 10 ], [ 'g5', 'ben', $now - 100_000 ]) {
        my ($name, $user, $revoked) = @$grant;
        $t->sql('INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at, revoked_at)'
              . " VALUES ('$name', 'https://a.example', '$id', '$user', 'read', '', $now - 20, $now + 999, $now + 999, NULLIF($revoked, 0));");
    }
    my $grants = $t->gptoauth_json('grant', 'list');
    is(join(' ', sort map { $_->{grant_id} } @$grants), 'g1 g2 g3', 'grant list shows the living, of all issuers');
    is(fields($grants->[0]), 'client_id created_at expires_at grant_id refresh_expires_at resource scope used_at username', 'grant list: the fields');
    like($t->gptoauth('grant', 'list', '--user', 'ben'), qr/^g3 +ben +Web +read +\S+ \S+ UTC +never$/m, 'grant list for people');
    is(scalar @{ $t->gptoauth_json(qw(grant list --user ann --client Web)) }, 2, 'grant list of a user and a client');
    is($t->gptoauth(qw(grant list --client Desk --json)), "[]\n", 'grant list of another client');
    refuses($t, 'grant list of an unknown client', 'no client', [ qw(grant list --client Nobody) ]);

    is($t->gptoauth(qw(grant revoke g1)), "1 grant revoked.\n", 'grant revoke by id');
    refuses($t, 'a grant that is revoked already', 'no living grant', [ qw(grant revoke g1) ]);
    refuses($t, 'grant revoke without a choice', 'which', [ qw(grant revoke) ]);
    refuses($t, 'grant revoke with too much of a choice', 'which', [ qw(grant revoke g2 --user ann) ]);
    is_deeply($t->gptoauth_json(qw(grant revoke --user ann)), { revoked => 1 }, 'grant revoke of a user');
    refuses($t, 'grant revoke of a user and a client, with nothing left', 'no living grant of user "ann" to client "Web"; `gptoauth grant list`',
        [ qw(grant revoke --user ann --client Web) ]);
    refuses($t, 'grant revoke of a user who is none', 'no living grant of user "alcie"; ', [ qw(grant revoke --user alcie --json) ]);
    refuses($t, 'grant revoke of a client without grants', 'no living grant to client "Desk"; ', [ qw(grant revoke --client Desk) ]);
    is_deeply($t->gptoauth_json(qw(grant revoke --client Web)), { revoked => 1 }, 'grant revoke of a client');

    is_deeply($t->gptoauth_json('purge'), { deleted => 1 }, 'purge deletes what ended more than a day ago');
    is($t->gptoauth('purge'), "0 expired rows deleted.\n", '... once');
    return;
}

sub test_keys
{
    my ($t) = @_;
    my @third = ('--issuer', 'https://third.example');
    my $json = $t->gptoauth_json(qw(key add full --expires 2035-02-28 --introspect --issuer https://other.example --scope), 'write read');
    like(secret(delete $json->{service_key}), qr/^gptk_[\w-]{54}$/, 'key add --json');
    is_deeply({ %$json, created_at => undef },
        { name => 'full', issuer => 'https://other.example', scope => 'read write', introspect => JSON::PP::true, register => JSON::PP::false, created_at => undef, expires_at => 2056320000,
            used_at => undef, revoked_at => undef, state => 'active' }, '... and what it is; a day is good to its end');
    my $shortly = $t->gptoauth_json(qw(key add shortly --expires 90d));
    secret($shortly->{service_key});
    ok(abs($shortly->{expires_at} - time - 90 * 86400) < 60, '--expires 90d');
    my $said = $t->gptoauth(qw(key add loud));
    ok(secret($said =~ /^\s+(gptk_\S+)$/m), 'key add prints the key');
    like($said, qr/every issuer of this database, for good.*shown only once/s, '... and what it is good for');
    unlike($t->gptoauth(qw(key list)) . $t->gptoauth(qw(key list --json)), qr/gptk_/, 'key list shows none');
    like($t->gptoauth(qw(key list)), qr/^full +https:\/\/other\.example +read write +call, introspect +2035-03-01 00:00 UTC +never +active$/m, 'key list');
    unlike($t->gptoauth(qw(key list), @third), qr/^full/m, '... of one issuer');
    like($t->gptoauth(qw(key list), @third), qr/^loud/m, '... and of all');

    refuses($t, 'a name is given once', 'there is already, or has been, a key "full"; choose another name', [ qw(key add full) ]);
    refuses($t, 'a name that a key of every issuer has', 'already', [ qw(key add loud), @third ]);
    secret($t->gptoauth_json(qw(key add full), @third)->{service_key});
    refuses($t, 'of two keys one', 'several issuers have a key "full"; choose one with --issuer', [ qw(key revoke full) ]);
    is($t->gptoauth_json(qw(key revoke full), @third)->{state}, 'revoked', 'key revoke --issuer');
    like($t->gptoauth(qw(key revoke full)), qr/^Service key "full" is revoked/, '... and the one that is left');
    refuses($t, 'revoked twice', 'already been revoked', [ qw(key revoke full) ]);
    refuses($t, 'an unknown key', 'there is no key "nobody"; `gptoauth key list`', [ qw(key revoke nobody) ]);
    refuses($t, 'the name of a revoked key', 'there is already, or has been, a key', [ qw(key add full), @third ]);
    refuses($t, 'a key by the name "' . tr/\n/ /r . '"', 'the name of a key is 1 to 64 letters', [ qw(key add --), $_ ])
        for 'a b', "a\nb", 'x' x 65, 'service:x', "\xc3\xa9", '-x', '';
    refuses($t, "the name $_", 'those of GPTOAuthServiceKey', [ qw(key add), $_ ]) for qw(env file);
    refuses($t, "--expires $_", '--expires takes a time such as 90d or 1y, or the last day', [ qw(key add x), "--expires=$_" ])
        for qw(90 soon 2030-02-30 -1d 101y);
    refuses($t, "--expires $_", 'a time in the past', [ qw(key add x --expires), $_ ]) for qw(2020-01-01 0d);
    refuses($t, 'a scope that is none', 'no scope may have', [ qw(key add x --scope), 'a"b' ]);
    return;
}

# Names and tables hold what strangers wrote: it neither turns the line around nor hides in it, and programs get ASCII.
sub test_terminal
{
    my ($t) = @_;
    my $turned = "Good\xe2\x80\xaefdp.ppa\xc2\x9b2J\xe2\x80\x8b";
    my $shown = 'Good<U+202E>fdp.ppa<U+009B>2J<U+200B>';
    my $ascii = 'Good\\u202efdp.ppa\\u009b2J\\u200b';
    my $id = $t->gptoauth_json('client', 'add', 'Turning', '--redirect', $uri)->{client_id};
    my $now = time;
    $t->sql("UPDATE oauth_client SET name = '$turned', source = 'registered' WHERE id = '$id';");
    $t->sql('INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at)'
          . " VALUES ('turned', 'https://a.example', '$id', '$turned', 'read', '', $now - 20, $now + 999, $now + 999);");
    $t->sql("INSERT INTO oauth_user (name, created_at) VALUES ('$turned', $now);");
    my %said = map { join(' ', @$_) => $t->gptoauth(@$_) } [qw(client list)], [ qw(client show), $id ], [qw(grant list)], [qw(user list)],
        [ qw(client disable), $id ];
    for my $command (sort keys %said) {
        like($said{$command}, qr/\Q$shown\E/, "case 313: $command escapes a name");
        unlike($said{$command}, qr/\xe2\x80\xae|\xc2\x9b|\xe2\x80\x8b/, 'case 313: ... everywhere');
    }
    like($t->gptoauth(@$_, '--json'), qr/"\Q$ascii\E"/i, "case 313: @$_ --json is ASCII") for [qw(client list)], [qw(grant list)], [qw(user list)];
    refuses($t, 'case 313: a client that is not there', qr/no client "x\Q$shown\E"/, [ qw(client show), "x$turned" ]);
    $t->gptoauth(qw(client remove), $id);
    $t->sql("DELETE FROM oauth_user WHERE name = '$turned';");
    return;
}

sub test_migrate
{
    my ($t) = @_;
    is($t->gptoauth('migrate'), "The tables are up to date.\n", 'migrate is idempotent');
    my $tag_key = $t->sql(q{SELECT value FROM oauth_setting WHERE name = 'tag_key';});

    my $fresh = $t->is_pgsql ? $t->cluster->conninfo($t->cluster->create_database) : $t->dir . '/db/fresh.sqlite';
    my $conf = $t->write_file('fresh.conf', 'DBDriver ' . ($t->is_pgsql ? 'pgsql' : 'sqlite3') . "\nDBDParams \"$fresh\"\n");
    refuses($t, 'a database without tables', 'gptoauth migrate', [ 'client', 'list' ], conf => $conf);
    my $migrations = join ', ', map { m{/0*(\d+)-(.+)\.sql$} ? "$1 $2" : () } glob "$FindBin::Bin/../sql/sqlite3/*.sql";
    my @runs = map { open my $pipe, '-|', $command, '--db-conf', $conf, 'migrate', '--json' or die; $pipe } 1 .. 4;
    my @applied = map { my $json = JSON::PP::decode_json(join '', <$_>); close $_ or fail("a concurrent migrate: $?"); @{ $json->{applied} } } @runs;
    is(join(', ', sort map { "$_->{version} $_->{name}" } @applied), $migrations, 'of four migrates at once, each succeeds and each migration is applied once');
    is($t->sql(q{SELECT value FROM oauth_setting WHERE name = 'tag_key';}), $tag_key, 'the tag key stays');

    if ($t->is_pgsql) {
        $t->cluster->psql('postgres', 'CREATE ROLE server LOGIN', 'postgres');
        is($t->gptoauth(qw(migrate --grant-to server)), "The tables are up to date.\nserver may serve from them.\n", 'migrate --grant-to');
        is_deeply($t->gptoauth_json(qw(migrate --grant-to server)), { applied => [], granted_to => 'server' }, '... for programs');
        (my $params = $t->{db_params}) =~ s/user=oauth/user=server/;
        my $as_server = $t->write_file('server.conf', "DBDriver pgsql\nDBDParams \"$params\"\n");
        my $rights = join ' AND ', map { "has_table_privilege('server', tablename::regclass, '$_')" } qw(INSERT UPDATE DELETE);
        is($t->sql("SELECT string_agg(tablename, ' ') FROM pg_tables WHERE tablename LIKE 'oauth%' AND tablename <> 'oauth_setting' AND NOT ($rights)"), '',
            '... from every table');
        is(run_with($as_server, qw(user disable someone))->{status}, 0, 'who was granted the rights can serve');
        refuses($t, 'a role that is not there', 'nobody', [ qw(migrate --grant-to nobody) ]);
        $t->cluster->psql('postgres', 'CREATE ROLE third', 'postgres');
        refuses($t, 'rights of one who may not grant them', 'owner', [ qw(migrate --grant-to third) ], conf => $as_server);
    }
    else {
        refuses($t, '--grant-to on SQLite', 'role', [ qw(migrate --grant-to www-data) ]);
    }
    return;
}

on_each_db({ start => 0 }, sub {
    my ($t) = @_;
    subtest $_->[0] => sub { $_->[1]->($t) }
        for [ usage => \&test_usage ], [ clients => \&test_clients ], [ changes => \&test_client_changes ], [ gpt => \&test_gpt ], [ users => \&test_users ],
        [ grants => \&test_grants ], [ keys => \&test_keys ], [ terminal => \&test_terminal ], [ migrate => \&test_migrate ];
});
done_testing();
