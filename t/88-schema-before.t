#!/usr/bin/perl
# A package is upgraded before anybody migrates: with the schema before, whoever has a token, and whoever wants one, is served as ever;
# what is new is off, and says what to do. After gptoauth migrate it is on, without a restart on PostgreSQL.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Process qw(output);
use Test::GptOauth::Schema;
use Test::GptOauth::Statements;
use Test::GptOauth::Waiting;

my $today = () = glob "$FindBin::Bin/../sql/sqlite3/*.sql";
my $before = $today - 1;
my %type = (text => 'text', number => 'bigint', digest => 'bytea');

my $conf = <<'EOC';
GPTOAuthRegistration open
GPTOAuthAdmin admin
EOC

# Whether the database takes each of the statements of an operation.
sub taken_by_pgsql {
    my ($t, @operations) = @_;
    my ($script, %name) = "\\set ON_ERROR_STOP 0\n";
    for my $i (0 .. $#operations) {
        my @kinds = @{ $operations[$i]{kinds} };
        my $types = @kinds ? '(' . join(', ', @type{@kinds}) . ')' : '';
        $script .= "PREPARE s$i$types AS $operations[$i]{sql};\n";
    }
    my %taken = map { $_ => 1 } split /\n/, $t->cluster->psql($t->{database}, "$script SELECT name FROM pg_prepared_statements;");
    return map { $taken{"s$_"} // 0 } 0 .. $#operations;
}

sub taken_by_sqlite {
    my ($t, @operations) = @_;
    my $takes = sub { return eval { output('EXPLAIN ' . ($_[0] =~ s/\$(\d+)/?$1/gr) . ';', 'sqlite3', '-batch', $t->{db_params}); 1 } };
    return map { my $op = $_; (grep { !$takes->($_) } @{ $op->{steps} } ? @{ $op->{steps} } : $op->{sql}) ? 0 : 1 } @operations;
}

sub test_statements {
    my ($t) = @_;
    my $other = $t->is_pgsql ? qr/_sqlite\.c$/ : qr/_pgsql\.c$/;
    my @operations = grep { $_->{file} !~ $other } operations();
    my @since = grep { defined } map { $_->{since} } @operations;
    cmp_ok(scalar @since, '>', 3, 'statements that need the newest schema');
    is(join(' ', grep { $_ != $today } @since), '', '... and no older one, which the schema before has');
    my @taken = $t->is_pgsql ? taken_by_pgsql($t, @operations) : taken_by_sqlite($t, @operations);
    is(join("\n", map { "$operations[$_]{file} $operations[$_]{name}" } grep { !$operations[$_]{since} && !$taken[$_] } 0 .. $#operations), '',
        'the schema before takes all others');
    return;
}

sub test_serving {
    my ($t, $alice, $client, $tokens, $code) = @_;
    ok($t->token_works($tokens->{access_token}), 'a token goes on');
    is($t->redeem($code)->status, 200, 'a code is redeemed');
    is($t->refresh($client, $tokens->{refresh_token})->status, 200, 'a refresh token goes on');
    is($t->outcome($client, $alice->get($t->authorize_url($client))), '302 code', 'a session goes on');
    like($t->outcome_of_sign_in($client, 'bob', $t->user('bob')), qr/consent/, 'another user signs in');
    like($alice->get('/oauth/apps')->body, qr/notes/, 'and who has apps sees them');
    is($t->http->post('/oauth/register', '{"redirect_uris":["https://new.example/cb"]}', headers => [ 'Content-Type' => 'application/json' ])->status, 201,
        'an app registers itself');
    is($t->http->get('/oauth/health?ready')->status, 200, 'ready');
    my $status = $t->http->get('/oauth/status?json')->json;
    like($status->{problems}{schema}, qr/schema $before, of the version before.*gptoauth migrate/, 'the status page says what to do');
    my @said = $t->error_log =~ /GPT055: .*has schema $before,/g;
    is(scalar @said, scalar keys %{ { map { $_ => 1 } $t->error_log =~ /\[pid (\d+)[^\n]*GPT055: /g } }, 'the log says it once in each process');
    ok(@said, '... at all');
    return;
}

# What sign-ins that fail write down.
sub test_throttle {
    my ($t) = @_;
    my $outcome = '';
    for (1 .. 12) {
        $outcome = $t->outcome_of_sign_in($t->{notes}, 'bob', 'wrong');
        last if $outcome =~ /^429/;
    }
    like($outcome, qr/^429/, 'too many wrong passwords');
    is($t->sql("SELECT count(*) FROM oauth_throttle;"), 1, '... which the database knows');
    like($t->gptoauth('throttle', 'list'), qr/\bbob\b/, '... and the command lists');
    like($t->gptoauth('user', 'list'), qr/^alice +password/m, '... as it does users');
    return;
}

sub test_off {
    my ($t, $admin) = @_;
    is($admin->get('/oauth/console')->status, 503, 'the console is off');
    unlike($t->http->get('/oauth/status?json')->json->{problems}{database} // '', qr/gave no answer/, '... which is no failure of the database');
    like($t->error_log, qr/this needs schema $today, and the database has schema $before: run `gptoauth migrate`/, '... and the log says until when');
    my $refused = $t->try_gptoauth('', 'user', 'add', 'carol', '--one-time');
    isnt($refused->{status}, 0, 'no one-time passwords');
    like($refused->{err}, qr/run `gptoauth migrate`/, '... until it is migrated');
    is($t->sql(q{SELECT count(*) FROM oauth_user WHERE name = 'carol';}), 0, '... and nobody is made');
    return;
}

on_each_db({ conf => $conf, allow => [qr/this needs schema $today/] }, sub {
    my ($t) = @_;
    my $client = $t->{notes} = $t->client_add('notes');
    $t->user($_) for qw(admin bob);
    my $tokens = $t->tokens_for($client);
    my $code = $t->code_for($client);
    my ($alice, $admin) = map { $t->browser_of($_) } qw(alice admin);
    $t->code_for($client, user => 'admin'); # who is signed in by it
    $t->stop;
    take_back_newest($t);
    $t->sql("UPDATE oauth_setting SET value = '$before' WHERE name = 'schema';");
    test_statements($t);
    $t->start;
    test_serving($t, $alice, $client, $tokens, $code);
    test_throttle($t);
    test_off($t, $admin);

    $t->stop unless $t->is_pgsql;
    $t->gptoauth('migrate');
    $t->start unless $t->is_pgsql;
    ok(wait_for(sub { $admin->get('/oauth/console')->status == 200 }, 20), 'the console is on');
    ok(wait_for(sub { !$t->http->get('/oauth/status?json')->json->{problems}{schema} }, 20), 'and the status page has no word of it');
});

done_testing();
