#!/usr/bin/perl
# The console where httpd itself signs users in: roles by name and by expression, what ends is typed, no one-time passwords; and
# nobody gets in where it signs in at the authorization endpoint alone.
use strict;
use warnings;
use FindBin;
use Digest::SHA qw(sha1_base64 sha256_base64);
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Console;
use Test::GptOauth::Secrets;

my $url = '/oauth/console';
my @ends = grep { $_->{ends} } actions();

# Names, and the groups that the directory has of them.
my %staff = (root => '', carol => 'staff,oauth-admins', desk => '', helper => '', mallory => 'not-oauth-admins');

sub conf {
    my ($where) = @_;
    return <<"EOC";
GPTOAuthAdmin root "expr=%{reqenv:AUTHENTICATE_GROUPS} =~ /(^|,)oauth-admins(,|\$)/"
GPTOAuthHelpDesk desk "expr=%{REMOTE_USER} == 'helper'"
<LocationMatch ^/oauth/$where\$>
    AuthType Basic
    AuthName staff
    AuthBasicProvider dbd
    AuthDBDUserPWQuery "SELECT password, groups FROM staff WHERE name = %s"
    Require valid-user
</LocationMatch>
EOC
}

sub password { my ($name) = @_; return "password of $name in the directory" }

sub headers { my ($name, @more) = @_; return [ Authorization => 'Basic ' . encode_base64("$name:" . password($name), ''), @more ] }

# A browser at this page, in which httpd has signed this user in.
sub at {
    my ($t, $name, $query, @more) = @_;
    my $browser = $t->browser;
    $browser->get("$url?$query", headers => headers($name, @more));
    return $browser;
}

# Whether a page has its form or not.
sub send_action {
    my ($t, $browser, $name, $action, %fields) = @_;
    return post($browser, $name, { %{ sealed($t, $browser, $name, $action) }, %fields });
}

sub post {
    my ($browser, $name, $fields) = @_;
    return $browser->request('POST', $url, body => Test::GptOauth::Http::form(Test::GptOauth::Http::pairs($fields)),
        headers => headers($name, Origin => 'null', 'Sec-Fetch-Site' => 'same-origin'));
}

sub answer {
    my ($browser, $name, $typed) = @_;
    return post($browser, $name, { %{ $browser->form_with('typed_name')->{fields} }, typed_name => $typed });
}

sub sessions { my ($t) = @_; return $t->sql('SELECT count(*) FROM oauth_session;') }

sub server {
    my ($where, @allow) = @_;
    my $t = Test::GptOauth->new(db => 'sqlite', modules => ['authn_dbd'], conf => conf($where), start => 0, allow => \@allow);
    Test::GptOauth::Secrets::remember(password => password($_)) for keys %staff;
    $t->sql('CREATE TABLE staff (name text PRIMARY KEY, password text, groups text);');
    $t->sql("INSERT INTO staff VALUES ('$_', '{SHA}" . sha1_base64(password($_)) . "=', '$staff{$_}');") for sort keys %staff;
    $t->start;
    return $t;
}

sub test_roles {
    my ($t) = @_;
    is($t->browser->get($url)->status, 401, 'httpd asks for the password');
    for ([ root => 'Clients', 'by name' ], [ carol => 'Clients', 'by a group that httpd found out' ], [ desk => 'Users', 'by name' ],
        [ helper => 'Users', 'by an expression' ]) {
        my ($name, $heading, $how) = @$_;
        my $browser = at($t, $name, '');
        ok($browser->page->status == 200 && shows($browser, "<h1>(?:<bdi>)?$heading"), "$name has a role $how");
    }
    my $lines = audit_lines($t);
    is(at($t, 'helper', 'clients=')->page->status, 404, 'case 301: the help desk gets 404 for what is the administrator\'s');
    is(at($t, 'mallory', '')->page->status, 404, 'case 301: and nobody else gets in');
    is(at($t, 'mallory', 'AUTHENTICATE_GROUPS=oauth-admins', AUTHENTICATE_GROUPS => 'oauth-admins', 'X-Remote-User' => 'helper', 'Remote-User' => 'helper')->page->status,
        404, 'case 301: ... whatever he says of himself');
    is(join(' ', map { "$_->{event} $_->{result} $_->{user}" } (audit_lines($t))[ $lines .. $lines + 1 ]),
        'console refused helper console refused mallory', 'case 301: ... with an audit line each, of a stranger one a minute');
    return;
}

# Everything that ends something, last of all what ends all of it.
sub test_ends {
    my ($t) = @_;
    my $now = time;
    my $client = $t->client_add('kept notes');
    my %name = (client => 'kept notes', user => 'bob', key => 'batch', days => '30');
    my %fields = (client => $client->{id}, user => 'bob', key => 'batch', days => 30, session => 's1', grant => 'g1');
    $t->gptoauth(qw(key add batch --issuer), $t->issuer);
    $t->user('bob');
    my $root = at($t, 'root', 'user=bob');
    my %last = (client_remove => 1, user_remove => 2);
    for my $end (sort { ($last{ $a->{name} } // 0) <=> ($last{ $b->{name} } // 0) } @ends) {
        my $action = $end->{name};
        $t->sql("INSERT INTO oauth_session (session_hash, issuer, username, created_at, expires_at, public_id) VALUES (randomblob(32), '" . $t->issuer . "', 'bob', $now, $now + 999, 's1');")
            if $action =~ /session/;
        $t->sql("INSERT OR IGNORE INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at) VALUES ('" . ($action =~ /grants/ ? 'g2' : 'g1') . "', '"
                . $t->issuer . "', '$client->{id}', 'bob', 'read', '', $now, $now + 999, $now + 999);") if $action =~ /grant/;
        $t->sql("INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at, seen_at) VALUES ('old', 'Old', 0, 0, '', '', '', 'document', 1, 1);")
            if $action eq 'apps_clean_up';
        my $before = tables($t) . sessions($t);
        send_action($t, $root, 'root', $action, %fields);
        ok($root->form_with('typed_name') && !shows($root, 'present_password'), "$action wants a name typed, and no password");
        answer($root, 'root', 'another');
        ok(shows($root, 'That is another name'), '... and not any name') or diag $root->page->body;
        is(tables($t) . sessions($t), $before, '... so far nothing has ended');
        answer($root, 'root', $name{ $end->{subject} });
        if ($action eq 'user_one_time') {
            ok(shows($root, 'httpd signs users in here'), '... and even then makes no one-time password');
            is(tables($t) . sessions($t), $before, '... nor ends anything');
        } else {
            isnt(tables($t) . sessions($t), $before, '... and then it is done') or diag $root->page->body;
        }
    }
    return;
}

sub test_one_time {
    my ($t) = @_;
    $t->user('dora');
    for my $name (qw(root carol)) {
        my $browser = at($t, $name, 'user=dora');
        ok(shows($browser, 'Disable') && !shows($browser, 'user_one_time'), "$name has no button for one-time passwords");
        $browser->get("$url?users=", headers => headers($name));
        ok(!shows($browser, 'Add a user'), '... nor to add a user, who would get one');
        my $before = tables($t);
        $browser->get("$url?user=dora", headers => headers($name));
        send_action($t, $browser, $name, 'user_one_time', user => 'dora', typed_name => 'dora');
        ok(shows($browser, 'httpd signs users in here'), '... nor makes a sealed form one');
        send_action($t, $browser, $name, 'user_add', user => 'newcomer');
        ok(shows($browser, 'httpd signs users in here'), '... for nobody new');
        is(tables($t), $before, '... and nothing changes');
    }
    for my $name (qw(desk helper)) {
        my $browser = at($t, $name, 'user=dora');
        ok(!shows($browser, 'user_one_time'), "$name has no button for one-time passwords");
        my $before = tables($t);
        is(send_action($t, $browser, $name, 'user_one_time', user => 'dora', typed_name => 'dora')->status, 404, 'case 325: ... and gets 404 with a sealed form');
        is(tables($t), $before, 'case 325: ... and nothing changes');
    }
    return;
}

# A local user of the module may have the name of somebody else in the directory.
sub test_astray {
    my $t = server('authorize', qr/GPT019/);
    $t->user('root');
    my $cookie = 'gpt-oauth-session-' . substr(sha256_base64($t->issuer) =~ tr{+/}{-_}r, 0, 8) . '=guessed';
    my $answer = $t->http->get('/oauth/status', headers => [ Via => '1.1 proxy.example', Cookie => $cookie ]);
    ok($answer->body eq $t->http->get('/oauth/nothing')->body, 'case 301: ... the status page says nothing to a stranger with a cookie');
    unlike($t->error_log, qr/GPT019/, 'case 301: ... nor is that an error');
    my $browser = $t->browser;
    is($browser->get($url)->status, 404, 'case 301: where httpd signs in at the authorization endpoint alone there is no console');
    ok(!$browser->has_sign_in, 'case 301: ... nor asks it for a password of the module');
    is(at($t, 'root', '')->page->status, 404, 'case 301: ... whatever a caller sends');
    is($browser->request('POST', $url, body => 'username=root&password=' . $t->user('root'), headers => [ Origin => 'null', 'Sec-Fetch-Site' => 'same-origin' ])->status,
        404, 'case 301: ... or posts');
    like($t->error_log, qr/GPT019: the page console refused: .*LocationMatch/, '... the log says why');
    return;
}

my $t = server('(authorize|apps|console)');
test_roles($t);
test_ends($t);
test_one_time($t);
undef $t;
test_astray();

done_testing;
