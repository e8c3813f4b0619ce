#!/usr/bin/perl
# docs/guide.md, as a new admin follows it, against ./demo: each command of its text is run as it stands, and between them ChatGPT does
# what the text says it does. Only what is a matter of the machine is exchanged: folder, port, and where the database is.
use strict;
use warnings;
use File::Find;
use File::Temp ();
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Browser;
use Test::GptOauth::Markdown;
use Test::GptOauth::Http;

my $source = "$FindBin::Bin/..";
my $document = Test::GptOauth::Markdown->new('docs/guide.md');
my $guide = $document->text;
my ($dir, $port, %env, $clients);
END { local $?; Test::GptOauth::run({}, "$source/demo", '--stop', '--dir', $dir) if $dir }

# The commands of the guide, in its order.
my @blocks = $document->take(undef, 'sh');

# Runs the next block, which must match, as the shell of the guide's reader would; returns what it printed.
sub walk {
    my ($expected) = @_;
    my $block = shift @blocks // '';
    like($block, $expected, "the guide goes on with $expected") or return '';
    $block =~ s{^\./demo }{$source/demo --dir $dir --port $port }mg;
    $block =~ s{(?<![\w/])\.demo/}{$dir/}g;
    $block =~ s{(?<![\w/])conf/}{$source/conf/}g;
    my $shell = <<"SHELL";
set -e
[ ! -e $dir/env ] || . $dir/env
gptoauth() { "\$GPTOAUTH" --db-conf "\$DB_CONF" "\$@"; }
newman() { $clients/.bin/newman "\$@"; }
$block
SHELL
    my $done = Test::GptOauth::run({}, 'bash', '-c', $shell);
    is($done->{status}, 0, $block =~ /^(.*\S)/m ? $1 : $block) or diag $done->{out}, $done->{err};
    return $done->{out};
}

sub read_env {
    my $text = Test::GptOauth::run({}, qw(env -i sh -ac), ". $dir/env && env")->{out};
    return $text =~ /^(\w+)=(.*)$/mg;
}

# ChatGPT, whose callback is that of the GPT: where the user is sent (or the page that the user sees), and the token that comes of it.
sub authorize {
    my ($client, $gpt) = @_;
    my $browser = Test::GptOauth::Browser->new($port);
    my $callback = "https://chatgpt.com/aip/$gpt/oauth/callback";
    my $page = $browser->get('/oauth/authorize?' . Test::GptOauth::Http::form(response_type => 'code', client_id => $client->{id},
            redirect_uri => $callback, scope => 'hello', state => 'x'));
    return $page if $page->status != 200;
    $browser->sign_in($env{USERNAME}, $env{PASSWORD});
    return $browser->decide('allow');
}

sub connect_gpt {
    my ($client, $gpt) = @_;
    my $answer = authorize($client, $gpt);
    my $code = $answer->location ? $answer->answer->{code} : undef;
    return Test::GptOauth::Http->new($port)->post('/oauth/token', { grant_type => 'authorization_code', code => $code // '',
            redirect_uri => "https://chatgpt.com/aip/$gpt/oauth/callback", client_id => $client->{id}, client_secret => $client->{secret} });
}

sub hello {
    my ($url, $token) = @_;
    return Test::GptOauth::Http->new($port)->get($url =~ s{^https?://[^/]+}{}r, headers => [ Authorization => "Bearer $token" ])->status;
}

sub fields {
    my ($text) = @_;
    my ($id) = $text =~ /Client ID\s+(\S+)/;
    my ($secret) = $text =~ /Client Secret\s+(gpts_\S+)/;
    return { id => $id, secret => $secret };
}

$clients = "$source/t/clients/node_modules";
$dir = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $dir;
$port = Test::GptOauth::free_port();

subtest 'stage one' => sub {
    walk(qr{^\./demo --detach$}m);
    %env = read_env();
    ok($env{CLIENT_ID}, 'the demo runs') or BAIL_OUT('without it there is no guide');
    walk(qr/^newman run /);
    like(walk(qr/ try /), qr/hello/i, 'the demo client can do everything');
    walk(qr/ user disable alice$/);
    is(Test::GptOauth::run({}, $env{GPTOAUTH}, '--db-conf', $env{DB_CONF}, $guide =~ /`(user enable) (alice)`/ ? (split(/ /, $1), $2) : ())->{status},
        0, '... and what was broken is put right');
};
my $stop = shift @blocks;
like($stop, qr{^\./demo --stop$}m, 'stage one ends');

subtest 'stage two' => sub {
    # No container runs here, and no platform: t/71-docker.t runs what the image consists of.
    like(shift @blocks // '', qr/^docker compose .* up /m, 'a container on the same machine');
    like(shift @blocks // '', qr/^doctl apps create /m, '... and on a platform');
    my $block = shift @blocks // '';
    like($block, qr/^gptoauth doctor$/m, 'the guide has the server examined');
    my $doctor = Test::GptOauth::run({}, $env{GPTOAUTH}, '--db-conf', $env{DB_CONF}, 'doctor');
    like($doctor->{out}, qr/ok/, 'doctor looks at the demo');
    unlike($doctor->{out} . $doctor->{err}, qr/usage|no command/i, '... and knows how');
};

subtest 'stage three' => sub {
    my $client = fields(walk(qr/^gptoauth client add "My GPT" --gpt$/));
    ok($client->{id} && $client->{secret}, 'id and secret are printed');
    my $shown = walk(qr/^gptoauth gpt "My GPT"$/);
    like($shown, qr/Client ID\s+\Q$client->{id}\E/, 'shown again');
    unlike($shown, qr/gpts_/, '... without the secret');
    like($shown, qr{Authorization URL\s+\Q$env{AUTHORIZE_URL}\E$}m, '... with the real URL');

    my $answer = connect_gpt($client, 'g-1');
    is($answer->status, 200, 'the first GPT is connected');
    is(hello($env{HELLO_URL}, $answer->json->{access_token}), 200, '... and calls');
    like(walk(qr/^gptoauth grant list$/), qr/\Q$env{USERNAME}\E/, 'who let it in');

    my $page = authorize($client, 'g-2');
    is($page->status, 400, 'with another callback it is another GPT');
    like($page->body, qr/This is not the GPT that was connected to this server/, '... as the troubleshooting table quotes the page');
    walk(qr/--repin$/);
    $answer = connect_gpt($client, 'g-2');
    is($answer->status, 200, 'let in anew');

    my $new = fields(walk(qr/^gptoauth gpt "My GPT" --new-secret$/));
    is(connect_gpt($client, 'g-2')->status, 200, 'the old secret works on');
    $client->{secret} = $new->{secret};
    my $token = connect_gpt($client, 'g-2')->json->{access_token};
    is(hello($env{HELLO_URL}, $token), 200, 'the new one takes over');
    walk(qr/^gptoauth grant revoke --user alice --client "My GPT"\ngptoauth client disable "My GPT"$/);
    my $deadline = time + 1;
    sleep 0.02 until hello($env{HELLO_URL}, $token) == 401 || time > $deadline;
    is(hello($env{HELLO_URL}, $token), 401, 'taken back, within a second');
};

subtest 'a service key' => sub {
    my ($first) = walk(qr/^gptoauth key add chatgpt$/) =~ /(gptk_\S+)/;
    is(hello($env{SERVICE_URL}, $first), 200, 'the key opens');
    walk(qr/^gptoauth key add chatgpt-2\ngptoauth key list\ngptoauth key revoke chatgpt$/) =~ /(gptk_\S+)/;
    is(hello($env{SERVICE_URL}, $1), 200, 'so does the second');
    my $deadline = time + 1;
    sleep 0.02 until hello($env{SERVICE_URL}, $first) == 403 || time > $deadline;
    is(hello($env{SERVICE_URL}, $first), 403, '... alone, in the end');
};

is_deeply(\@blocks, [], 'nothing of the guide is left out');

# What the table quotes of pages and log lines is what the sources say; an ellipsis stands for what differs.
my $texts = '';
find({ no_chdir => 1, wanted => sub { $texts .= Test::GptOauth::slurp($_) if /\.c$/ } }, "$source/mod_gpt_oauth");
$texts .= Test::GptOauth::slurp("$source/conf/pages/messages/en.json");
$texts =~ s/"\s*\n\s*"//g;
for my $row ($guide =~ /^\| (?!what the user|there|---)(.*) \|$/mg) {
    my @cells = split / \| /, $row;
    next if @cells != 4;
    my @quotes = ($cells[0] =~ /(?:page|403): \*(.+?)\*/g, $cells[2] =~ /`([^`]+)`/g);
    for my $quote (grep { !/^GPTOAuth|^configtest$/ } @quotes) {
        my $found = join '.{0,80}', map { quotemeta } split / ?… ?/, $quote;
        ok(scalar $texts =~ /$found/, "the table quotes what is said: $quote");
    }
}

done_testing();
