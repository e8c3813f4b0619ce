#!/usr/bin/perl
# Who may look at /oauth/status, and where it is served; that each metric of the alerts is there, and Prometheus finds nothing wrong.
use strict;
use warnings;
use FindBin;
use IO::Socket::IP;
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Counted;
use Test::GptOauth::Markdown;
use Test::GptOauth::Process qw(run slurp);

my $status = '/oauth/status';
my $health = '/oauth/health';
my $promtool = "$FindBin::Bin/../build/prometheus/usr/bin/promtool";

# A proxies for the main server and is what a TLS proxy on the same host would be; B the same without a word of whom it speaks for.
# C is a guard, D the issuer as seen through mod_remoteip, E an issuer of https, G one with a database of its own.
my $hosts = <<'EOC';
GPTOAuthAdmin root
GPTOAuthHelpDesk desk
ExtendedStatus On
Listen 127.0.0.1:%%PORT_A%%
Listen 127.0.0.1:%%PORT_B%%
Listen 127.0.0.1:%%PORT_C%%
Listen 127.0.0.1:%%PORT_D%%
Listen 127.0.0.1:%%PORT_E%%
Listen 127.0.0.1:%%PORT_F%%
Listen 127.0.0.1:%%PORT_G%%
<Location /server-status>
    SetHandler server-status
</Location>
<Location /server-status/signed-in>
    SetHandler server-status
    AuthType Basic
    AuthName status
    AuthBasicProvider dbd
    AuthDBDUserPWQuery "SELECT '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' WHERE 'root' = %s"
    Require valid-user
</Location>
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName front.example
    ProxyPreserveHost On
    ProxyPass / http://127.0.0.1:%%PORT%%/
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName front.example
    ProxyAddHeaders Off
    ProxyPreserveHost On
    ProxyPass / http://127.0.0.1:%%PORT%%/
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_C%%>
    ServerName localhost:%%PORT_C%%
    GPTOAuthIssuer http://localhost:%%PORT%% guard
    GPTOAuthResource http://localhost:%%PORT_C%%
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_D%%>
    ServerName localhost:%%PORT_D%%
    GPTOAuthIssuer http://localhost:%%PORT_D%%
    GPTOAuthStatus 192.0.2.0/24 2001:db8::7
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 127.0.0.1
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_E%%>
    ServerName https://id.example
    GPTOAuthIssuer https://id.example
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_F%%>
    ServerName localhost:%%PORT_F%%
    GPTOAuthIssuer http://localhost:%%PORT_F%%
    GPTOAuthStatus none
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_G%%>
    ServerName localhost:%%PORT_G%%
    GPTOAuthIssuer http://localhost:%%PORT_G%%
    DBDriver sqlite3
    DBDParams "%%DIR%%/db/other.db"
</VirtualHost>
EOC

# The virtual host for Prometheus, as the documentation has it, for the issuer of https.
my ($for_prometheus) = Test::GptOauth::Markdown->new('docs/monitoring.md')->take('Monitoring', 'apache');
$for_prometheus =~ s/\b9180\b/%%PORT_H%%/g;
$for_prometheus =~ s/api\.example\.com/id.example/;
$for_prometheus =~ s/^(?=<\/VirtualHost>)/    Include "%%DIR%%\/dbd.conf"\n/m;
$hosts .= $for_prometheus;

my $has_ipv6 = IO::Socket::IP->new(LocalHost => '::1', Listen => 1);
$hosts .= "Listen [::1]:%%PORT_I%%\n" if $has_ipv6;

sub status_at {
    my ($t, $port, %headers) = @_;
    return Test::GptOauth::Http->new($t->port($port))->get("$status?prometheus", headers => [ %{ { Host => 'localhost', %headers } } ])->status;
}

sub test_visitors {
    my ($t) = @_;
    my $here = $t->port;
    is($t->http->get("$status?prometheus", headers => [ Host => $_ ])->status, 200, "at the machine, Host $_") for "localhost:$here", '127.0.0.1', '[::1]:1';
    is($t->http->get($status, headers => [ Host => $_ ])->status, 404, "Host $_ is no name of ours") for 'evil.example', 'front.example', '10.0.0.1', 'localhost.evil.example';
    for my $header ('X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP', 'X-Forwarded-Proto', 'x-forwarded-host') {
        is($t->http->get($status, headers => [ $header => 'for=127.0.0.1' ])->status, 404, "$header: somebody speaks for another");
    }
    my $refused = $t->http->get($status, headers => [ Via => '1.1 x' ]);
    is($t->http->post($status, {}, headers => [ Via => '1.1 x' ])->status, 404, 'POST is answered to nobody else, either');
    for my $header ([ 'Sec-Fetch-Dest', 'empty' ], [ 'Origin', 'https://evil.example' ]) {
        is($t->http->request($_, $status, headers => [ @$header, Via => '1.1 x' ])->status, 404, "... whatever $header->[0] says, $_") for qw(GET POST OPTIONS);
    }
    is($t->http->get($status, headers => [ 'Sec-Fetch-Dest' => 'empty' ])->status, 403, 'who may look looks for himself, and no script of another page');
    is($refused->body, $t->http->get('/oauth/nothing')->body, 'who may not look is told what is said of any address with nothing there');

    is(status_at($t, 'A'), 404, 'through a proxy on the same machine');
    is(status_at($t, 'B', Host => 'front.example'), 404, '... also when it adds nothing, as it asks by its name');
    is(status_at($t, 'C'), 200, 'a guard');
    is(status_at($t, 'E'), 404, 'what comes without TLS to an https issuer may come from a proxy that says nothing');
    is(status_at($t, 'E', Host => 'id.example'), 404, '... by its name, too');
    is(status_at($t, 'F'), 404, 'GPTOAuthStatus none: nobody');
    is(status_at($t, 'H', Host => 'localhost:' . $t->port('H')), 200, '... though at the port that docs/monitoring.md makes for Prometheus');
    is(status_at($t, 'D', 'X-Forwarded-For' => '192.0.2.7'), 200, 'an address of GPTOAuthStatus, as mod_remoteip has it');
    is(status_at($t, 'D', 'X-Forwarded-For' => '2001:db8::7'), 200, '... of IPv6');
    is(status_at($t, 'D', 'X-Forwarded-For' => $_), 404, "another one: $_") for '198.51.100.1', '2001:db8::8';
    is(status_at($t, 'D'), 200, 'at the machine, too');
    return;
}

sub test_ipv6 {
    my ($t) = @_;
    my $url = 'http://[::1]:' . $t->port('I');
    is(run({}, qw(curl -s -o /dev/null -w %{http_code}), "$url$status")->{out}, '200', 'at the machine, by IPv6');
    is(run({}, qw(curl -s -o /dev/null -w %{http_code} -H), 'Forwarded: for=x', "$url$status")->{out}, '404', '... where somebody may speak for another, too');
    return;
}

sub test_people {
    my ($t) = @_;
    my %expected = (root => 200, desk => 404, alice => 404);
    for my $name (sort keys %expected) {
        my $browser = $t->browser;
        $browser->get('/oauth/apps');
        $browser->sign_in($name, $t->user($name));
        my $page = $browser->get($status, headers => [ Via => '1.1 front' ]);
        is($page->status, $expected{$name}, "$name signed in: $expected{$name}");
    }
    return;
}

# That of G: a throttle of G in the other one is nothing to it.
sub make_other_database {
    my ($t) = @_;
    my $conf = $t->write_file('other.conf', qq(DBDriver sqlite3\nDBDParams "%%DIR%%/db/other.db"\n));
    my $migrated = run({}, ($ENV{GPTOAUTH_BUILD} // "$FindBin::Bin/../build") . '/gptoauth', '--db-conf', $conf, 'migrate');
    is($migrated->{status}, 0, 'a second database') or diag $migrated->{err};
    chown 33, 33, glob "$t->{dir}/db $t->{dir}/db/other.db*";
    my $until = time + 9999;
    $t->sql("INSERT INTO oauth_throttle (issuer, kind, name, address, began_at, until_at) VALUES ('http://localhost:${\ $t->port('G') }', 'user', 'alice', '', 1, $until);");
    return;
}

sub test_hosts {
    my ($t) = @_;
    my $guard = Test::GptOauth::Http->new($t->port('C'));
    is($guard->get($health)->body, "ok\n", 'a guard is healthy');
    is($guard->get("$health?ready")->body, "ok\n", '... and ready');
    is($guard->get('/oauth/token')->status, 404, '... and has no other endpoint');
    is(Test::GptOauth::Http->new($t->port('E'))->get("$_", headers => [ Host => 'any.example' ])->status, 200, "$_ over plain http, by any name") for $health, "$health?ready";
    $t->http->get('/api/hello');
    my $of_guard = metrics($t, http => $guard, headers => [ Host => 'localhost' ]);
    my $none = 'gptoauth_guard_verdicts_total{verdict="no_credential"}';
    is($of_guard->{$none}, metrics($t)->{$none}, 'a guard shows the numbers of its issuer');
    is(metrics($t, http => Test::GptOauth::Http->new($t->port('D')))->{$none}, 0, '... and another issuer its own');
    like($t->http->get('/server-status')->body, qr{mod_gpt_oauth: http://localhost:${\ $t->port}<.*All is well.*Codes issued: 0 in the last hour, 0 in all}s, 'mod_status has a block');
    like($t->http->get('/server-status?auto')->body, qr{^GPTOAuth1Issuer: http://localhost:${\ $t->port}\n.*^GPTOAuth1GuardedRequests: \d+\n}ms, '... and lines for machines');
    # mod_authn_dbd holds a connection for the request, to the database of this virtual host.
    my $answer = $t->http->get('/server-status/signed-in?auto', headers => [ Authorization => 'Basic ' . encode_base64('root:password', '') ]);
    my %problems = $answer->body =~ /^GPTOAuth\d+Issuer: \S+:(\d+)\nGPTOAuth\d+Problems: (\d+)$/mg;
    is_deeply([ @problems{ $t->port, $t->port('G') } ], [ 0, 0 ], 'each issuer is asked of its own database, also where httpd has just used another')
        or diag $answer->status, explain \%problems;
    return;
}

sub test_alerts {
    my ($t) = @_;
    my %emitted = map { $_ => 1 } prometheus($t) =~ /^(\w+)/mg;
    my $file = "$FindBin::Bin/../conf/monitoring/alerts.yml";
    my ($path) = slurp($file) =~ /^# +metrics_path: (\S+)$/m;
    my $scraped = $t->http->get($path, headers => [ Accept => 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2' ]);
    like($scraped->body, qr/^# HELP gptoauth_/, 'as the alerts say, Prometheus finds the metrics');
    my $rules = slurp($file) =~ s/^\s*#.*$//mgr;
    my @named = $rules =~ /\b(gptoauth_\w+)/g;
    cmp_ok(scalar @named, '>', 8, 'the alerts name metrics');
    is(join(' ', grep { !$emitted{$_} } @named), '', '... each of which is there');
    SKIP: {
        skip 'promtool is not there: ./check unpacks it', 2 unless -x $promtool;
        my $checked = run({ in => prometheus($t) }, $promtool, 'check', 'metrics');
        is("$checked->{status} $checked->{out}$checked->{err}", '0 ', 'promtool finds nothing wrong with the metrics');
        $checked = run({}, $promtool, 'check', 'rules', $file);
        is($checked->{status}, 0, '... nor with the alerts') or diag "$checked->{out}$checked->{err}";
    }
    return;
}

subtest 'who may look, and where' => sub {
    my $t = Test::GptOauth->new(db => (dbs())[0], conf => $hosts, modules => [qw(authn_dbd remoteip status)], start => 0);
    make_other_database($t);
    $t->start;
    test_visitors($t);
    test_ipv6($t) if $has_ipv6;
    test_people($t);
    test_hosts($t);
    test_alerts($t);
    $t->finish;
};
done_testing;
