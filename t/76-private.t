#!/usr/bin/perl
# What a guard keeps to itself: the credential of a request that others answer in its place, and the answers that were for its sender.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Backend;

my $backend = Test::GptOauth::Backend->new;

my $conf = <<'EOC';
ScriptSock "%%DIR%%/cgisock"
ScriptAlias /cgi/ "%%DIR%%/cgi/"
<Directory "%%DIR%%/cgi">
    CGIPassAuth on
    Require all granted
</Directory>
SetEnvIf Authorization "(.+)" COPY=$1
SetEnvIf X-API-Key "(.+)" COPY_OF_KEY=$1
ProxyPass /sorry %%BACKEND%%
<LocationMatch "^/refused/(proxy|cgi)">
    AuthType GPTOAuth
    GPTOAuthCredentials oauth service header:X-API-Key
    GPTOAuthResource http://localhost:%%PORT%%/refused
    Require user nobody
</LocationMatch>
<Location /refused/proxy>
    ErrorDocument 401 /sorry
    ErrorDocument 403 /sorry
</Location>
<Location /refused/cgi>
    ErrorDocument 401 /cgi/env
    ErrorDocument 403 /cgi/env
</Location>
<Location /passed>
    AuthType GPTOAuth
    Require user nobody
    GPTOAuthPassToken on
    GPTOAuthRequireAudience off
    ErrorDocument 403 /sorry
</Location>
<Location /forbidden>
    AuthType GPTOAuth
    Require all denied
    ErrorDocument 403 /sorry
</Location>
CacheRoot "%%DIR%%/cache"
CacheEnable disk /api
CacheEnable disk /keys
CacheEnable disk /plain.txt
<Location /keys>
    AuthType GPTOAuth
    GPTOAuthCredentials header:X-API-Key
    Require valid-user
</Location>
<Directory "%%DIR%%/htdocs/api">
    RewriteEngine on
    RewriteRule ^inward$ /plain.txt
    Header set X-For expr=%{REMOTE_USER}
</Directory>
%%QUICK%%
EOC

sub test_error_documents {
    my ($t, $token, $key) = @_;
    for my $headers ([ Authorization => "Bearer $token" ], [ Authorization => "Bearer $key" ], [ 'X-API-Key' => $key ]) {
        my ($name, $value) = @$headers;
        my $secret = $value =~ s/^Bearer //r;
        for my $place (qw(proxy cgi)) {
            my $response = $t->http->get("/refused/$place/x", headers => $headers);
            # mod_proxy answers with the status of what it asked.
            like($response->body, $place eq 'cgi' ? qr/^REDIRECT_STATUS=403$/m : qr{^GET /}, "$place: refused in spite of $name, the error document is asked");
            unlike($response->body, qr/\Q$secret\E|^(?:Authorization|X-API-Key):|COPY/mi, '... which sees no credential')
                or diag($response->body =~ s/(gpt._)[\w-]+/$1.../gr);
        }
    }
    my $wrong = $t->http->get('/refused/proxy/x', headers => [ 'X-API-Key' => 'gptk_wrong' ]);
    like($wrong->body, qr{^GET /}, 'a wrong key: so it is');
    unlike($wrong->body, qr/gptk_/, '... and does not see that either');
    unlike($t->fetch('/forbidden', $token)->body, qr/\Q$token\E/, 'nor is what was not looked at');
    is(join(' ', Test::GptOauth::Backend::saw($t->fetch('/passed', $token), 'Authorization')), "Bearer $token",
        'GPTOAuthPassToken on passes it to error documents too');
    is(join(' ', Test::GptOauth::Backend::saw($t->fetch('/sorry', $token), 'Authorization')), "Bearer $token",
        'where nothing is guarded a header is the application\'s');
    return;
}

sub test_caches {
    my ($t, $token, $key) = @_;
    my $other = $t->tokens_for($t->client_add('other'), user => 'bob')->{access_token};
    my %with = (token => [ Authorization => "Bearer $token" ], key => [ 'X-API-Key' => $key ]);
    for my $case ([ token => '/api/notes.txt' ], [ key => '/keys/notes.txt' ], [ token => '/api/inward' ]) {
        my ($kind, $target) = @$case;
        is($t->http->get($target, headers => $with{$kind})->status, 200, "$target: for who has a $kind");
        is($t->http->get($target)->status, 401, '... and for nobody without');
    }
    my $mine = $t->fetch('/api/notes.txt', $other);
    is($mine->header('X-For') . ($mine->header('Age') // ''), 'bob', "nobody is answered what was another user's");
    is($t->http->get('/plain.txt')->status, 200, 'what is open');
    ok(defined $t->http->get('/plain.txt')->header('Age'), '... is kept by the cache');
    return;
}

for my $quick (qw(on off)) {
    on_each_db({ start => 0, modules => [qw(cgid cache cache_disk)] }, sub {
        my ($t) = @_;
        my $dir = $t->dir;
        mkdir "$dir/cache" or die;
        chown 33, 33, "$dir/cache" if $> == 0;
        $t->write_file('cgi/env', "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nenv\n");
        chmod 0755, "$dir/cgi/env" or die;
        $t->write_file('htdocs/keys/notes.txt', "protected data\n");
        utime time - 864_000, time - 864_000, map { "$dir/htdocs/$_" } qw(api/notes.txt keys/notes.txt plain.txt);
        my $text = $conf =~ s/%%BACKEND%%/$backend->url/ger =~ s/%%QUICK%%/CacheQuickHandler $quick/r;
        $t->write_conf(conf => $text);
        $t->start;
        my $key = secret($t->gptoauth_json('key', 'add', 'first')->{service_key});
        my $token = $t->tokens_for($t->client_add('notes'))->{access_token};
        test_error_documents($t, $token, $key) if $quick eq 'on';
        test_caches($t, $token, $key);
    });
}

done_testing;
