#!/usr/bin/perl
# Service keys in use: when one was last used, a change of keys under load, too many wrong ones, and the database away.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Load;

my $from_env = secret(sha256_hex('env' . rand));
$ENV{T_SERVICE_KEY} = $from_env;

my $conf = <<'EOC';
<Location /service>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require valid-user
    SetHandler gpt-oauth-hello
</Location>
<Location /custom>
    AuthType GPTOAuth
    GPTOAuthCredentials header:X-API-Key
    Require valid-user
    SetHandler gpt-oauth-hello
</Location>
<Location /any/hello>
    AuthType GPTOAuth
    GPTOAuthCredentials service header:X-API-Key
    GPTOAuthServiceKey env:T_SERVICE_KEY
    Require valid-user
    SetHandler gpt-oauth-hello
</Location>
EOC

sub verdict { return $_[0]->challenge }

sub test_last_used {
    my ($t, $key) = @_;
    my $used = sub { my ($name) = @_; return (grep { $_->{name} eq $name } @{ $t->gptoauth_json('key', 'list') })[0]{used_at} };
    my $get = sub { $t->http->get('/service', headers => [ Authorization => "Bearer $key" ])->status };
    my $now = int time;
    ok($used->('first') >= $now - 3600, 'key list says when a key was last used');
    for my $case ([ 1800, 'within the hour nothing is written' ], [ 4000, 'after it, it is' ]) {
        my ($ago, $name) = @$case;
        $t->sql("UPDATE oauth_service_key SET used_at = $now - $ago, scope = scope WHERE name = 'first';");
        is($get->(), 200, 'a use');
        ok($ago < 3600 ? $used->('first') == $now - $ago : $used->('first') >= $now, $name);
    }
    return;
}

# Everybody moves to a new key while requests go on.
sub test_rotation {
    my ($t) = @_;
    my %key = (old => $t->key_add('old'), new => undef);
    my $file = $t->write_file('current-key', $key{old});
    my $load = Test::GptOauth::Load->start($t, 6, sub { return [ GET => '/any/hello', headers => [ 'X-API-Key' => Test::GptOauth::slurp($file) ] ] });
    my $used = sub { return $t->sql("SELECT count(*) FROM oauth_service_key WHERE name = '$_[0]' AND used_at IS NOT NULL;") > 0 };
    my $await = sub { my $deadline = time + 20; sleep 0.02 until $used->($_[0]) || time > $deadline; ok($used->($_[0]), "the $_[0] key is in use") };
    $await->('old');
    $key{new} = $t->key_add('new');
    $t->write_file('next-key', $key{new});
    rename $t->dir . '/next-key', $file or die "$file: $!\n";
    $await->('new');
    sleep 0.5;    # what was still under way with the old one
    $t->gptoauth('key', 'revoke', 'old');
    my $revoked = time;
    is(verdict($t->http->get('/any/hello', headers => [ 'X-API-Key' => $key{old} ])), 403, 'the old one is dead as soon as the command has returned');
    sleep 0.5;
    my @results = $load->stop;
    my %count;
    $count{ $_->{status} . ($_->{sent} > $revoked ? ' after' : ' before') . ' ' . ($_->{response}->json->{user} // '?') }++ for @results;
    is(join(', ', grep { !/^200/ } sort keys %count), '', 'not one failed call') or diag(explain(\%count));
    ok($count{'200 before service:old'} && $count{'200 before service:new'} && $count{'200 after service:new'}, '... before, between and after: ' . @results);
    return;
}

# Last of all: nothing comes through from this address but what is right.
sub test_throttle {
    my ($t, $key) = @_;
    my (%count, $wait);
    $t->begin_window(10);
    for (1 .. 110) {
        my $response = $t->http->get('/service', headers => [ Authorization => "Bearer wrong$_" ]);
        $count{ verdict($response) }++;
        $wait = $response->header('Retry-After') if $response->status == 429;
    }
    ok($count{429} && $count{429} >= 10 && 110 == ($count{403} // 0) + $count{429}, 'wrong keys of one address are answered 429 in the end') or diag(explain(\%count));
    ok($wait && $wait <= 300, '... with Retry-After');
    is(verdict($t->http->get('/custom', headers => [ 'X-API-Key' => 'wrong' ])), 429, '... wherever they are tried');
    is(verdict($t->http->get('/service', headers => [ Authorization => "Bearer $key" ])), 200, 'a right one never is');
    is(verdict($t->http->get('/any/hello', headers => [ 'X-API-Key' => $from_env ])), 200, '... of whatever kind');
    is(verdict($t->http->get('/service')), '401 Bearer', '... and who sends none is asked for one');
    like($t->error_log, qr/GPT132: access refused \(429\)/, 'the log says it');
    return;
}

on_each_db({ conf => $conf }, sub {
    my ($t) = @_;
    my $first = $t->key_add('first', '--issuer', $t->issuer);
    is($t->http->get('/service', headers => [ Authorization => "Bearer $first" ])->status, 200, 'a key is used');
    test_last_used($t, $first);
    test_rotation($t);
    test_throttle($t, $first);
});

subtest 'without the database' => sub {
    my $t = Test::GptOauth->new(db => 'pgsql', cache => 'off', conf => "<Location /service>\nAuthType GPTOAuth\nGPTOAuthCredentials service\nGPTOAuthServiceKey env:T_SERVICE_KEY\n"
            . "Require valid-user\nSetHandler gpt-oauth-hello\n</Location>");
    my $key = $t->key_add('first');
    my $get = sub { return $t->http->get('/service', headers => [ Authorization => "Bearer $_[0]" ]) };
    is($get->($key)->status, 200, 'a key of the database, for every issuer');
    $t->cluster->stop;
    my $down = $get->($key);
    is($down->status, 503, '... is 503 while that is down');
    ok($down->header('Retry-After'), '... with Retry-After');
    is($get->($from_env)->status, 200, 'the key of the environment needs none');
    like($get->('x' x 40)->status, qr/^(?:403|503)$/, 'nobody else comes in');   # 403 where a child knows the key of the tag
    $t->cluster->start;
    my $deadline = time + 20;
    sleep 0.1 while $get->($key)->status != 200 && time < $deadline;
    is($get->($key)->status, 200, 'it heals');
    $t->finish;
} if grep { $_ eq 'pgsql' } dbs();

done_testing;
