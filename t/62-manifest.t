#!/usr/bin/perl
# The plugin manifest: what it says for each type of auth, who may fetch it, and what configtest says of a wrong one.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my %usual = (
    name_for_human => 'Notes', name_for_model => 'notes', description_for_human => 'Keeps your notes.',
    description_for_model => "Keeps the user's notes: reads, writes and finds them. Unicode: \xc3\xb6.",
    logo_url => 'https://api.example.com/logo.png', contact_email => 'help@example.com', legal_info_url => 'https://api.example.com/legal',
    api_url => 'https://api.example.com/openapi.json',
);

# Lines of a manifest; a value of undef leaves a key out.
sub manifest {
    my %value = (%usual, @_);
    return join '', map { defined $value{$_} ? qq(GPTOAuthManifest $_ "$value{$_}"\n) : () } sort keys %value;
}

my $string = sub { defined $_[0] && !ref $_[0] && $_[0] ne '' };
my $url = sub { $string->($_[0]) && $_[0] =~ m{^https?://[^/\s]+(?:/\S*)?$} };
my $at_most = sub { my ($max) = @_; return sub { $string->($_[0]) && length $_[0] <= $max } };
my $tokens = sub { ref $_[0] eq 'HASH' && !grep { !$string->($_) } values %{ $_[0] } };
my $is = sub { my ($wanted) = @_; return sub { $string->($_[0]) && $_[0] eq $wanted } };

# The published schema: member => test of its value. A member with a question mark may be missing; no other one may be there.
my %auth = (
    none => { type => $is->('none'), 'instructions?' => $string },
    service_http => { type => $is->('service_http'), authorization_type => sub { $_[0] =~ /^(?:bearer|basic)$/ }, verification_tokens => $tokens,
        'instructions?' => $string },
    oauth => { type => $is->('oauth'), client_url => $url, scope => $string, authorization_url => $url,
        authorization_content_type => $is->('application/x-www-form-urlencoded'), verification_tokens => $tokens, 'instructions?' => $string },
);
my %schema = (
    schema_version => $is->('v1'), name_for_human => $at_most->(50), name_for_model => sub { $_[0] =~ /^\w{1,50}$/a },
    description_for_human => $at_most->(120), description_for_model => $at_most->(8000),
    auth => sub { ref $_[0] eq 'HASH' && $auth{ $_[0]{type} } && !faults($_[0], $auth{ $_[0]{type} }) },
    api => sub { !faults($_[0], { type => $is->('openapi'), url => $url, is_user_authenticated => sub { JSON::PP::is_bool($_[0]) } }) },
    logo_url => $url, contact_email => sub { $_[0] =~ /^[^@\s]+@[^@\s]+$/ }, legal_info_url => $url,
);

sub faults {
    my ($object, $schema) = @_;
    return 'no object' unless ref $object eq 'HASH';
    my %test = map { my $name = $_; ($name =~ s/\?$//r => $schema->{$name}) } keys %$schema;
    return join ', ', (map { "$_ is unknown" } grep { !$test{$_} } sort keys %$object),
        (map { "$_ is missing" } grep { !/\?$/ && !exists $object->{$_} } sort keys %$schema),
        map { "$_ is wrong" } grep { $test{$_} && !$test{$_}->($object->{$_}) } sort keys %$object;
}

my $path = '/.well-known/ai-plugin.json';

# One server, restarted for each manifest.
on_each_db({ start => 0 }, sub {
    my ($t) = @_;
    my $origin = 'http://localhost:' . $t->port;
    my %expected = (
        none => { type => 'none' },
        service_http => { type => 'service_http', authorization_type => 'basic', verification_tokens => { openai => '0123abcd', other => 'x-1' } },
        oauth => { type => 'oauth', client_url => "$origin/oauth/authorize", authorization_url => "$origin/oauth/token", scope => 'read',
            authorization_content_type => 'application/x-www-form-urlencoded', verification_tokens => { openai => '0123abcd' },
            instructions => 'Sign in.' },
    );
    my %more = (
        none => [],
        service_http => [ authorization_type => 'basic', 'verification_token.openai' => '0123abcd', 'verification_token.other' => 'x-1' ],
        oauth => [ 'verification_token.openai' => '0123abcd', instructions => 'Sign in.' ],
    );
    for my $type (sort keys %expected) {
        $t->write_conf(conf => manifest(auth => $type, @{ $more{$type} }));
        $t->start;
        my $response = $t->http->get($path);
        is($response->status, 200, "auth $type") or diag $t->error_log;
        my $document = $response->json;
        is(faults($document, \%schema), '', '... by the schema');
        is_deeply($document->{auth}, $expected{$type}, '... auth');
        is($document->{api}{is_user_authenticated} ? 1 : 0, $type eq 'oauth' ? 1 : 0, '... whether users sign in');
        is($document->{description_for_model}, "Keeps the user's notes: reads, writes and finds them. Unicode: \xf6.", '... texts');
        test_answer($t, $response) if $type eq 'oauth';
        $t->stop;
    }
    $t->write_conf(conf => '');
    $t->start;
    is($t->http->get($path)->status, 404, 'without the directive it is not there');
    like($t->http->get($path)->body, qr/<html>/i, '... and the URL is anybody\'s');
});

sub test_answer {
    my ($t, $response) = @_;
    like($response->header('Content-Type'), qr{^application/json\b}, 'JSON');
    is($response->header('Access-Control-Allow-Origin'), '*', 'for pages of every origin');
    like($response->header('Cache-Control'), qr/\bpublic\b.*max-age=\d+/, 'that may be kept');
    my $tag = $response->header('ETag');
    is($t->http->get($path, headers => [ 'If-None-Match' => $tag ])->status, 304, '... and asked for by its tag');
    my $head = $t->http->request('HEAD', $path);
    is($head->status . ' ' . $head->header('Content-Length'), '200 ' . length $response->body, 'HEAD');
    my $post = $t->http->post($path, 'x=1');
    is($post->status . ' ' . $post->header('Allow'), '405 GET, HEAD, OPTIONS', 'POST is refused');
    is($t->http->request('OPTIONS', $path)->status, 204, 'OPTIONS');
    is($t->http->get("$path/x")->status, 404, 'nothing is below it');
    return;
}

my $t = Test::GptOauth->new(db => 'sqlite', start => 0);

sub configtest {
    my ($conf) = @_;
    $t->write_conf(conf => $conf);
    my ($status, $said) = $t->configtest;
    return $status == 0 ? $said : "refused: $said";
}

is(configtest(manifest(auth => 'none')), "Syntax OK\n", 'configtest: a good one');
for my $case (
    [ 'a key twice', "GPTOAuthManifest auth none\nGPTOAuthManifest auth oauth\n", qr/^GPTOAuthManifest auth: this key is already there; keep one/m ],
    [ 'an unknown key', "GPTOAuthManifest name Notes\n", qr/^GPTOAuthManifest name: there is no such key; the keys are name_for_human, .*verification_token\.SERVICE/m ],
    [ 'a long name', 'GPTOAuthManifest name_for_human "' . 'x' x 51 . "\"\n", qr/name_for_human: 51 characters are too many; write 50 at most/ ],
    [ 'a name with spaces', "GPTOAuthManifest name_for_model \"my notes\"\n", qr/name_for_model: write letters, digits and _ only, 50 at most/ ],
    [ 'a long description', 'GPTOAuthManifest description_for_model "' . 'x' x 8001 . "\"\n", qr/8001 characters are too many; write 8000/ ],
    [ 'a type of auth that is none', "GPTOAuthManifest auth user_http\n", qr/auth: write none, service_http or oauth/ ],
    [ 'http', "GPTOAuthManifest logo_url http://example.com/logo.png\n", qr/logo_url: write an absolute https URL/ ],
    [ 'no value', "GPTOAuthManifest auth\n", qr/GPTOAuthManifest takes two arguments/ ],
    [ 'a service without a name', "GPTOAuthManifest verification_token. x\n", qr/write the name of the service after the dot/ ],
    [ 'missing keys', "GPTOAuthManifest auth none\n", qr/GPTOAuthManifest: the manifest lacks name_for_human, .*legal_info_url; write one line for each/ ],
    [ 'no document', manifest(auth => 'none', api_url => undef), qr/GPTOAuthManifest: the manifest lacks api_url.*or GPTOAuthOpenAPI and the file/ ],
    [ 'a scope that is not defined', manifest(auth => 'oauth', scope => 'read wriet'), qr/GPTOAuthManifest: scope names one that is not defined; write GPTOAuthScope/ ],
    [ 'a scope where nobody signs in', manifest(auth => 'none', scope => 'read'), qr/scope belongs to auth oauth, and this is auth none; leave it out/ ],
    [ 'a token for nobody', manifest(auth => 'none', 'verification_token.openai' => 'x'), qr/auth none has no verification_token\.SERVICE; leave it out/ ],
) {
    my ($name, $conf, $expected) = @$case;
    like(configtest($conf), qr/^refused: (?s:.*)$expected/, "configtest: $name");
}
like(configtest(manifest(auth => 'service_http')), qr/GPT040: the manifest has no verification token; .*GPTOAuthManifest verification_token\.NAME TOKEN\nSyntax OK/,
    'configtest: a token that is not there yet is worth a word');
is(configtest(manifest(auth => 'none', api_url => undef) . "GPTOAuthOpenAPI \"$FindBin::Bin/../conf/openapi-hello.json\"\n"), "Syntax OK\n",
    'configtest: the document of GPTOAuthOpenAPI is the one');

done_testing;
