#!/usr/bin/perl
# A browser walks the administrators' console: each action of each role as a person does it, who sees nothing of it, what is asked
# and shown once, and whether each page can be read, reached and used. Leaves pictures of all in build/screenshots/.
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

my ($longest, $long_user) = map { $_ x 255 } qw(W V);
my $conf = <<"EOC";
GPTOAuthRegistration open
GPTOAuthBrand "Acme Notes" logo.svg #0b6e4f
GPTOAuthAdmin root erna gerda karl otto $longest
GPTOAuthHelpDesk desk frida hans
EOC
my $logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="10" fill="#0b6e4f"/><path d="M14 12h20v4H14zm0 10h20v4H14zm0 10h12v4H14z" fill="#fff"/></svg>';

# ---- what there is to walk, as the code has it

my $source = abs_path("$FindBin::Bin/../../mod_gpt_oauth");
my %event = Test::GptOauth::slurp("$source/base/audit.h") =~ s/\\\n\s*//gr =~ /X\(AUDIT_(\w+), "([^"]+)"/g;

sub actions {
    my $text = Test::GptOauth::slurp("$source/web/console/actions.c");
    my @actions;
    while ($text =~ /^    \{ "(\w+)", ROLE_(\w+), AUDIT_(\w+),\s*(?:"\w+"|NULL), [01], [01],\s*"[^"]+",\s*"([^"]+)"/mg) {
        push @actions, { name => $1, role => $2, event => $event{$3}, done => $4 };
    }
    is(scalar @actions, scalar(() = $text =~ /^    \{ "/mg), 'the actions are read from the code');
    return \@actions;
}

sub views {
    my %views = Test::GptOauth::slurp("$source/web/console/views.c") =~ /^    \{ "(\w+)", ROLE_(\w+),/mg;
    return \%views;
}

# ---- what an administrator finds

sub register {
    my ($t, $name) = @_;
    my $body = JSON::PP->new->utf8->encode({ client_name => $name, redirect_uris => ['https://stray.example.com/cb'], token_endpoint_auth_method => 'none' });
    return $t->http->post('/oauth/register', $body, headers => [ 'Content-Type' => 'application/json' ])->json->{client_id};
}

# What the visitors of both roles end: two sessions and two grants of each user, and a throttle.
sub make_ends {
    my ($t, $client) = @_;
    my $now = time;
    for my $user (qw(bob carol frank), $long_user) {
        $t->tokens_for($client->{$_}, user => $user) for qw(confidential public);
        my $browser = $t->browser;
        $browser->get('/oauth/apps');
        $browser->sign_in($user, $t->user($user));
    }
    $t->sql("UPDATE oauth_session SET browser = 'Firefox' WHERE username IN ('frank', '$long_user');");
    my @throttles = ([ 'user', 'bob', '' ], [ 'user', 'carol', '' ], [ 'user', $long_user, '' ], [ 'address', '', '2001:db8:1234:5678::/64' ], [ 'user+address', 'root', '192.0.2.1' ]);
    $t->sql(join '', map { "INSERT INTO oauth_throttle (issuer, kind, name, address, began_at, until_at, host) VALUES ('@{[ $t->issuer ]}', '$_->[0]', '$_->[1]', '$_->[2]', $now, $now + 9999, 'www.example.com');" } @throttles);
    return;
}

sub fill_lists {
    my ($t, $client) = @_;
    my $numbers = '(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT i FROM n)';
    $t->sql("INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at) SELECT 'many' || i, 'Many ' || i, 0, 0, '', '', '', 'admin', 1 FROM $numbers;");
    $t->sql("UPDATE oauth_client SET gpt_open = 0, gpt_id = 'g-one' WHERE id = '$client->{pinned}{id}';");
    $t->sql("UPDATE oauth_client SET disabled_at = 1 WHERE id = '$client->{disabled}{id}';");
    register($t, 'Stray');
    my $scopes = join ' ', map { "s$_" } 1 .. 40;
    $t->sql("UPDATE oauth_grant SET scope = '$scopes', client_id = '$client->{long}{id}' WHERE username = '$long_user';");
    $t->key_add(@$_) for [ 'chatgpt-2', '--scope', 'read' ], [ 'k' x 63, '--introspect' ], [ 'soon', '--expires', '90d' ];
    $t->sql("UPDATE oauth_service_key SET created_at = created_at - 80 * 86400, expires_at = created_at + 4 * 86400 WHERE name = 'soon';");
    return;
}

my $t = Test::GptOauth->new(db => 'sqlite', conf => $conf, start => 0);
$t->write_file('logo.svg', $logo);
$t->start;

# Users who all have root's password, as making one takes a while.
my @users = (qw(root erna gerda karl otto desk frida hans alice bob carol frank ida jan), $longest, $long_user);
$t->{users}{$_} = $t->user('root') for @users;
$t->sql(join '', map { "INSERT INTO oauth_user (name, password_hash, created_at, folded) SELECT '$_', password_hash, created_at, lower('$_') FROM oauth_user WHERE name = 'root';" } @users[ 1 .. $#users ]);
secret($t->gptoauth_json(qw(user add nora --one-time))->{one_time_password});
my %client = (
    confidential => $t->client_add('My notebook', scope => 'read'),
    public => $t->client_add('Telephone', public => 1),
    gpt => $t->client_add('My GPT', gpt => 1, redirect => 'https://chat.openai.com/aip/g-1/oauth/callback'),
    disabled => $t->client_add('Service of the night', service => 1, scope => 'read'),
    pinned => $t->client_add('Pinned', gpt => 1, redirect => 'https://chat.openai.com/aip/g-2/oauth/callback'),
    once => $t->client_add('Once'),
    long => $t->client_add($longest, redirect => 'https://' . 'h' x 63 . '.example/' . 'p' x 1900),
    registered => { id => register($t, $longest) },
);
make_ends($t, \%client);
fill_lists($t, \%client);

my $old = sub { my ($user) = @_; return sub { $t->sql("UPDATE oauth_session SET created_at = created_at - 901 WHERE username = '$user'") } };
my $build = abs_path($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../../build");
my %facts = (
    issuer => $t->issuer,
    audit => $t->dir . '/audit.log',
    actions => actions(),
    secrets => [qw(client_add client_secret user_add user_one_time key_add)],
    views => views(),
    # Whom the visitors of the two roles do something to.
    who => { root => { user => 'bob', newcomer => 'newcomer', forgetful => 'ida' }, desk => { user => 'carol', forgetful => 'jan' } },
    clients => { map { $_ => $client{$_}{id} } keys %client },
    longest => $longest,
    long_user => $long_user,
    password => $t->{users},
    pictures => "$build/screenshots",
);
play($t, 'console.mjs', \%facts,
    'a stray app grows old' => sub { $t->sql("UPDATE oauth_client SET seen_at = seen_at - 2 * 86400 WHERE name = 'Stray'") },
    map { ("$_ grows old" => $old->($_)) } qw(gerda karl));
$t->finish;
done_testing;
