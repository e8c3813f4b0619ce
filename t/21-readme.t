#!/usr/bin/perl
# README, as a new admin follows it, and the examples of the documents beside it: the configuration and the commands are taken from
# their texts. The commands of operations.md are run by t/23-admin.t, those of guide.md by t/72-guide.t.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::GptOauth;
use Test::GptOauth::Markdown;

my %document = map { $_ => Test::GptOauth::Markdown->new($_) } 'README.md',
    map { "docs/$_.md" } qw(directives endpoints guide operations principles security);
sub take { my ($file, @what) = @_; return $document{$file}->take(@what) }

my ($database, $site) = take('docs/operations.md', 'Setting up by hand', 'apache');
my ($mcp) = take('README.md', 'MCP servers', 'apache');
my ($scopes_included) = take('docs/directives.md', 'Scopes and resources', 'apache');
my ($service) = take('docs/directives.md', 'Service keys', 'apache');
my ($hosts) = take('docs/operations.md', 'Several virtual hosts, one issuer', 'apache');
my ($privacy) = take('docs/guide.md', 'Stage three: the custom GPT', 'apache');
my ($try) = take('README.md', 'Try it', 'sh');
my ($install) = take('README.md', 'Install', 'sh');                       # run by t/01-build.t
my ($setup, $repin) = take('README.md', 'Set up', 'sh');                  # the first one is run by t/12-setup.t
my ($commands, $enable) = take('docs/operations.md', 'Setting up by hand', 'sh');    # the second one is run by t/23-admin.t
my ($key) = take('docs/directives.md', 'Service keys', 'sh');
my ($public) = take('docs/endpoints.md', 'Added by hand', 'sh');
my ($account) = take('docs/endpoints.md', 'Service accounts', 'sh');
my ($introspection) = take('docs/endpoints.md', 'Introspection', 'sh');
take('docs/operations.md', 'A database with a standby', 'apache');            # and this by t/97-failover.t
take('docs/operations.md', 'The cache', 'apache');                            # and its like by t/94-listener.t
is(join("\n", map { $_->left(qw(apache html)) } values %document), '', 'no configuration is left out');
is(join("\n", map { $document{$_}->left('sh') } grep { !/guide|operations/ } keys %document), '', '... nor a command');

(my $shipped = Test::GptOauth::slurp("$FindBin::Bin/../conf/site.conf")) =~ s/^ *#.*\n//mg;
is($site =~ s/^\n//mgr, $shipped =~ s/^\n//mgr =~ s/\A.*?^(?=<VirtualHost \*:443>)//msr, 'the site is that of conf/site.conf');
my ($server) = $site =~ m{^( *Include .*?)^</VirtualHost>}ms or die "there is no site\n";
$server =~ s/^    //mg;

like($try, qr{^\./demo .*^\./check }ms, 'the two commands are named');
like($install, qr/autoreconf -fi && \.\/configure && make && make install/, 'so is the build');

for my $line (split /\n/, $try) {
    my ($script) = $line =~ m{^\./(\w+)};
    ok(-x "$FindBin::Bin/../$script", "./$script can be run");
    is(system("$FindBin::Bin/../$script --help >/dev/null"), 0, "./$script --help");
}

# Only what is a matter of the machine is exchanged: paths, ports, where the database is.
sub localise {
    my ($t, $text) = @_;
    $text =~ s{/etc/gpt-oauth/}{$t->dir . '/'}ge;
    return $text;
}

subtest 'the configuration as it stands' => sub {
    my $t = Test::GptOauth->new(db => 'sqlite', start => 0, issuer => '', pages => '');
    $t->write_file('dbd.conf', $database);
    my $text = localise($t, $server);
    $text =~ s/^Include .*\n//mg;    # the harness has it already
    $t->write_conf(conf => $text);
    my ($status, $said) = $t->configtest;
    is($status, 0, 'passes configtest');
    like($said, qr/Syntax OK/, '… without a word');
};

subtest 'the other examples' => sub {
    my $t = Test::GptOauth->new(db => 'sqlite', start => 0, issuer => '', pages => '');
    (my $usual = localise($t, $server)) =~ s/^Include .*\n//mg;
    my ($scopes) = $usual =~ /((?:^GPTOAuthScope .*\n)+)/m;
    my $issuer = "GPTOAuthIssuer https://api.example.com\n";
    for my $case ([ 'an MCP server' => "$issuer$usual$mcp" ], [ 'a scope that includes others' => "$issuer$usual$scopes_included" ],
        [ 'service keys' => "$issuer$usual$service" ], [ 'a privacy policy' => "$issuer$usual$privacy" ], [ 'several hosts' => "$scopes$hosts" ]) {
        my ($name, $text) = @$case;
        $t->write_conf(conf => $text);
        my ($status, $said) = $t->configtest;
        is($status, 0, "$name passes configtest") or diag $said;
    }
};

# Runs a line that begins with gptoauth, and returns what it says.
sub run_line {
    my ($t, $line) = @_;
    my ($args) = $line =~ /^gptoauth (.*)/ or return fail("$line is no command of ours");
    my @args = map { s/^"(.*)"$/$1/r } $args =~ /("[^"]*"|\S+)/g;
    my $result = $t->try_gptoauth($args =~ /^user add/ ? secret('a long enough password') . "\n" : '', @args);
    is($result->{status}, 0, "gptoauth $args") or diag $result->{err};
    return $result->{out};
}

# Runs two lines: one that makes a client, and the request of that client; returns the answer.
sub run_pair {
    my ($t, $block, %set) = @_;
    my ($add, $request) = split /\n/, $block;
    my $said = run_line($t, $add);
    @set{qw(CLIENT_ID CLIENT_SECRET)} = map { $said =~ /^ *$_\s+(\S+)/mi ? $1 : fail("no $_ in $said") } 'Client ID', 'Client Secret';
    secret($set{CLIENT_SECRET});
    $request =~ s{https://api\.example\.com}{$t->expand('http://localhost:%%PORT%%')}e;
    (my $command = $request) =~ s/\b([A-Z_]+)\b/$set{$1} \/\/ $1/ge;
    my $done = Test::GptOauth::run({}, 'sh', '-c', "exec $command -sS");
    is($done->{status}, 0, $request) or diag $done->{err};
    return JSON::PP::decode_json($done->{out});
}

subtest 'the set-up, live' => sub {
    my $t = Test::GptOauth->new(db => 'pgsql', start => 0, issuer => '', pages => '');
    my $backend = $t->port('B');
    # The database is the harness's; the rest of the file is README's.
    my ($address) = $database =~ /^(GPTOAuthIssuer .*\n)\z/m;
    $address =~ s{https://api\.example\.com}{$t->expand('http://localhost:%%PORT%%')}e;
    my $file = Test::GptOauth::slurp($t->dir . '/dbd.conf');
    $t->write_file('dbd.conf', $file . $address);
    my @said = map { run_line($t, $_) } split /\n/, $commands;
    my ($id) = $said[-1] =~ /Client ID\s+(\S+)/i;
    my ($secret) = $said[-1] =~ /Client Secret\s+(\S+)/i;
    ok($id && secret($secret), 'client add prints id and secret') or diag $said[-1];

    my $token_url = $t->expand('http://localhost:%%PORT%%/oauth/token');
    like($said[-1], qr/Token URL +\Q$token_url\E\n/, '... and where the server is');

    my $text = localise($t, $server);
    $text =~ s{127\.0\.0\.1:3000}{127.0.0.1:$backend};
    # A virtual host of its own, since in place of the application httpd itself answers, in another one.
    $text = "<VirtualHost 127.0.0.1:%%PORT%%>\n$text</VirtualHost>\nListen 127.0.0.1:$backend\n<VirtualHost 127.0.0.1:$backend>\n"
        . "Alias /api \"%%DIR%%/htdocs/plain.txt\"\n</VirtualHost>\n";
    $t->write_conf(conf => $text);
    # Only the virtual host includes it.
    my $conf = Test::GptOauth::slurp($t->dir . '/httpd.conf');
    $conf =~ s/^Include .*\n//m;
    $t->write_file('httpd.conf', $conf);
    my ($status, $problem) = $t->configtest;
    is($status, 0, 'configtest') or diag $problem;
    $t->start;
    delete $t->{issuer};
    $t->{users}{alice} = 'a long enough password';
    my ($client, $edited) = map { { id => $id, secret => $secret, redirect_uri => "https://chatgpt.com/aip/$_/oauth/callback", gpt => 1 } }
        qw(g-123 g-456);
    my $answer = $t->redeem($t->code_for($client, params => { scope => 'notes.read' }));
    is($answer->status, 200, 'the GPT gets its token');
    is($t->ask($edited, { scope => 'notes.read' }), '400 page', 'another one is refused');
    run_line($t, $repin);
    is($t->redeem($t->code_for($edited, params => { scope => 'notes.read' }))->status, 200, '... until the pin is opened');
    my $response = $t->http->get('/api', headers => [ Authorization => 'Bearer ' . ($answer->json->{access_token} // '') ]);
    is($response->status . ' ' . $response->body, "200 plain\n", 'and calls the application behind the guard');
    is($t->http->get('/api')->status, 401, 'which nobody does without');

    run_line($t, $key =~ s/\n//r);
    run_line($t, $_) for split /\n/, $public;
    my $token = run_pair($t, $account)->{access_token};
    like($token, qr/\S/, 'a service account gets its token');
    my $told = run_pair($t, $introspection, TOKEN => $answer->json->{access_token});
    is($told->{username} // 'nobody', 'alice', 'a resource server asks whose token it is');
    $t->finish;
};

done_testing;
