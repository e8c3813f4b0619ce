#!/usr/bin/perl
# The primary of a synchronous pair of PostgreSQL servers goes away under load, and its standby is promoted: requests heal by
# themselves, and no token that a client has received is lost.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Load;
use Test::GptOauth::Markdown;
use Test::GptOauth::Postgres;

plan skip_all => 'only with PostgreSQL' unless grep { $_ eq 'pgsql' } dbs();

# What docs/operations.md says about it.
my $document = Test::GptOauth::Markdown->new('docs/operations.md');
my ($directives) = $document->take('A database with a standby', 'apache');
my ($commands) = $document->take('A database with a standby', 'sh');

# As postgres, in the shell.
sub configure {
    my ($primary) = @_;
    my @server = (PGHOST => $primary->dir, PGPORT => $primary->port, PGUSER => 'postgres', PGDATABASE => 'postgres');
    local %ENV = (%ENV, @server, PATH => "${\ $primary->bin('') }:$ENV{PATH}");
    for my $command (split /\n/, $commands) {
        is(Test::GptOauth::Process::run({}, 'sh', '-c', $command)->{err}, '', $command);
    }
    ok($primary->is_synchronous, 'the standby is synchronous');
    return;
}

# An httpd that is told of both servers, first of the one that is named so, and these.
sub start_pair {
    my ($first, %opt) = @_;
    my $primary = Test::GptOauth::Postgres->new;
    my $database = $primary->create_database;
    my $standby = $primary->standby;
    configure($primary);
    my @servers = $first eq 'primary' ? ($primary, $standby) : ($standby, $primary);
    my $ports = join ',', map { $_->port } @servers;
    my %there = (' dbname=oauth ' => " dbname=$database ", 'host=db1.internal,db2.internal' => "host=127.0.0.1,127.0.0.1 port=$ports");
    my ($conninfo) = $directives =~ /DBDParams "(.*)"/;
    $conninfo =~ s/\Q$_\E/$there{$_}/ or die "the document's DBDParams have no $_\n" for sort keys %there;
    my $params = sub { return $conninfo };
    my $t = Test::GptOauth->new(db => 'pgsql', cluster => $primary, database => $database, params => $params, hears => 1, %opt);
    return ($t, $primary, $standby);
}

# Four connections refresh their chains, one redeems codes, three ask for a file.
sub start_load {
    my ($t) = @_;
    my $client = $t->client_add('app', gpt => 1);
    my @chains = map { $t->tokens_for($client) } 1 .. 4;
    my @codes = map { $t->code_for($client, user => (qw(alice bob carol))[ $_ % 3 ]) } 1 .. 30;
    my @file = (GET => '/api/notes.txt', headers => [ Test::GptOauth::Flow::bearer($chains[0]{access_token}) ], about => 'file');
    my $redeem = sub {
        my $code = shift @codes or return [@file];
        my ($body, @headers) = $t->token_body($client, Test::GptOauth::Flow::redeem_params($code));
        return [ POST => '/oauth/token', body => $body, headers => \@headers, about => 'code' ];
    };
    my $load = Test::GptOauth::Load->start($t, 8, sub {
        my ($slot, $last) = @_;
        return $slot < 4 ? [ @{ refresher($t, $chains[$slot], $last) }, about => 'refresh' ] : $slot == 4 ? $redeem->() : [@file];
    }, pause => 0.1);
    return ($load, $client, @chains);
}

# What clients have been given, with status 200.
sub all_live {
    my ($t, $client, $first, @results) = @_;
    my @given = (@$first, map { $_->{response}->json } grep { $_->{target} eq '/oauth/token' && $_->{status} == 200 } @results);
    my @lost = grep { !$t->token_works($_->{access_token}) } @given;
    is(scalar(@lost), 0, sprintf 'none of %d access tokens that clients received is lost', scalar @given);
    my %newest = map { $_ => $first->[$_]{refresh_token} } 0 .. $#$first;
    for my $result (grep { $_->{status} == 200 && ($_->{about} // '') eq 'refresh' } @results) {
        $newest{ $result->{slot} } = $result->{response}->json->{refresh_token};
    }
    my @once = map { $_->{response}->json->{refresh_token} } grep { $_->{status} == 200 && ($_->{about} // '') eq 'code' } @results;
    my @dead = grep { $t->refresh($client, $_)->status != 200 } values %newest, @once;
    is(scalar(@dead), 0, sprintf 'and each of %d chains goes on from the refresh token that its client received last', keys(%newest) + @once);
    return;
}

sub share_of { my ($about, @results) = @_; return scalar grep { ($_->{about} // '') eq $about } @results }

# As before, tokens are good without a question, and what is revoked is refused within a second.
sub is_listening {
    my ($t, $client) = @_;
    ok(is_logged($t, qr/GPT045/), 'httpd said that it hears of no revocations');
    ok(is_logged($t, qr/GPT044/, 2), '... and that it does again');
    my $tokens = $t->tokens_for($client);
    $t->token_works($tokens->{access_token});
    ok(is_cached($t, $tokens->{access_token}), 'so that it asks no database for a token that it knows');
    $t->gptoauth(qw(grant revoke --user alice --client), $client->{id});
    my $began = time;
    sleep 0.01 while $t->token_works($tokens->{access_token}) && time < $began + 2;
    cmp_ok(time - $began, '<', 1, 'and what is revoked is refused within a second');
    return;
}

# away: what happens to the primary. healed: how long after the promotion a request may still fail.
sub test_failover {
    my ($t, $primary, $standby, $away, $healed) = @_;
    ok(is_logged($t, qr/GPT044/), 'httpd hears of revocations');
    my ($load, $client, @chains) = start_load($t);
    my @children = children_of($t->pid);
    sleep 2; # of a busy machine
    my $from = time;
    $away->($primary);
    sleep 1.5;
    $standby->promote;
    my $to = time;
    $t->{cluster} = $standby;
    sleep $healed + 2;
    my @results = $load->stop;
    crash($primary) if $primary->pid;
    my @before = grep { $_->{sent} + $_->{seconds} < $from } @results;
    my @after = grep { $_->{sent} >= $to + $healed } @results;
    my @refused = grep { $_->{sent} + $_->{seconds} >= $from && $_->{sent} < $to + $healed && $_->{status} != 200 } @results;
    all_answered('before, all are answered', @before);
    unavailable('without a primary, 503 with Retry-After', @refused);
    all_answered('after, all are answered', @after) or diag(reasons($t));
    my ($last) = sort { $b <=> $a } map { $_->{sent} + $_->{seconds} } @refused;
    note(sprintf 'the last refusal came %.2f s after the promotion', $last - $to) if $last;
    cmp_ok(share_of($_, @before) * share_of($_, @after), '>', 0, "of the kind $_, too") for qw(refresh file);
    my %still = map { $_ => 1 } children_of($t->pid);
    is(join(' ', grep { !$still{$_} } @children), '', 'and no process of httpd ended');
    all_live($t, $client, \@chains, @results);
    is_listening($t, $client);
    like($t->try_gptoauth('', 'doctor', '--issuer', $t->issuer)->{out}, qr/^  ok +rights /m, 'the command finds the new primary, too');
    return;
}

# What is not in the standby's log is not given away.
sub test_standby_away {
    my ($t, $standby) = @_;
    my $client = $t->client_add('waiting');
    my $tokens = $t->tokens_for($client);
    $standby->stop('immediate');
    is($t->refresh($client, $tokens->{refresh_token})->status, 503, 'no token is given away that only the primary knows');
    ok($t->token_works($tokens->{access_token}), 'while tokens go on to work');
    $standby->start;
    my $next = $t->refresh($client, $tokens->{refresh_token});
    is($next->verdict, '200', 'when it is back, the client gets what it asked for');
    ok($t->token_works($next->json->{access_token}), 'which works');
    is($t->refresh($client, $next->json->{refresh_token})->verdict, '200', 'and the chain goes on');
    return;
}

subtest 'the standby is stopped and comes back, and then the primary is stopped' => sub {
    my ($t, $primary, $standby) = start_pair('standby');
    test_standby_away($t, $standby);
    test_failover($t, $primary, $standby, sub { $primary->stop('immediate') }, 0);
    $t->finish;
};

# Statements wait for two seconds, and then a process renews its connections, one after the other (here it has one), each of which waits
# as long for the server that is asked first and does not answer.
subtest 'the primary hangs' => sub {
    my ($t, $primary, $standby) = start_pair('primary', dbd => "DBDKeep 1\nDBDMax 1");
    test_failover($t, $primary, $standby, sub { freeze($primary) }, 5);
    $t->finish;
};

done_testing;
