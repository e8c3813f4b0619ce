#!/usr/bin/perl
# The OpenAPI document: what is filled in, who may fetch it, and what configtest says of it. Other people's importers read it in
# t/clients/openapi.t.
use strict;
use warnings;
use File::Temp ();
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Files;

my $hello = Test::GptOauth::slurp("$FindBin::Bin/../conf/openapi-hello.json");
my $json = JSON::PP->new->canonical;

# Three APIs: tokens (the usual pages of the harness), a key in Authorization, and a key in a header of its own.
my $conf = <<'EOC';
GPTOAuthOpenAPI openapi.json
<Location /hello>
    SetHandler gpt-oauth-hello
</Location>
<Location /service>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require valid-user
</Location>
<Location /service/both>
    GPTOAuthCredentials oauth service
</Location>
<Location /keyed>
    AuthType GPTOAuth
    GPTOAuthCredentials header:X-Api-Key
    Require valid-user
</Location>
<Location /documents>
    SetHandler gpt-oauth-openapi
</Location>
EOC

sub operation { my ($id, %more) = @_; return { operationId => $id, responses => { 200 => { description => 'x' } }, %more } }

sub document {
    my ($paths, %more) = @_;
    return $json->encode({ openapi => '3.1.0', info => { title => 'x', version => '1' }, paths => $paths, %more });
}

# Serves this document, and answers what is fetched.
sub served {
    my ($t, $text) = @_;
    $t->stop;
    $t->write_file('openapi.json', $text);
    $t->start;
    return $t->http->get('/openapi.json')->json;
}

sub schemes { my ($document) = @_; return [ $document->{components}{securitySchemes}, $document->{security} ] }

sub test_hello {
    my ($t) = @_;
    my $origin = 'http://localhost:' . $t->port;
    my $document = served($t, $hello);
    is_deeply($document->{servers}, [ { url => $origin } ], 'servers: this one');
    my $scopes = { read => 'Read your notes', write => 'Change your notes', admin => 'Administer everybody\'s notes', hello => 'Be greeted' };
    my $flow = { authorizationUrl => "$origin/oauth/authorize", tokenUrl => "$origin/oauth/token", scopes => $scopes };
    is_deeply(schemes($document), [ { GPTOAuth => { type => 'oauth2', flows => { authorizationCode => $flow } } }, [ { GPTOAuth => ['read'] } ] ],
        'the security scheme: its URLs and scopes, and the default ones wanted');
    my $sent = $json->decode($hello);
    is_deeply($document->{paths}, $sent->{paths}, 'the operations are as they were written');
    is_deeply([ map { $document->{paths}{'/hello'}{$_}{security} } qw(get post) ], [ [], [] ], '... security: [] among them');
    is_deeply($document->{components}{schemas}, $sent->{components}{schemas}, 'so are the schemas');
    return;
}

sub test_answer {
    my ($t) = @_;
    my $response = $t->http->get('/openapi.json', headers => [ Host => 'evil.example', 'X-Forwarded-Host' => 'evil.example' ]);
    unlike($response->body, qr/evil/, 'case 224: the name of this server is not what the request says');
    like($response->header('Content-Type'), qr{^application/json\b}, 'JSON');
    is($response->header('Access-Control-Allow-Origin'), '*', 'for pages of every origin');
    like($response->header('Cache-Control'), qr/\bpublic\b.*max-age=\d+/, 'that may be kept');
    is($t->http->get('/openapi.json', headers => [ 'If-None-Match' => $response->header('ETag') ])->status, 304, '... and asked for by its tag');
    is($t->http->request('HEAD', '/openapi.json')->header('Content-Length'), length $response->body, 'HEAD');
    is($t->http->post('/openapi.json', '{}')->status, 405, 'POST is refused');
    is($t->http->request('OPTIONS', '/openapi.json')->status, 204, 'OPTIONS is not');
    is($t->http->get('/openapi.json/x')->status, 404, 'nothing is below it');
    is($t->http->get('/documents')->body, $response->body, 'by SetHandler it is elsewhere too');
    return;
}

sub test_security {
    my ($t) = @_;
    my $get = sub { return { map { ($_ => { get => operation("o$_") }) } @_ } };
    my %scheme = (
        oauth => sub { ($_[0][0]{GPTOAuth}{type} // '') eq 'oauth2' && $json->encode($_[0][1]) eq '[{"GPTOAuth":["read"]}]' },
        bearer => sub { $json->encode($_[0]) eq '[{"GPTOAuth":{"scheme":"bearer","type":"http"}},[{"GPTOAuth":[]}]]' },
        header => sub { $json->encode($_[0]) eq '[{"GPTOAuth":{"in":"header","name":"X-Api-Key","type":"apiKey"}},[{"GPTOAuth":[]}]]' },
    );
    for my $case (
        [ 'service keys', 'bearer', document($get->('/service/x', '/hello')) ],
        [ 'a key in a header', 'header', document($get->('/keyed')) ],
        [ 'keys, below the path of the server', 'bearer', document($get->('/x/{id}'), servers => [ { url => '/service' } ]) ],
        [ 'keys, below a server that is this one', 'bearer', document($get->('/x'), servers => [ { url => 'http://localhost:%%PORT%%/service/' } ]) ],
        [ 'tokens and keys', 'oauth', document($get->('/service/both')) ],
        [ 'keys here and tokens there', 'oauth', document($get->('/service/x', '/api/notes.txt')) ],
        [ 'a name that begins alike', 'oauth', document($get->('/services')) ],
        [ 'nothing guarded', 'oauth', document($get->('/hello')) ],
    ) {
        my ($name, $scheme, $text) = @$case;
        my $found = schemes(served($t, $text));
        ok($scheme{$scheme}->($found), "$name: $scheme") or diag($json->encode($found));
    }
    is_deeply(served($t, document($get->('/api/x')))->{components}{schemas}, {}, 'components have schemas, or the GPT builder refuses them');
    my $own = served($t, document($get->('/api/x'), security => [ { mine => ['write'] } ],
        components => { securitySchemes => { mine => { type => 'oauth2', description => 'Sign in', flows => { authorizationCode => { authorizationUrl => 'https://x', tokenUrl => '/y', scopes => {} } } } } }));
    is_deeply($own->{security}, [ { mine => ['write'] } ], 'a security of the document stays');
    my ($mine) = $own->{components}{securitySchemes}{mine};
    is($mine->{description}, 'Sign in', '... so do name and description of its scheme');
    like($mine->{flows}{authorizationCode}{tokenUrl}, qr{^http://localhost:\d+/oauth/token$}, '... and the URLs are the real ones');
    is_deeply([ keys %{ $own->{components}{securitySchemes} } ], ['mine'], '... in one scheme');
    return;
}

# The sections that cover a path, as httpd merges them; a key's own section is the innermost.
sub test_sections {
    my ($t) = @_;
    my $guard = sub { my ($path, $ways) = @_; return "<Location $path>\nAuthType GPTOAuth\nGPTOAuthCredentials $ways\nRequire valid-user\n</Location>\n" };
    my $says = sub { my ($path, $ways) = @_; return "<Location $path>\nGPTOAuthCredentials $ways\n</Location>\n" };
    my $key = "<Location /a/b/c>\nGPTOAuthServiceKey env:T_KEY\n</Location>\n";
    local $ENV{T_KEY} = 'k' x 32;
    for my $case (
        [ 'one section', 'service', $guard->('/a', 'service') ],
        [ 'an inner one behind an outer one', 'service', $guard->('/a', 'oauth'), $says->('/a/b', 'service') ],
        [ 'and the other way about', 'oauth', $guard->('/a', 'service'), $says->('/a/b', 'oauth') ],
        [ 'an outer one behind an inner one', 'oauth', $says->('/a/b', 'service'), $guard->('/a', 'oauth') ],
        [ 'and the other way about', 'service', $says->('/a/b', 'oauth'), $guard->('/a', 'service') ],
        [ 'one path twice', 'oauth', $guard->('/a', 'service'), $says->('/a', 'oauth') ],
        [ 'and the other way about', 'service', $guard->('/a', 'oauth'), $says->('/a', 'service') ],
        [ 'with a slash at the end', 'service', $guard->('/a', 'oauth'), $says->('/a/', 'service') ],
        [ 'beside one that begins alike', 'service', $guard->('/a', 'service'), $says->('/a/b/cc', 'oauth'), $guard->('/aa', 'oauth') ],
        [ 'one that says nothing of it last', 'service', $guard->('/a', 'service'), "<Location /a/b>\nRequire valid-user\n</Location>\n" ],
    ) {
        my ($name, $expected, @sections) = @$case;
        my $conf = join '', "GPTOAuthOpenAPI openapi.json\n", @sections;
        $t->write_conf(conf => $conf);
        my $document = served($t, document({ '/a/b/c' => { get => operation('o') } }));
        is((values %{ $document->{components}{securitySchemes} })[0]{type} eq 'oauth2' ? 'oauth' : 'service', $expected, "$name: openapi.json");
        my $challenge = $t->http->get('/a/b/c')->header('WWW-Authenticate') // '';
        is($challenge =~ /\bscope=/ ? 'oauth' : 'service', $expected, '... the guard') or diag($challenge);
        $t->write_conf(conf => $conf . $key);
        my (undef, $said) = $t->configtest;
        is($said =~ /GPTOAuthServiceKey opens nothing here/ ? 'oauth' : 'service', $expected, '... and configtest') or diag($said);
    }
    return;
}

# On one database: none is asked.
my $t = Test::GptOauth->new(db => 'sqlite', conf => $conf, start => 0);
test_hello($t);
test_answer($t);
test_security($t);
test_sections($t);
$t->write_conf(conf => $conf);
served($t, $hello);
is($t->http->get('/openapi.json')->status, 200, 'httpd serves what it read when it started');
unlink $t->dir . '/openapi.json' or die;
is($t->http->get('/openapi.json')->status, 200, '... whatever becomes of the file');
$t->write_conf(conf => '');
$t->restart;
is($t->http->get('/openapi.json')->status, 404, 'without the directive it is not there');
like($t->http->get('/openapi.json')->body, qr/<html>/i, '... and the URL is anybody\'s');
$t->finish;

# ---- configtest

sub configtest {
    my ($text, %opt) = @_;
    $t->write_file('openapi.json', $text);
    my $issuer = $opt{issuer} // 'https://api.example.com';
    $t->write_conf(conf => "ServerName $issuer\n" . ($opt{conf} // $conf), issuer => $issuer);
    my ($status, $said) = $t->configtest;
    return ($status ? 'refused: ' : '') . $said;
}

sub warnings_of { my ($said) = @_; return [ map { s/^GPT042: \S+openapi\.json: //r } grep { /^GPT042/ } split /\n/, $said ] }

my $bad = document(
    {
        '/long' => { get => operation('long', summary => 's' x 301, description => 'd' x 301) },
        '/nameless' => { get => { responses => {} } },
        '/twice' => { get => operation('long') },
        '/parameters' => { get => operation('parameters', parameters => [ { '$ref' => '#/components/parameters/p' },
            { name => 'q', in => 'query', description => 'p' x 701, schema => { type => 'string' } } ]) },
        '/objects' => { post => operation('objects', requestBody => { content => { 'application/json' => { schema => { type => 'object' } } } },
            responses => { 200 => { description => 'x', content => { 'application/json' => { schema => { type => 'array', items => { type => 'object' } } } } } }) },
    },
    servers => [ { url => 'https://api.example.org' }, { url => 'not a URL' } ],
    components => { schemas => { Loose => { type => 'object' } } }
);
is(configtest($hello), "Syntax OK\n", 'configtest: the shipped document, without a word');
my $said = configtest($bad);
like($said, qr/^Syntax OK$/m, 'configtest: what the builder refuses is no error of httpd\'s');
is_deeply([ sort @{ warnings_of($said) } ], [ sort
    'servers: its server api.example.org has another root domain than the issuer\'s api.example.com, and the GPT builder wants one for both',
    'servers: server 2 is not an https URL, so the GPT builder finds no valid one; leave servers out to have it filled in',
    'GET /long (long): its summary has 301 characters, and the GPT builder accepts 300',
    'GET /long (long): its description has 301 characters, and the GPT builder accepts 300',
    'GET /nameless: there is no operationId, by which a GPT knows the operation; write one',
    'GET /twice (long): the operationId is that of GET /long (long) too; each needs one of its own',
    'GET /parameters (parameters): parameter 1 is a $ref, which the GPT builder leaves out; write the parameter itself',
    'GET /parameters (parameters), parameter q: its description has 701 characters, and the GPT builder accepts 700',
    'POST /objects (objects), response 200.items: an object schema without properties: the GPT builder accepts it in an answer, but the GPT learns nothing about what is in it',
    map { "$_: an object schema without properties, which the GPT builder refuses; name what is in it" }
        'POST /objects (objects), request body', 'components.schemas.Loose' ],
    'configtest: each with its operation') or diag($said);
like(configtest(document({ map { ("/p$_" => { get => operation("o$_") }) } 1 .. 31 })), qr/GPT042: \S+: paths: 31 operations, and the GPT builder accepts 30/,
    'configtest: too many operations');
my $long = warnings_of(configtest(document({ map { ("/p$_" => { get => operation("o$_", summary => 'x' x 301) }) } 1 .. 200 })));
is(scalar @$long, 51, 'configtest: of many findings the first 50');
like($long->[50], qr/^and 15\d more/, '... and how many more there are');
like(configtest(document({ '/x' => { get => operation('x', 'x-notes' => 'x' x 100_000) } })), qr/GPT042: \S+: the document: \d+ characters; .*reads 100000/,
    'configtest: a long document');
like(configtest(document({ '/x' => { get => operation('x', 'x-notes' => 'x' x 1_000_000) } })), qr/GPT042: \S+: the document: \d+ bytes, and the GPT builder accepts 1 MB/,
    'configtest: a longer one');
like(configtest(document({ '/x' => { get => operation('x') } }, components => { securitySchemes => { k => { type => 'apiKey', in => 'header', name => 'X' } } })),
    qr/GPT043: \S+: none of its security schemes is of the type that this server needs; leave securitySchemes out/, 'configtest: a scheme that would not do');

like(configtest(document({ '/x' => { get => operation('x') } }, openapi => '3.0.3')), qr/GPT042: \S+: openapi: version 3\.0\.3, and the GPT builder accepts only 3\.1\.0 and 3\.1\.1/,
    'configtest: version 3.0');

for my $case (
    [ 'a byte order mark', "\xef\xbb\xbf{}", qr/this file begins with a byte order mark \(BOM\)/ ],
    [ 'YAML', "openapi: 3.1.0\npaths: {}\n", qr/this is not a JSON object; YAML has to be converted/ ],
    [ 'broken JSON', qq({\n  "openapi": "3.1.0",\n  "paths": {},\n}\n), qr/line 4, column 1 is not JSON: / ],
    [ 'another version', '{"swagger":"2.0","paths":{}}', qr/this is not an OpenAPI document of version 3\.0 or 3\.1/ ],
    [ 'no paths', '{"openapi":"3.1.0"}', qr/this OpenAPI document has no paths object/ ],
    [ 'an empty file', '', qr/this is not a JSON object/ ],
) {
    my ($name, $text, $expected) = @$case;
    like(configtest($text), qr/^refused: (?s:.*)GPT217: GPTOAuthOpenAPI \S+openapi\.json: $expected/, "configtest: $name");
}
like(configtest('{}', conf => "GPTOAuthOpenAPI openapi.json\n<Location /openapi.json>\nAuthType GPTOAuth\nRequire valid-user\n</Location>"),
    qr{AuthType GPTOAuth for /openapi\.json can guard nothing}, 'configtest: a guard that would not be in force');
like(configtest('{}', conf => 'GPTOAuthOpenAPI none.json'), qr/GPT217: GPTOAuthOpenAPI \S+none\.json: it cannot be read: No such file/, 'configtest: no file');
my $awkward = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);
like(configtest('{}', conf => "GPTOAuthOpenAPI $_->[1]"), qr/GPTOAuthOpenAPI \S+: it cannot be read: .*$_->[2]/i, "configtest: $_->[0]")
    for Test::GptOauth::Files::awkward($awkward, 16 * 1024 * 1024 + 1);

done_testing;
