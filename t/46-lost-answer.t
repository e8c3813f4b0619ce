#!/usr/bin/perl
# The connection to PostgreSQL breaks after a statement was committed and before its answer came. The module tries again on another
# connection, and takes its own work for its own: nobody gets an error, nothing is done twice, nothing looks like a replay.
use strict;
use warnings;
use FindBin;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();

# Stands between httpd and PostgreSQL. When the file `cut` is there, the connection that runs a statement with the SQL in that
# file is closed in place of the answer; then the file is gone.
sub start_cutter {
    my ($listener, $port, $cut) = @_;
    my $parent = $$;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    $SIG{TERM} = 'DEFAULT';
    $SIG{PIPE} = 'IGNORE';
    my $select = IO::Select->new($listener);
    my %pair;
    while (getppid == $parent) {
        for my $socket ($select->can_read(1)) {
            if ($socket == $listener) {
                my $client = $listener->accept;
                my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "no server: $!\n";
                $pair{$client} = { peer => $server, statements => {} };
                $pair{$server} = { peer => $client };
                $select->add($client, $server);
                next;
            }
            my $end = $pair{$socket} or next;
            my $size = sysread $socket, my $bytes, 65536;
            my $is_cut = !$end->{statements} && $pair{ $end->{peer} }{is_cut};
            if (!$size || $is_cut) {
                $select->remove($socket, $end->{peer});
                delete @pair{ $socket, $end->{peer} };
                close $_ for $socket, $end->{peer};
                unlink $cut if $is_cut;
                next;
            }
            $end->{is_cut} ||= is_wanted($end, $bytes, Test::GptOauth::slurp($cut)) if $end->{statements};
            syswrite $end->{peer}, $bytes;
        }
    }
    POSIX::_exit(0);
}

# A packet of libpq holds whole messages. Parse: 'P', length, name, SQL. Bind: 'B', length, portal, name.
# Query: 'Q', length, SQL.
sub is_wanted {
    my ($end, $bytes, $wanted) = @_;
    my $found = 0;
    while ($bytes =~ s/^([A-Z])(.{4})//s) {
        my ($type, $body) = ($1, substr $bytes, 0, unpack('N', $2) - 4, '');
        my ($first, $second) = split /\0/, $body, 3;
        $end->{statements}{$first} = $second if $type eq 'P';
        $found ||= $wanted ne '' && index($first, $wanted) >= 0 if $type eq 'Q';
        $found ||= $wanted ne '' && index($end->{statements}{$second} // '', $wanted) >= 0 if $type eq 'B';
    }
    return $found;
}

my $t = Test::GptOauth->new(db => 'pgsql', conf => "GPTOAuthAdmin root\n");
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 20) or die "no port: $!\n";
my $cutter = start_cutter($listener, $t->cluster->port, $t->dir . '/cut');
(my $params = $t->cluster->conninfo($t->database, tcp => 1)) =~ s/port=\d+/'port=' . $listener->sockport/e;
$t->write_file('dbd.conf', "DBDriver pgsql\nDBDParams \"$params\"\n");
$t->restart;
my $client = $t->client_add('app', gpt => 1);
my $other = $t->client_add('other');
my $robot = $t->client_add('robot', service => 1);
$t->user('alice');

sub cutting {
    my ($sql, $do) = @_;
    $t->write_file('cut', $sql);
    my $response = $do->();
    ok(!-e $t->dir . '/cut', "the answer to $sql got lost");
    unlink $t->dir . '/cut';
    return $response;
}

for my $round (1 .. 2) {    # when the statement is prepared for the first time, and when it has been
    my $code = cutting('INSERT INTO oauth_code', sub { $t->code_for($client) });
    ok($code->{code}, 'Allow gives a code all the same');
    is($t->sql('SELECT count(*) FROM oauth_code'), $round, 'and one only');

    my $tokens;
    for my $given ($t->code_for($other), $code) {    # all in one statement, and a GPT's in several
        $tokens = cutting('SET spent_at', sub { $t->redeem($given) });
        is($tokens->verdict, '200', 'the code gives tokens all the same');
        is($t->sql('SELECT count(*) FROM oauth_grant WHERE revoked_at IS NOT NULL'), $round - 1, 'and is not taken for replayed');
        ok($t->token_works($tokens->json->{access_token}), 'which are good');
    }

    my ($rotated, %narrow) = ($tokens, resource => $t->issuer . '/api');
    for my $kind (['SET previous_hash'], [ 'SET generation', \%narrow ]) {
        my ($sql, $params) = @$kind;
        $rotated = cutting($sql, sub { $t->refresh($client, $rotated->json->{refresh_token}, $params) });
        is($rotated->verdict, '200', 'the refresh token gives tokens all the same');
        ok($t->token_works($rotated->json->{access_token}), 'which are good');
    }
    $rotated = $t->refresh($client, $rotated->json->{refresh_token});
    is($rotated->verdict, '200', 'and go on');

    my $replayed = cutting('SET revoked_at', sub { $t->redeem($code) });
    is($replayed->verdict, '400 invalid_grant', 'a real replay is one all the same');
    is($t->sql('SELECT count(*) FROM oauth_grant WHERE revoked_at IS NOT NULL'), $round, 'and revokes the grant');

    my $own = cutting('INSERT INTO oauth_grant AS', sub { $t->token_request($robot, { grant_type => 'client_credentials' }) });
    is($own->verdict, '200', 'a service account gets its token all the same');
    ok($t->token_works($own->json->{access_token}), 'which is good');
    my $revoked = cutting('DELETE FROM oauth_access_token', sub { $t->revoke($robot, { token => $own->json->{access_token} }) });
    is($revoked->status, 200, 'and gives it back');
    ok(!$t->token_works($own->json->{access_token}), 'once and for all');
    is($t->sql("SELECT count(*) FROM oauth_grant WHERE client_id = '$robot->{id}'"), 1, 'the tokens hang on one grant');
    my $given = $t->tokens_for($other);
    $revoked = cutting('SET revoked_at', sub { $t->revoke($other, { token => $given->{refresh_token} }) });
    is($revoked->status, 200, 'a refresh token is given back all the same');
    ok(!$t->token_works($given->{access_token}), 'and ends the grant');
    $t->sql("DELETE FROM oauth_$_ WHERE client_id = '$other->{id}'") for qw(grant code);

    my $hello = cutting('FROM oauth_access_token', sub { $t->hello($tokens->json->{access_token}) });
    is($hello->status, 401, 'and a look is taken again');
}

# An action of the console, whose form is spent with it.
my $browser = $t->browser;
$browser->get('/oauth/console');
$browser->sign_in('root', $t->user('root'));
$browser->get('/oauth/console?new_client=');
my ($form) = grep { ($_->{fields}{action} // '') eq 'client_add' } $browser->forms;
my @typed = (name => 'cut', kind => 'public', redirect => 'https://cut.example/cb');
my $first = cutting('COMMIT', sub { $browser->submit($form, @typed) });
is($first->status, 200, 'an action of the console is answered all the same');
for my $time ('once', 'and not again') {
    is($t->sql(q{SELECT count(*) FROM oauth_client WHERE name = 'cut'}), 1, "it is done $time");
    like($browser->submit($form, @typed)->body, qr/has been done already/, 'and sent again says so') if $time eq 'once';
}

kill TERM => $cutter;
waitpid $cutter, 0;
$t->finish;
done_testing;
