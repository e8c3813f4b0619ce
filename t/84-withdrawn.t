#!/usr/bin/perl
# Client metadata documents that are withdrawn or spoilt, servers that fail or never end, callers that hold up others, and a libcurl
# that cannot do what the defence needs.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Documents;

in_own_network();

sub answer_with { my ($url, $status) = @_; my ($host) = $url =~ m{//([^/]+)}; return write_file("docs/$host/.htaccess", "RewriteEngine on\nRewriteRule ^client.json\$ " . ($status =~ /^3/ ? 'https://other.example/x' : '-') . " [R=$status,L]\n") }
sub host_of { my ($url) = @_; return ($url =~ m{//([^/]+)})[0] }

# A document that was fetched and is due again.
sub kept {
    my ($t, %opt) = @_;
    my $url = publish({}, %opt);
    is(visit($t, $url), '200 consent', "$url is fetched");
    stale($t, $url, 5000);
    return $url;
}

sub test_withdrawn {
    my ($t) = @_;
    for my $status (404, 410, 403, 401, 429, 302) {
        my $url = kept($t);
        my $tokens = $t->tokens_for(as_client($url));
        stale($t, $url, 5000);
        answer_with($url, $status);
        is(visit($t, $url), '400 page', "case 330: a document whose server answers $status is in force no more");
        is(visit($t, $url), '400 page', 'case 330: ... nor while it is not asked again');
        is($t->refresh(as_client($url), $tokens->{refresh_token})->verdict, '200', 'case 218: grants are kept');
    }
    my %spoilt = ('no JSON' => 'gone', 'another client_id' => '{"client_id":"https://x.example/","redirect_uris":["https://rp.example/cb"]}', 'too large' => '{"x":"' . 'x' x 20000 . '"}');
    for my $what (sort keys %spoilt) {
        my $url = kept($t);
        publish($spoilt{$what}, host => host_of($url));
        is(visit($t, $url), '400 page', "case 330: one that is spoilt ($what) neither");
        is(visit($t, $url), '400 page', 'case 330: ... nor while it is not asked again');
    }
    my $url = kept($t);
    write_file('docs/' . host_of($url) . '/.htaccess', "ForceType text/html\n");
    is(visit($t, $url), '400 page', 'case 330: nor one of another type');

    my $once = kept($t);
    answer_with($once, 410);
    is(visit($t, $once), '400 page', 'a document that was withdrawn');
    answer_with($once, 503);
    $t->restart;    # it forgets what failed, and the document is asked for again
    is(visit($t, $once), '400 page', 'case 330: ... is withdrawn while its server is out of order, too');
    unlink "$dir/docs/" . host_of($once) . '/.htaccess';
    $t->restart;
    is(visit($t, $once), '200 consent', 'and in force when it is there again');

    my $quiet = kept($t);
    answer_with($quiet, 503);
    is(visit($t, $quiet), '200 consent', 'case 330: while its server is out of order, the document stands') for 1, 2;
    write_hosts('moves.docs.example' => [$public]);
    my $moved = kept($t, host => 'moves.docs.example');
    write_hosts('moves.docs.example' => ['10.0.0.1']);
    is(visit($t, $moved), '400 page', 'case 330: a name that now leads where nobody may be asked is no silence');
    return;
}

sub test_blame {
    my ($t) = @_;
    my $good = kept($t, host => 'h70.docs.example');
    is(visit($t, publish({ padding => 'x' x 20000 }, host => 'h70.docs.example', file => 'large.json')), '400 page', 'a bad document of that host');
    is(visit($t, publish(undef, host => 'h70.docs.example', file => 'none.json')), '400 page', 'and one that is not there');
    publish({ client_name => 'Anew' }, host => 'h70.docs.example');
    is(visit($t, $good), '200 consent', 'case 330: the good one goes on');
    like($t->browser_of('alice')->page->body, qr/Anew/, 'case 330: ... as it is now');
    is(visit($t, publish({}, host => 'h70.docs.example', file => 'new.json')), '200 consent', 'case 330: and a new one gets in');

    my $withdrawn = kept($t, host => 'h71.docs.example');
    answer_with($withdrawn, 404);
    is(visit($t, publish(undef, host => 'h71.docs.example', file => "x$_.json")), '400 page', 'documents that are not there') for 1 .. 3;
    is(visit($t, $withdrawn), '400 page', 'case 330: ... keep no withdrawn one alive');
    is(visit($t, publish({}, host => "nowhere.docs.example", file => "$_.json")), '400 page', 'a host without an address') for 1, 2;
    my @lines = grep { /GPT033.*nowhere/ } split /\n/, $t->error_log;
    is(scalar @lines, 1, 'is asked once a minute, for whatever document');
    like($lines[0], qr/its host is asked again in a minute/, '... as the log says');
    return;
}

# Answers with a document and, behind it, headers without end; says in a file how many bytes it got rid of.
my $endless = <<'EOS';
#!/usr/bin/perl
$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($url, $count) = ("https://$ENV{HTTP_HOST}/nph-client.json", 0);
my $body = qq({"client_id":"$url","redirect_uris":["https://rp.example/cb"]});
print "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n", 'x' x 0, "\r\n";
printf "%x\r\n%s\r\n0\r\n", length $body, $body;
my $line = 'X-Filler: ' . 'x' x 1000 . "\r\n";
my $end = time + 8;
while ($count < 64_000_000 && time < $end && syswrite STDOUT, $line) { $count += length $line }
open my $out, '>', "$ENV{COUNT_FILE}"; print {$out} $count;
EOS

sub test_trailers {
    my ($t) = @_;
    my $url = publish($endless, host => 'h72.docs.example', file => 'nph-client.json', how => "Options +ExecCGI\nSetHandler cgi-script\nSetEnv COUNT_FILE $dir/counts/count\n");
    chmod 0755, "$dir/docs/h72.docs.example/nph-client.json";
    mkdir "$dir/counts";
    chmod 0777, "$dir/counts";
    my $began = time;
    is(visit($t, $url), '400 page', 'case 331: headers without end behind the document');
    like(last_problem($t), qr/its headers are larger than 64 KB/, 'case 331: ... end at 64 KB, as the log says');
    cmp_ok(time - $began, '<', 4, 'case 331: ... at once');
    is(visit($t, publish({}, how => join '', map { "Header set X-$_ " . 'x' x 4000 . "\n" } 1 .. 20)), '400 page', 'case 331: nor may they stand before it');
    is(visit($t, publish({}, how => join '', map { "Header set X-$_ " . 'x' x 4000 . "\n" } 1 .. 10)), '200 consent', '... beyond 64 KB');
    return;
}

# One address has one turn at a time, so its slow servers hold up nobody else's.
sub test_callers {
    my ($t) = @_;
    $t->write_conf(modules => ['remoteip'], conf => "GPTOAuthClientMetadata fetch\nRemoteIPHeader X-From\nRemoteIPInternalProxy 127.0.0.1\n");
    $t->restart;
    $t->begin_window(40);
    is(visit($t, publish({})), '200 consent', 'alice signs in');
    my $cookies = $t->browser_of('alice')->cookies;
    my $cookie = join '; ', map { "$_=$cookies->{$_}" } keys %$cookies;
    my $get = sub { my ($url, $from) = @_; return [ 'GET', $t->authorize_url(as_client($url)), headers => [ Cookie => $cookie, 'X-From' => $from ] ] };
    my @slow = map { publish({ padding => 'x' x 15000 }, how => "SetOutputFilter RATE_LIMIT\nSetEnv rate-limit 1\n") } 1 .. 40;
    my $good = publish({});
    my @responses = $t->http->parallel([ (map { $get->($_, '192.0.2.1') } @slow), $get->($good, '192.0.2.2') ]);
    is($t->outcome(as_client($good), $responses[-1]), '200 consent', 'case 217: whoever lets forty slow servers be asked');
    cmp_ok($responses[-1]{seconds}, '<', 4, 'case 217: ... holds up nobody at another address');
    my $asked = grep { asked($_) } @slow;
    cmp_ok($asked, '<=', 3, "case 217: ... and is served one after the other ($asked were asked)");
    $t->write_conf(modules => [], conf => 'GPTOAuthClientMetadata fetch');
    return;
}

# A libcurl that refuses one option, told by its number.
sub test_options {
    my ($t) = @_;
    my %option = (PROTOCOLS_STR => 10318, FOLLOWLOCATION => 52, PROXY => 10004, OPENSOCKETFUNCTION => 20163, OPENSOCKETDATA => 10164, WRITEFUNCTION => 20011,
        HEADERFUNCTION => 20079, TIMEOUT_MS => 155, SSL_VERIFYPEER => 64, SSL_VERIFYHOST => 81, SSLVERSION => 32);
    write_file('refuse.c', <<'EOC');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

int curl_easy_setopt(void *curl, int option, ...)
{
    static int (*real)(void *, int, ...);
    const char *refused = getenv("REFUSED_OPTION");
    va_list args;
    void *value;

    va_start(args, option);
    value = va_arg(args, void *);
    va_end(args);
    if (!real) {
        real = (int (*)(void *, int, ...))dlsym(dlopen("libcurl.so.4", RTLD_LAZY), "curl_easy_setopt");
    }
    return refused && atoi(refused) == option ? 48 : real(curl, option, value); /* CURLE_UNKNOWN_OPTION */
}
EOC
    sh("gcc -shared -fPIC -o $dir/refuse.so $dir/refuse.c -ldl");
    local $ENV{LD_PRELOAD} = join ':', grep { length } $ENV{LD_PRELOAD} // '', "$dir/refuse.so";
    for my $name (sort(keys %option), '') {
        local $ENV{REFUSED_OPTION} = $option{$name} // 0;
        $t->restart;
        my $url = publish({});
        is(visit($t, $url), $name ? '400 page' : '200 consent', 'case 314: where libcurl ' . ($name ? "refuses $name" : 'refuses nothing'));
        is(asked($url), $name ? 0 : 1, 'case 314: ... ' . ($name ? 'nothing is fetched' : 'the document is fetched'));
        like(last_problem($t), qr/\Q$url\E: libcurl cannot be told to fetch safely/, 'case 314: ... and the log says why') if $name;
    }
    return;
}

make_network();
my $server = start_server();
on_each_db({ conf => 'GPTOAuthClientMetadata fetch' }, sub {
    my ($t) = @_;
    run_each($t, \&test_withdrawn, \&test_blame, \&test_trailers, \&test_callers);
    test_options($t) if $t->db eq (dbs())[0];
});
stop_server($server);
done_testing;
