#!/usr/bin/perl
# Databases that cannot be used, each in its way: 503, a line in the log that says what to do, and once that is done all is well.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my @children_fail = (qr/AH00636/);
my $needed = my @migrations = glob "$FindBin::Bin/../sql/pgsql/*.sql";

# What needs the database: a protected request, the token endpoint, and the authorization endpoint.
sub requests {
    my ($t, $tokens) = @_;
    my ($body, @headers) = $t->token_body($tokens->{client}, { grant_type => 'refresh_token', refresh_token => $tokens->{refresh_token} });
    return (
        [ 'a protected request', GET => '/api/notes.txt', headers => [ Test::GptOauth::Flow::bearer($tokens->{access_token}) ] ],
        [ 'a token request', POST => '/oauth/token', body => $body, headers => \@headers ],
        [ 'an authorization request', GET => $t->authorize_url($tokens->{client}) ],
    );
}

# Each is answered 503, and the module says just one thing about it, which matches.
sub is_unusable {
    my ($t, $tokens, $says, %opt) = @_;
    for my $request (requests($t, $tokens)) {
        my ($what, @request) = @$request;
        next if $opt{only} && $what !~ $opt{only};
        my $before = length $t->error_log;
        my $response = $t->http->request(@request);
        is($response->status, 503, "$what: 503");
        like($response->header('Retry-After'), qr/^[1-9]\d*$/, "$what: Retry-After");
        unlike($response->body, qr/SQL|schema|migrate|oauth_|role|relation/, "$what: the caller learns nothing of the database");
        my @lines = grep { /\[client .*GPT\d+:/ } split /\n/, substr $t->error_log, $before;    # what concerns no request has its own
        is(scalar @lines, 1, "$what: one line in the log");
        like($lines[0] // '', qr/\[gpt_oauth:error\].*$says/, "$what: it says what to do");
    }
    is($t->http->get('/plain.txt')->status, 200, 'what needs no database is served');
    return;
}

sub works {
    my ($t, $tokens) = @_;
    is($t->fetch('/api/notes.txt', $tokens->{access_token})->status, 200, 'then the token is good again');
    my $response = $t->refresh($tokens->{client}, $tokens->{refresh_token});
    is($response->verdict, '200', 'and can be refreshed');
    $tokens->{$_} = $response->json->{$_} for qw(access_token refresh_token);
    is($t->http->get($t->authorize_url($tokens->{client}))->status, 200, 'and people can sign in');
    return;
}

# A server with a client and tokens, for which nothing but the database will change.
sub server {
    my (%opt) = @_;
    my $t = Test::GptOauth->new(%opt);
    return ($t, $t->tokens_for($t->client_add('app', gpt => 1)));
}

# Starts httpd anew with changed DBDParams.
sub with_params {
    my ($t, $params) = @_;
    $t->stop;
    my $driver = $t->is_pgsql ? 'pgsql' : 'sqlite3';
    $t->write_file('dbd.conf', "DBDriver $driver\nDBDParams \"$params\"\n");
    $t->start;
    return;
}

on_each_db({}, sub {
    my ($t) = @_;
    my $tokens = $t->tokens_for($t->client_add('app', gpt => 1));
    my $key = $t->sql("SELECT value FROM oauth_setting WHERE name = 'tag_key'");
    $t->restart;
    works($t, $tokens);

    $t->sql("UPDATE oauth_setting SET value = '90' WHERE name = 'schema_oldest'; UPDATE oauth_setting SET value = '91' WHERE name = 'schema'");
    works($t, $tokens);
    $t->restart;
    is_unusable($t, $tokens, qr/has schema 91, which needs a mod_gpt_oauth that supports schema 90 or newer.*upgrade/);
    $t->sql("UPDATE oauth_setting SET value = '1' WHERE name = 'schema_oldest'");
    works($t, $tokens);

    $t->sql("UPDATE oauth_setting SET value = '0' WHERE name = 'schema'");
    $t->restart;
    is_unusable($t, $tokens, qr/has schema 0 and mod_gpt_oauth needs $needed: run `gptoauth migrate`/);
    $t->sql("UPDATE oauth_setting SET value = '$needed' WHERE name = 'schema'; DELETE FROM oauth_setting WHERE name = 'tag_key'");
    is_unusable($t, $tokens, qr/run `gptoauth migrate`/);
    $t->sql("INSERT INTO oauth_setting (name, value) VALUES ('tag_key', '$key')");
    works($t, $tokens);
});

subtest 'PostgreSQL' => sub {
    plan skip_all => 'not wanted' unless grep { $_ eq 'pgsql' } dbs();
    my ($t, $tokens) = server(db => 'pgsql', tcp => 1, allow => \@children_fail);
    my $cluster = $t->cluster;
    my $right = $cluster->conninfo($t->database, tcp => 1);

    my $empty = $cluster->create_database;
    with_params($t, $cluster->conninfo($empty, tcp => 1));
    is_unusable($t, $tokens, qr/run `gptoauth migrate`/);
    my $said = $t->refresh($tokens->{client}, $tokens->{refresh_token})->json->{error_description};
    like($said, qr/not set up completely/, 'the caller is not told to try again, as that would not help');
    $t->gptoauth('migrate');
    is($t->fetch('/api/notes.txt', $tokens->{access_token})->status, 401, 'once it is migrated, httpd asks it without a restart');

    $cluster->psql('postgres', 'CREATE ROLE server LOGIN', 'postgres');
    (my $params = $right) =~ s/user=\w+/user=server/;
    with_params($t, $params);
    is_unusable($t, $tokens, qr/permission denied.*run `gptoauth migrate --grant-to ROLE`/);
    $t->write_file('dbd.conf', "DBDriver pgsql\nDBDParams \"$right\"\n");
    $t->gptoauth('migrate', '--grant-to', 'server');
    works($t, $tokens);

    my $wrong = secret('hunter2-is-not-the-one');
    $cluster->psql('postgres', "CREATE ROLE locked LOGIN PASSWORD 'another'", 'postgres');
    my $hba = $cluster->dir . '/data/pg_hba.conf';
    my $rules = Test::GptOauth::slurp($hba);
    $t->write_file($hba, "host all locked 127.0.0.1/32 scram-sha-256\n$rules");
    $cluster->psql('postgres', 'SELECT pg_reload_conf()', 'postgres');
    sleep 0.3;
    ($params = $right) =~ s/user=\w+/user=locked password=$wrong/;
    with_params($t, $params);
    is_unusable($t, $tokens, qr/cannot connect to the database.*DBDParams/);
    like($t->error_log, qr/password authentication failed for user "locked"/, 'and mod_dbd why');

    ($params = $right) =~ s/dbname=\w+/dbname=nowhere/;
    with_params($t, $params);
    is_unusable($t, $tokens, qr/cannot connect to the database.*DBDParams/);
    ($params = $right) =~ s/port=\d+/'port=' . $t->port('C')/e;
    with_params($t, $params);
    is_unusable($t, $tokens, qr/cannot connect to the database.*DBDParams/);
    with_params($t, $right);
    works($t, $tokens);
    $t->sql('ALTER DATABASE ' . $t->database . ' SET default_transaction_read_only = on');
    $t->restart;
    is_unusable($t, $tokens, qr/read-only transaction/, only => qr/token request/);
    $t->sql('SET default_transaction_read_only = off; ALTER DATABASE ' . $t->database . ' RESET default_transaction_read_only');
    $t->restart;
    works($t, $tokens);
    $t->finish;
};

subtest 'SQLite' => sub {
    plan skip_all => 'not wanted' unless grep { $_ eq 'sqlite' } dbs();
    my ($t, $tokens) = server(db => 'sqlite', allow => \@children_fail);
    my $right = $t->dir . '/db/oauth.sqlite';

    with_params($t, $t->dir . '/db/new.sqlite');
    is_unusable($t, $tokens, qr/run `gptoauth migrate`/);
    $t->gptoauth('migrate');
    is($t->fetch('/api/notes.txt', $tokens->{access_token})->status, 401, 'once it is migrated, httpd asks it without a restart');

    with_params($t, $t->dir . '/nowhere/oauth.sqlite');
    is_unusable($t, $tokens, qr{cannot open \S+/nowhere/oauth.sqlite: it and its folder must belong to the user httpd runs as});

    $t->write_file('db/text.sqlite', 'This is no database, but a text that is long enough not to be taken for an empty one. ' x 20);
    with_params($t, $t->dir . '/db/text.sqlite');
    is_unusable($t, $tokens, qr/not a database/);

    with_params($t, $right);
    works($t, $tokens);
    SKIP: {
        skip 'root alone can take rights away', 1 if $> != 0;
        $t->stop;
        chown 0, 0, $t->dir . '/db', glob($t->dir . '/db/oauth.sqlite*');
        $t->start;
        is_unusable($t, $tokens, qr/cannot open \Q$right\E: it and its folder must belong|must own the file and be able to write/, only => qr/token request/);
        chmod 0600, $right;
        $t->restart;
        is_unusable($t, $tokens, qr/cannot open \Q$right\E: it and its folder must belong to the user httpd runs as/);
        chown 33, 33, $t->dir . '/db', glob($t->dir . '/db/oauth.sqlite*');
        $t->restart;
        works($t, $tokens);
    }
    $t->finish;
};

done_testing;
