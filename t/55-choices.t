#!/usr/bin/perl
# Scopes that the user may leave out: what the page offers, what comes of it, and what is remembered, for how long.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $pages = <<'EOC';
GPTOAuthScope read "Read your notes" default
GPTOAuthScope write "Change your notes" changes optional
GPTOAuthScope send "Send your notes to others" changes optional
GPTOAuthScope all "Do everything with your notes" optional includes read write
<Location /api>
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
EOC

sub codes { my ($t) = @_; return $t->sql('SELECT count(*) FROM oauth_code;') }

# What the user is asked, with these scopes; options go to the request.
sub ask {
    my ($t, $client, $scope, %params) = @_;
    return $t->open_request($t->authorize_url($client, scope => $scope, %params));
}

sub boxes { my ($browser) = @_; return join ' ', sort @{ $browser->consent_form->{fields}{scope} // [] } }

# Allows what is ticked, and says what was granted, or the status of another answer.
sub open_and_allow {
    my ($t, $client, $scope, $ticked, %params) = @_;
    my $browser = ask($t, $client, $scope, %params);
    my $id = $browser->consent_form->{fields}{transaction};
    my $status = $browser->decide('allow', scope => $ticked)->status;
    return $status == 303 ? $t->sql("SELECT g.scope FROM oauth_code c JOIN oauth_grant g ON g.id = c.grant_id WHERE c.transaction_id = '$id';") : $status;
}

sub test_page {
    my ($t, $client) = @_;
    is(boxes(ask($t, $client, 'read')), '', 'no box where nothing is optional');
    is(boxes(ask($t, $client, 'read write send')), 'send write', 'a ticked box for each that is');
    my $page = ask($t, $client, 'read write all');
    is(boxes($page), 'all', 'none for what another one includes');
    is(() = $page->page->body =~ /Read your notes/g, 1, '... and what is not optional stands by itself, once');
    my $tokens = $t->tokens_for($t->client_add('ticked'), params => { scope => 'read write send' });
    is($tokens->{scope}, 'read send write', 'as the page comes, all is given');
}

sub test_narrow {
    my ($t, $client) = @_;
    is(open_and_allow($t, $client, 'read write send', ['send']), 'read send', 'case 86: what is unticked is not given');
    is(open_and_allow($t, $client, 'read write send', []), 'read', 'case 86: nor if nothing is ticked');
    is(open_and_allow($t, $client, 'read send', [qw(send write all admin offline_access)]), 'read send', 'case 86: what was not asked for cannot be ticked');
    is(open_and_allow($t, $client, 'read send', [ 'write send', 'all,write' ]), 'read send', 'case 86: in no spelling');
    is(open_and_allow($t, $client, 'read send', ['se"nd']), 'read', 'case 86: nor what is no scope');
    is(open_and_allow($t, $client, 'write all', []), 200, 'case 86: what is included goes with the box');
    is(open_and_allow($t, $client, 'write all', ['all']), 'all write', '... and comes with it');

    my $before = codes($t);
    for my $scope ('write send', 'write offline_access') {
        my $browser = ask($t, $client, $scope);
        my $page = $browser->decide('allow', scope => []);
        is($t->outcome($client, $page), '200 consent', "case 86: nothing is left of $scope: the page comes again");
        like($page->body, qr/role="alert"><bdi>Choose at least one, or press Deny\./, '... and says why');
        is(boxes($browser), '', '... with no box ticked');
        is($t->outcome($client, $browser->decide('deny')), '303 access_denied', '... and Deny denies');
    }
    is(codes($t), $before, '... without a code');
}

sub outcome_of {
    my ($t, $client, $scope, %params) = @_;
    return $t->outcome($client, $t->browser_of('alice')->get($t->authorize_url($client, scope => $scope, %params)));
}

sub test_memory {
    my ($t) = @_;
    my $client = $t->client_add('remembered');
    is(open_and_allow($t, $client, 'read write send', ['send']), 'read send', 'a user leaves something out');
    my $tokens = $t->tokens_for($client, params => { scope => 'send write read' });
    is($tokens->{scope}, 'read send', 'the same again is not asked, and gives what it gave');
    is($tokens->{grant}{response}->status, 302, '... at once');
    is(outcome_of($t, $client, 'write'), '200 consent', 'what was left out is asked for when it is asked for alone');
    is(outcome_of($t, $client, 'read send'), '200 consent', 'so is what was given, as that is another request');
    is(open_and_allow($t, $client, 'read write send', [qw(write send)], prompt => 'consent'), 'read send write', 'with prompt=consent he decides anew');
    is($t->tokens_for($client, params => { scope => 'read write send' })->{scope}, 'read send write', '... which is remembered in place of the other');
    is($t->sql("SELECT count(*) FROM oauth_consent WHERE client_id = '$client->{id}';"), 1, '... once');
}

# Modules from before run beside this one while hosts are upgraded: those that know given, and those that know scope alone, which they
# take for what was asked and given.
sub test_beside {
    my ($t) = @_;
    my $client = $t->client_add('two modules');
    my ($asked, $now) = ('read send write', int time);
    my $hash = sha256_hex(join "\n", $t->issuer, 'alice', $client->{id}, $client->{redirect_uri}, $asked, '');
    my $key = $t->is_pgsql ? "'\\x$hash'" : "x'$hash'";
    my $where = "FROM oauth_consent WHERE consent_hash = $key AND scope = '$asked'";
    my $read = sub { return join ', ', map { $t->sql("SELECT $_ $where;") || 'nothing' } 'scope', 'COALESCE(given, scope)' };
    my $insert = "INSERT INTO oauth_consent (consent_hash, issuer, username, client_id, redirect_uri, scope, created_at";
    my $values = "VALUES ($key, '${\ $t->issuer }', 'alice', '$client->{id}', '$client->{redirect_uri}', '$asked', $now";
    my $write_scope = sub { return $t->sql("$insert) $values) ON CONFLICT DO NOTHING;") };
    my $write_given = sub {
        return $t->sql("$insert, given, ends_at) $values, '$_[0]', $now + 999) ON CONFLICT (consent_hash) DO UPDATE SET "
              . 'created_at = excluded.created_at, given = excluded.given, ends_at = excluded.ends_at;');
    };
    my $forget = sub { return $t->sql("DELETE FROM oauth_consent WHERE client_id = '$client->{id}';") };
    my $here = sub { return $t->tokens_for($client, params => { scope => $asked })->{scope} };

    open_and_allow($t, $client, $asked, ['send']);
    is($read->(), 'nothing, nothing', 'modules from before find nothing where a part was given');
    $write_scope->();
    is($here->(), 'read send', '... in whose place they write no more');
    $write_given->('read');
    is($here->(), 'read', '... or what they were given');
    $write_given->($asked);
    is($here->(), $asked, '... be it all');
    open_and_allow($t, $client, $asked, [qw(send write)], prompt => 'consent');
    is($read->(), "$asked, $asked", '... and they find what was given as a whole');
    $forget->();
    $write_scope->();
    is($here->(), $asked, 'what one from before writes is all that was asked');
    $forget->();
    $write_given->('read');
    is($here->(), 'read', '... or the part that was given');
    open_and_allow($t, $client, $asked, ['write'], prompt => 'consent');
    is($here->(), 'read write', '... until it is given anew');
}

sub test_end {
    my ($t) = @_;
    my $client = $t->client_add('for a year');
    my ($now, $year) = (int time, 365 * 86400);
    $t->code_for($client);
    my $is = sub { $t->sql("UPDATE oauth_consent SET $_[0] WHERE client_id = '$client->{id}';"); return outcome_of($t, $client, 'read') };
    my $end = $t->sql("SELECT ends_at - created_at FROM oauth_consent WHERE client_id = '$client->{id}';");
    is($end, $year, 'case 323: consent is remembered for a year');
    is($is->('ends_at = ' . ($now + 60)), '302 code', 'case 323: at the end of it');
    is($is->('ends_at = ' . ($now - 1)), '200 consent', 'case 323: not after it');
    is($is->('given = NULL, ends_at = NULL, created_at = ' . ($now - $year + 60)), '302 code', 'case 323: the same for consents from before there was an end');
    is($is->('created_at = ' . ($now - $year - 1)), '200 consent', 'case 323: ... a year after they were given');
    is($t->outcome($client, $t->browser_of('alice')->decide('allow')), '303 code', 'case 323: and they are given again');
    is(outcome_of($t, $client, 'read'), '302 code', 'case 323: ... for another year');
}

# The user leaves out what by the time he says so is not optional any more.
sub test_changed {
    my ($t, $client) = @_;
    my $browser = ask($t, $client, 'read write');
    $t->write_conf(pages => $pages =~ s/changes optional/changes/r);
    $t->restart;
    is($t->outcome($client, $browser->decide('allow', scope => [])), '403 page', 'case 86: a box that is gone gives nothing');
}

on_each_db({ pages => $pages }, sub {
    my ($t) = @_;
    my $client = $t->client_add('notes', gpt => 1);
    test_page($t, $client);
    test_narrow($t, $client);
    test_memory($t);
    test_beside($t);
    test_end($t);
    test_changed($t, $client);
});
done_testing;
