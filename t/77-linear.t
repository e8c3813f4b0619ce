#!/usr/bin/perl
# Work per request grows with its bytes and no faster, whatever they are: against a request of the same size that says nothing, in one
# process with one worker, whose memory stays with it once it has been used.
use strict;
use warnings;
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $ROUNDS = 5;
my $REQUESTS = 20;    # in each
my $CPU = 2;          # times as much as the other, and SLACK seconds
my $SLACK = 0.00015;
my $MEMORY = 128;     # KB: some copies of what is sent, and a pointer to each word of it
($CPU, $MEMORY) = (20, 200_000) if $ENV{GPTOAUTH_SANITIZE};    # the sanitizers watch the module alone, and give nothing back

$ENV{MALLOC_TRIM_THRESHOLD_} = $ENV{MALLOC_MMAP_THRESHOLD_} = 1 << 28;
$ENV{MALLOC_ARENA_MAX} = 1;

my ($db) = dbs();
my $t = Test::GptOauth->new(db => $db, cache => 'off', conf => <<'EOC');
StartServers 1
ServerLimit 1
ThreadsPerChild 1
MaxRequestWorkers 1
MinSpareThreads 1
MaxSpareThreads 1
MaxMemFree 0
MaxKeepAliveRequests 0
LogLevel warn gpt_oauth:crit
GPTOAuthRegistration open
<Location /cors>
    AuthType GPTOAuth
    GPTOAuthAllowOrigin https://app.example
    GPTOAuthCredentials oauth service header:X-API-Key
    Require valid-user
</Location>
EOC
my $client = $t->client_add('notes');
$t->http->get('/plain.txt');    # what answers is the child
chomp(my $pid = do { local (@ARGV, $/) = "/proc/$t->{pid}/task/$t->{pid}/children"; <> });
($pid) = $pid =~ /(\d+)/ or die "httpd has no child\n";

# Seconds that the process has computed so far.
sub cpu {
    my $sum = 0;
    for my $file (glob "/proc/$pid/task/*/schedstat") {
        open my $in, '<', $file or next;
        $sum += (split / /, <$in> // 0)[0];
    }
    return $sum / 1e9;
}

# KB that are its own.
sub memory {
    open my $in, '<', "/proc/$pid/smaps_rollup" or die "smaps_rollup: $!\n";
    return (map { /^Private_Dirty: +(\d+) kB/ ? $1 : () } <$in>)[0];
}

sub seconds_for {
    my ($request) = @_;
    my $began = cpu();
    $t->http->request(@$request) for 1 .. $REQUESTS;
    return (cpu() - $began) / $REQUESTS;
}

sub median { my @sorted = sort { $a <=> $b } @_; return $sorted[ @sorted / 2 ] }

# Both are [method, target, options]. Calm first, so that what all requests need is there.
sub compare {
    my ($name, $calm, $hostile) = @_;
    seconds_for($calm) for 1, 2;
    my $before = memory();
    seconds_for($hostile);
    my $grown = memory() - $before;
    my (@calm, @hostile);
    for (1 .. $ROUNDS) {
        push @calm, seconds_for($calm);
        push @hostile, seconds_for($hostile);
    }
    my ($usual, $seconds) = (median(@calm), median(@hostile));
    cmp_ok($grown, '<=', $MEMORY, "case 304: $name: memory");
    cmp_ok($seconds, '<=', $CPU * $usual + $SLACK, sprintf 'case 304: %s: %d of %d microseconds', $name, $seconds * 1e6, $usual * 1e6);
    return;
}

sub repeated { my ($text, $size) = @_; return substr $text x ($size / length($text) + 1), 0, $size }

# Into a header, against the same bytes in X-Padding.
sub compare_header {
    my ($name, $target, $header, $text, %opt) = @_;
    my @always = @{ $opt{headers} // [] };
    my $method = $opt{method} // 'GET';
    compare("$header of $name", [ $method, $target, headers => [ @always, 'X-Padding' => $text ] ], [ $method, $target, headers => [ @always, $header => $text ] ]);
    return;
}

my $size = 8000;
my ($tag) = map { /^gpt-oauth-form-([^=]+)/ } $t->http->get($t->authorize_url($client))->headers('Set-Cookie');

compare_header(@$_) for (
    map({ my $text = $_; [ "'$text'", '/plain.txt', 'Connection', repeated($text, $size) ] } 'a,', ',', ';', 'a;', 'a ', '",', 'X-OAuth-User,', "\t,"),
    map({ my $text = $_; [ "'$text'", '/plain.txt', 'Cookie', repeated($text, $size) ] } 'a;', 'a=1; ', ';', ' ,', 'gpt-oauth-', 'gpt-oauth-form-;', "gpt-oauth-form-$tag=1;"),
    map({ my $text = $_; [ "'$text'", '/oauth/authorize', 'Cookie', repeated($text, $size) ] } 'a;', "gpt-oauth-form-$tag=1;"),
    map({ my $text = $_; [ "'$text'", '/cors/x', 'Authorization', repeated($text, $size) ] } 'Bearer ', 'a,', ' '),
    map({ my $text = $_; [ "'Bearer' and '$text'", '/cors/x', 'Authorization', 'Bearer ' . repeated($text, $size) ] } 'gpta_', 'a ', '=', '.'),
    map({ my $text = $_; [ "'Basic' and '$text'", '/cors/x', 'Authorization', 'Basic ' . encode_base64(repeated($text, $size * 3 / 4), '') ] } ':', 'gptk_', 'a:'),
    [ "'a,'", '/cors/x', 'X-API-Key', repeated('a,', $size) ],
    map({ my $text = $_; [ "'$text'", '/cors/x', 'Accept', repeated($text, $size) ] } 'a/a,', ',', 'a;q=0,', ';'),
    map({ my $text = $_; [ "'$text'", '/oauth/authorize', 'Accept-Language', repeated($text, $size) ] } 'a,', 'de;q=0,', ';'),
    map({ my $header = $_; [ "'a,'", '/cors/x', $header, repeated('a,', $size), method => 'OPTIONS',
            headers => [ Origin => 'https://app.example', 'Access-Control-Request-Method' => 'GET' ] ] } 'Access-Control-Request-Headers', 'X-Other'),
    [ "'a,'", '/cors/x', 'Origin', repeated('a,', $size) ],
    [ "'application/json;'", '/oauth/token', 'Content-Type', repeated('application/json;', $size), method => 'POST' ],
);

# Many headers, each to be removed.
my @spellings = map { my $bits = $_; (join '', map { $bits & 1 << $_ ? uc substr('x_oauth_user', $_, 1) : substr('x_oauth_user', $_, 1) } 0 .. 11) } 1 .. 90;
compare('90 spellings of X-OAuth-User', [ GET => '/plain.txt', headers => [ map { ("X-Padding-$_" => 'x') } 1 .. 90 ] ],
    [ GET => '/plain.txt', headers => [ map { ($_ => 'x' x 4) } @spellings ] ]);

# Into the query, against the same bytes in a value.
my $valid = 'response_type=code&client_id=' . $client->{id} . '&code_challenge=' . 'a' x 43 . '&code_challenge_method=S256';
for my $text ('&', '=&', 'a&', 'a=&', '%', '=%41&', 'a=%41&', 'client_id=x&', '+') {
    compare("query of '$text'", [ GET => '/oauth/authorize?x=' . repeated('a', 7800) ], [ GET => '/oauth/authorize?' . repeated($text, 7800) ]);
    compare("... in a sound request", [ GET => "/oauth/authorize?$valid&x=" . repeated('a', 7500) ], [ GET => "/oauth/authorize?$valid&" . repeated($text, 7500) ])
        if $text !~ /client|%$|^a/;
}
compare("query of '$_'", [ GET => "/oauth/authorize?$valid&state=" . repeated('a', 7500) ], [ GET => "/oauth/authorize?$valid&$_=" . repeated('a+', 7500) ])
    for qw(scope prompt resource);
compare("query of '$_=a&'", [ GET => "/oauth/authorize?$valid&state=" . repeated('a', 7500) ], [ GET => "/oauth/authorize?$valid&" . repeated("$_=a&", 7500) ])
    for qw(resource);
compare('access_token= in the query', [ GET => '/cors/x?a=' . repeated('a', 7800), headers => [ Authorization => 'Bearer aaaa' ] ],
    [ GET => '/cors/x?a=' . repeated('access_token=', 7800), headers => [ Authorization => 'Bearer aaaa' ] ]);

# Into bodies, against the same bytes in a value.
my $large = 60000;
my $names = join '&', map { 'a' x 400 . "$_=" } 100 .. 227;
for my $endpoint (qw(/oauth/token /oauth/revoke /oauth/introspect /oauth/authorize)) {
    for my $text ('&', '=&', 'a&', 'a=&', '%', '=%41&', '+') {
        compare("form of '$text' at $endpoint", [ POST => $endpoint, body => 'x=' . repeated('a', $large) ], [ POST => $endpoint, body => repeated($text, $large) ]);
    }
    compare("names that begin alike at $endpoint", [ POST => $endpoint, body => 'x=' . repeated('a', length $names) ], [ POST => $endpoint, body => $names ]);
}
compare("form of many '$_'", [ POST => '/oauth/authorize', body => "$valid&$_=" . repeated('a', $large) ], [ POST => '/oauth/authorize', body => "$valid&$_=" . repeated('a+', $large) ])
    for qw(scope prompt resource);
my $form = 'transaction=' . 'A' x 22 . '.' . time . '&mac=x&shown=x';
my @key = (headers => [ Cookie => "gpt-oauth-form-$tag=" . 'A' x 43 ]);
compare("a form with '$_'", [ POST => '/oauth/authorize', body => "$form&x=" . repeated('a', $large) ], [ POST => '/oauth/authorize', body => "$form&request=" . repeated($_, $large), @key ])
    for '%26', 'a';
my @json = (headers => [ 'Content-Type' => 'application/json' ]);
my $calm = '{"a":"' . repeated('a', $large) . '"}';
my $count = 0;
for my $endpoint (qw(/oauth/token /oauth/register)) {
    my %hostile = (
        numbers => '{"a":[1' . repeated(',1', $large) . ']}',
        strings => '{"redirect_uris":[""' . repeated(',""', $large) . ']}',
        members => '{"a":1' . join('', map { ",\"$_\":1" } 1 .. $large / 9) . '}',
        'one name' => '{"a":1' . repeated(',"a":1', $large) . '}',
        lists => '{"a":' . '[' x $large,
        'closed lists' => '{"a":[' . '[],' x ($large / 3) . '1]}',
        objects => repeated('{"a":', $large),
        escapes => '{"a":"' . repeated('\\u0041', $large) . '"}',
        quotes => '{"a":"' . repeated('\\"', $large) . '"}',
        commas => '{' . ',' x $large,
    );
    compare("JSON of $_ at $endpoint", [ POST => $endpoint, body => $calm, @json ], [ POST => $endpoint, body => $hostile{$_}, @json ]) for sort keys %hostile;
}
$t->finish;
done_testing;
