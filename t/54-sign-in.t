#!/usr/bin/perl
# Who the user is: by httpd's own authentication of the authorization endpoint, or by the providers behind the sign-in page.
use strict;
use warnings;
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $db = (dbs())[0];

sub basic { my ($name, $password) = @_; return [ Authorization => 'Basic ' . encode_base64("$name:$password", '') ] }

# htpasswd -s of "secret", salted by nothing: it only has to be a file that mod_authn_file reads.
sub password_line { return "$_[0]:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n" }

# Passes through the flow as the one whom httpd authenticates; answers the token's user, or where it ended.
sub user_of {
    my ($t, $client, $headers) = @_;
    my ($verifier, $challenge) = Test::GptOauth::Flow::pkce();
    my $browser = $t->browser;
    my $request = $t->authorize_url($client, code_challenge => $challenge, scope => 'hello', prompt => 'consent');
    my $response = $browser->get($request, headers => $headers);
    my $outcome = $t->outcome($client, $response);
    return $outcome if $outcome ne '200 consent';
    my $form = $browser->consent_form;
    my $body = Test::GptOauth::Http::form(%{ $form->{fields} }, decision => 'allow');
    $response = $browser->request('POST', '/oauth/authorize', body => $body, headers => $headers);
    $outcome = $t->outcome($client, $response);
    return $outcome if $outcome !~ / code$/;
    my $grant = { code => $response->answer->{code}, redirect_uri => $client->{redirect_uri}, verifier => $verifier };
    return $t->hello($t->redeem($grant, {}, client => $client)->json->{access_token})->json->{user};
}

# httpd's own authentication, of whatever kind: here a hook that takes everybody at his word.
my $given = <<'EOC';
GPTOAuthUserName env:DISPLAY_NAME
<Location /oauth/authorize>
    AuthType Given
    LuaHookCheckUserID "%%DIR%%/given.lua" check
    Require valid-user
    SetEnvIf X-Name "(.+)" DISPLAY_NAME=$1
</Location>
EOC
my $lua = <<'EOS';
function check(r)
    if not r.headers_in["X-User"] then return 401 end
    r.user = (r.headers_in["X-User"]:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
    return apache2.OK
end
EOS

sub test_given {
    my $t = Test::GptOauth->new(db => $db, conf => $given, modules => ['lua'], start => 0);
    $t->write_file('given.lua', $lua);
    $t->start;
    my $client = $t->client_add('notes');
    my $as = sub { user_of($t, $client, [ 'X-User' => $_[0] ]) };
    is($as->($_), $_ =~ s/%(..)/chr hex $1/egr, "httpd says who it is: $_") for 'carol', 'carol@example.com', 'CN=Carol, O=Example', 'x' x 255;
    is($as->('J%C3%BCrgen'), "J\xfcrgen", 'a name in UTF-8');
    for my $case (
        [ 'client:x', 'server\'s own principals' ],
        [ 'client:', 'server\'s own principals' ],
        [ 'service:x', 'server\'s own principals' ],
        [ 'a%0D%0AX-Evil: 1', 'control character' ],
        [ 'a%09b', 'control character' ],
        [ 'a%7F', 'control character' ],
        [ 'x' x 256, 'longer than 255 bytes' ],
        [ 'x' x 5000, 'longer than 255 bytes' ],
        [ '%FC', 'not UTF-8' ],
    ) {
        my ($name, $reason) = @$case;
        my $before = length $t->error_log;
        is($as->($name), '302 access_denied', 'not a name: ' . substr $name, 0, 20);
        my $logged = substr $t->error_log, $before;
        like($logged, qr/GPT108: .*httpd's sign-in \(.*\) gives a user name that cannot be used: .*$reason/, '... and the log says why');
        unlike($logged, qr/^X-Evil|[\t\r]/m, '... on one line');
    }
    $t->gptoauth('user', 'disable', 'carol') if $t->user('carol');
    is($as->('carol'), '302 access_denied', 'one who is disabled here stays out, whoever signed him in');
    is($t->http->get($t->authorize_url($client))->status, 401, 'one whom httpd does not know is not asked for a password here');

    my $browser = $t->browser;
    my $consent = sub { $browser->get($t->authorize_url($client), headers => [ 'X-User' => 'dave', @_ ])->body };
    like($consent->('X-Name' => 'Dave <b> Miller'), qr/Dave &lt;b&gt; Miller/, 'GPTOAuthUserName env: the page calls him so');
    like($consent->(), qr/dave/, '... and by his id where that is empty');
    my $form = $browser->consent_form;
    my $body = Test::GptOauth::Http::form(%{ $form->{fields} }, decision => 'allow');
    my $post = sub { $t->outcome($client, $browser->request('POST', '/oauth/authorize', body => $body, headers => [ 'X-User' => $_[0] ])) };
    is($post->('mallory'), '403 page', 'case 86: a form that dave was shown allows nothing in the name of another');
    is($post->('dave'), '303 code', 'case 86: ... but in his');
    is($t->sql("SELECT count(*) FROM oauth_session;"), 0, 'no session of ours is made for who httpd signs in');
    return $t->finish;
}

sub test_basic {
    my $conf = <<'EOC';
GPTOAuthUserName header:X-Name
<Location /oauth/authorize>
    AuthType Basic
    AuthName "Staff"
    AuthBasicProvider file
    AuthUserFile "%%DIR%%/passwords"
    Require user carol
    RequestHeader set X-Name "Carol of Staff"
</Location>
EOC
    my $t = Test::GptOauth->new(db => $db, conf => $conf, start => 0);
    $t->write_file('passwords', password_line('carol') . password_line('dave'));
    $t->start;
    my $client = $t->client_add('notes');
    is(user_of($t, $client, basic('carol', 'secret')), 'carol', 'Basic by mod_auth_basic and a file');
    my $refused = $t->http->get($t->authorize_url($client));
    is($refused->status, 401, 'nobody without it');
    is(join('|', $refused->headers('WWW-Authenticate')), 'Basic realm="Staff"', '... is asked for anything else');
    is(user_of($t, $client, basic('carol', 'wrong!')), '401 page', 'nor with a wrong password');
    is(user_of($t, $client, basic('dave', 'secret')), '401 page', 'nor one whom Require leaves out');
    like($t->http->get($t->authorize_url($client), headers => basic('carol', 'secret'))->body, qr/Carol of Staff/,
        'GPTOAuthUserName header: the page calls her so');
    return $t->finish;
}

sub test_providers {
    my $conf = <<'EOC';
<AuthnProviderAlias file second>
    AuthUserFile "%%DIR%%/second"
</AuthnProviderAlias>
GPTOAuthLoginProvider file second gpt-oauth anon
<Location /oauth/authorize>
    AuthUserFile "%%DIR%%/first"
    Anonymous anonymous client:x service:y "a b" ""
    Anonymous_MustGiveEmail off
</Location>
EOC
    my $t = Test::GptOauth->new(db => $db, conf => $conf, modules => ['authn_anon'], start => 0);
    $t->write_file('first', password_line('carol'));
    $t->write_file('second', password_line('dave') . "carol:{SHA}none\n");
    $t->start;
    my $client = $t->client_add('notes');
    my $sign_in = sub { return $t->outcome_of_sign_in($client, @_) };
    is($sign_in->('carol', 'secret'), '200 consent', 'a user of the first provider');
    is($sign_in->('dave', 'secret'), '200 consent', 'one of the second, an alias');
    is($sign_in->('alice', $t->user('alice')), '200 consent', 'one of the module\'s own');
    is($sign_in->('anonymous', 'x'), '200 consent', 'one of the last');
    is($sign_in->('carol', 'wrong!'), '200 sign-in', 'a wrong password ends it at the first that knows the user');
    is($sign_in->('nobody', 'secret'), '200 sign-in', 'an unknown user');
    is($sign_in->(" \tanonymous \n", 'x'), '200 consent', 'blanks around a name are dropped');
    is($sign_in->('Anonymous2', 'x'), '200 sign-in', '... and nothing else is guessed');
    for my $name ('client:x', 'service:y', ' client:x ', "a\tb", "anonymous\nb", 'x' x 256) {
        my $before = length $t->error_log;
        is($sign_in->($name, 'x'), '200 sign-in', 'not a name: ' . substr $name =~ s/\s/?/gr, 0, 20);
        like(substr($t->error_log, $before), qr/GPT\d+: .*sign-in/, '... and the log has a line of it');
    }
    return $t->finish;
}

# mod_authn_dbd keeps the connection that it took until its request ends.
sub test_shared_connection {
    my ($t) = @_;
    $t->sql("CREATE TABLE people (name varchar(80), password varchar(80));");
    $t->sql("INSERT INTO people VALUES ('carol', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=');");
    # Before: mod_dbd does not wait for whoever writes to SQLite while a child prepares its statements.
    my $client = $t->client_add('notes');
    $t->start;
    local $Test::GptOauth::Http::TIMEOUT = 10;
    my $in_time = sub { my ($name, $code) = @_; is(eval { $code->() } // "nothing: $@", 'carol', $name) };

    $in_time->('a sign-in by provider dbd, with one connection for all' => sub {
        local $t->{users}{carol} = 'secret';
        my $tokens = $t->tokens_for($client, user => 'carol', params => { scope => 'hello' });
        return $t->hello($tokens->{access_token})->json->{user};
    });
    my @requests = map { [ 'GET', $t->authorize_url($client) ] } 1 .. 6;
    is(join(' ', map { $_->status } $t->http->parallel(\@requests)), join(' ', (200) x 6), 'the connection is free again');
    return $client;
}

sub test_pinned {
    my ($t, $client) = @_;
    local $Test::GptOauth::Http::TIMEOUT = 10;
    is(eval { user_of($t, $client, basic('carol', 'secret')) } // "nothing: $@", 'carol', 'Basic by provider dbd, with one connection for all');
    my @requests = map { [ 'GET', $t->authorize_url($client), headers => basic('carol', 'secret') ] } 1 .. 8;
    my %statuses;
    $statuses{ $_->status }++ for $t->http->parallel(\@requests);
    is_deeply(\%statuses, { 200 => 8 }, 'eight at a time');
    return;
}

test_given();
test_basic();
test_providers();
my $query = 'AuthDBDUserPWQuery "SELECT password FROM people WHERE name = %s"';
on_each_db({
    # mod_dbd prepares this statement as a child begins, and does without where SQLite is locked just then: by the child before it.
    allow => [qr/AH00636: child init failed/],
    dbd => "DBDKeep 1\nDBDMax 1",
    modules => ['authn_dbd'],
    start => 0,
    conf => "GPTOAuthLoginProvider dbd gpt-oauth\n<Location /oauth/authorize>\n$query\n</Location>\n"
}, sub {
    my ($t) = @_;
    my $client = test_shared_connection($t);
    $t->write_conf(conf => "<Location /oauth/authorize>\nAuthType Basic\nAuthName x\nAuthBasicProvider dbd\n$query\nRequire valid-user\n</Location>\n");
    $t->restart;
    test_pinned($t, $client);
});
done_testing();
