#!/usr/bin/perl
# Counters and gauges of /oauth/status, provoked: the one sample that it is about grows by as much as was done, and no other of its
# family. And that the alerts ask for values that labels have, and that probes have the database asked once a second at most.
# t/15-limits.t has passwords, connections and the audit log, and t/15-fetched.t what needs a network of its own.
use strict;
use warnings;
use Digest::SHA ();
use FindBin;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Counted;
use Test::GptOauth::Faults;
use Test::GptOauth::Process qw(slurp);
use Test::GptOauth::Waiting;

my $conf = <<'EOC';
GPTOAuthAdmin root
GPTOAuthRegistration open
GPTOAuthOpenAPI openapi.json
%%MANIFEST%%<Location /keyed>
    AuthType GPTOAuth
    GPTOAuthCredentials service
    Require valid-user
</Location>
<Location /mixed>
    AuthType GPTOAuth
    GPTOAuthCredentials oauth service
    Require valid-user
</Location>
<Location /forbidden>
    AuthType GPTOAuth
    Require user nobody
</Location>
Listen 127.0.0.1:%%PORT_A%%
Listen 127.0.0.1:%%PORT_B%%
# An issuer of https without TLS, and where its numbers can be seen.
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName id.example
    GPTOAuthIssuer https://id.example
</VirtualHost>
<VirtualHost 127.0.0.1:%%PORT_B%%>
    ServerName localhost:%%PORT_B%%
    GPTOAuthIssuer https://id.example guard
    GPTOAuthResource http://localhost:%%PORT_B%%
    GPTOAuthStatus 127.0.0.1
    Include "%%DIR%%/dbd.conf"
</VirtualHost>
EOC

my %manifest = (auth => 'oauth', name_for_human => 'Notes', name_for_model => 'notes', description_for_human => 'Keeps notes.', description_for_model => 'Keeps notes.',
    logo_url => 'https://x.example/logo', contact_email => 'x@x.example', legal_info_url => 'https://x.example/legal', api_url => 'https://x.example/openapi.json');
$conf =~ s/%%MANIFEST%%/join '', map { qq(GPTOAuthManifest $_ "$manifest{$_}"\n) } sort keys %manifest/e;

my $dead = 7;    # rows that housekeeping finds when httpd starts

sub verdict { my ($verdict) = @_; return sample('guard_verdicts_total', verdict => $verdict) }
sub requests { my ($endpoint, $result) = @_; return sample('requests_total', endpoint => $endpoint, result => $result) }
sub throttled { my ($kind) = @_; return sample('throttled_total', throttle => $kind) }

# ---- the module's own URLs

sub test_requests {
    my ($t, $client) = @_;
    my $counts = sub { my ($what, $endpoint, $result, $do) = @_; return grows($t, "$what is counted once, as $result", { requests($endpoint, $result) => 1 }, $do) };
    my $get = sub { my ($endpoint, $result, $url) = @_; return $counts->("a GET of $url", $endpoint, $result, sub { $t->http->get($url) }) };
    $get->($_, 'refused', "/oauth/$_") for qw(authorize token revoke introspect register);
    $get->($_, 'success', "/oauth/$_") for qw(apps console logo health);
    $get->('other', 'refused', '/oauth/nothing');
    $get->('metadata', 'success', '/.well-known/oauth-authorization-server');
    $get->('resource', 'success', '/.well-known/oauth-protected-resource/api');
    $get->('manifest', 'success', '/.well-known/ai-plugin.json');
    $get->('openapi', 'success', '/openapi.json');
    $counts->('an app that is sent back', 'authorize', 'redirect', sub { $t->http->get($t->authorize_url($client, scope => 'nope')) });
    my ($body, @headers) = $t->token_body($client, { grant_type => 'refresh_token', refresh_token => 'wrong' });
    my $refresh = sub { $t->http->post('/oauth/token', $body, headers => \@headers) };
    without_table($t, 'oauth_client', sub { $counts->('a token request without the table of clients', 'token', 'failed', $refresh) });
    my $hello = $t->tokens_for($client, params => { scope => 'hello' })->{access_token};
    $counts->('a greeting', 'hello', 'success', sub { $t->hello($hello) });
    return;
}

sub test_status_itself {
    my ($t) = @_;
    my @counts = map { counted($t)->{ requests('status', 'success') } } 1, 2;
    is($counts[1] - $counts[0], 1, 'the status page counts itself');
    return;
}

# ---- apps

sub test_tokens {
    my ($t, $client) = @_;
    my $robot = $t->client_add('robot', service => 1);
    my $issued = sub { my ($type) = @_; return sample('tokens_issued_total', grant_type => $type) };
    $t->tokens_for($client);    # consents
    my %audit = (audit_lines_written_total => 1, audit_lines_lost_total => 0);
    my $code = grows($t, 'a code is counted when it is issued, and a line of the audit log', { codes_issued_total => 1, tokens_issued_total => 0, audit_lines_written_total => 1 },
        sub { $t->code_for($client) });
    my $tokens = grows($t, '... a token for it', { codes_issued_total => 0, $issued->('authorization_code') => 1, %audit }, sub { $t->redeem($code)->json });
    grows($t, '... none when the code comes again', { tokens_issued_total => 0, %audit }, sub { $t->redeem($code) });
    $tokens = $t->tokens_for($client);
    grows($t, '... one for a refresh token', { $issued->('refresh_token') => 1, %audit }, sub { $t->refresh($client, $tokens->{refresh_token}) });
    grows($t, '... and one for a service account', { codes_issued_total => 0, $issued->('client_credentials') => 1, %audit },
        sub { $t->token_request($robot, { grant_type => 'client_credentials' }) });
    return;
}

sub register { my ($t, $name) = @_; return [ POST => '/oauth/register', headers => [ 'Content-Type' => 'application/json' ],
    body => JSON::PP->new->canonical->encode({ client_name => $name, redirect_uris => ["https://rp.example/$name"], token_endpoint_auth_method => 'none' }) ] }

sub test_registrations {
    my ($t) = @_;
    my $counts = sub {
        my ($what, $result, @request) = @_;
        return grows($t, "$what is counted as $result", { sample('registrations_total', result => $result) => 1 }, sub { $t->http->request(@request) });
    };
    $counts->('an app that registers', 'new', @{ register($t, 'app') });
    $counts->('... the same one again', 'known', @{ register($t, 'app') });
    $counts->('... one with a bad address', 'refused', @{ register($t, "\n") });
    $counts->('... one that sends no JSON', 'refused', POST => '/oauth/register', body => 'x');
    return;
}

# ---- what is guarded

# Where a token's row is.
sub row_of { my ($t, $token) = @_; my $hash = Digest::SHA::sha256_hex($token); return $t->is_pgsql ? "token_hash = '\\x$hash'" : "token_hash = X'$hash'" }

sub test_verdicts {
    my ($t, $client) = @_;
    my $notes = '/api/notes.txt';
    my $counts = sub {
        my ($verdict, $status, $do) = @_;
        my $response = grows($t, "a guarded request is counted as $verdict", { verdict($verdict) => 1 }, $do);
        is($response->status, $status, "... and answered $status");
    };
    my $with = sub { my ($url, $token, @more) = @_; return sub { $t->fetch($url, $token, @more) } };
    my %token = map { $_ => $t->tokens_for($client)->{access_token} } qw(good unknown expired);
    my $revoked = $t->tokens_for($client);
    my $bound = $t->tokens_for($client, params => { resource => $t->issuer . '/api', scope => 'write' })->{access_token};
    my $off = $t->client_add('off');
    my $disabled = $t->tokens_for($off)->{access_token};
    $t->gptoauth('client', 'disable', $off->{id});
    $t->sql('DELETE FROM oauth_access_token WHERE ' . row_of($t, $token{unknown}) . ';');
    $t->sql('UPDATE oauth_access_token SET expires_at = 1 WHERE ' . row_of($t, $token{expired}) . ';');
    $t->revoke($client, { token => $revoked->{refresh_token} });

    $counts->('allowed', 200, $with->($notes, $token{good}));
    $counts->('preflight', 204, $with->($notes, undef, method => 'OPTIONS', headers => [ Origin => 'https://x.example', 'Access-Control-Request-Method' => 'GET' ]));
    $counts->('no_credential', 401, $with->($notes));
    $counts->('malformed', 401, $with->($notes, "$token{good} twice"));
    $counts->('foreign_token', 401, $with->($notes, 'nonsense'));
    $counts->('unknown_token', 401, $with->($notes, $token{unknown}));
    $counts->('expired_token', 401, $with->($notes, $token{expired}));
    $counts->('revoked_token', 401, $with->($notes, $revoked->{access_token}));
    $counts->('disabled', 401, $with->($notes, $disabled));
    $counts->('other_resource', 401, $with->('/write/notes.txt', $bound));
    my $key = secret('gptk_' . 'x' x 40);
    $counts->('wrong_key', $_ eq 'keyed' ? 403 : 401, $with->("/$_/x", $key)) for qw(keyed mixed);
    $counts->('insufficient_scope', 403, $with->('/write/notes.txt', $token{good}));
    $counts->('forbidden', 403, $with->('/forbidden/x', $token{good}));
    my $new = $t->tokens_for($client)->{access_token};
    without_table($t, 'oauth_access_token', sub {
        grows($t, 'an operation without an answer is counted', { database_failures_total => 1, verdict('unavailable') => 1 }, $with->($notes, $new));
    });
    my %https = (http => Test::GptOauth::Http->new($t->port('B')), headers => [ Host => 'localhost:' . $t->port('B') ]);
    grows($t, 'a guarded request without TLS, at an issuer of https, is counted there', { verdict('plain_http') => 1 },
        sub { Test::GptOauth::Http->new($t->port('A'))->get($notes, headers => [ Host => 'id.example' ]) }, %https);
    return;
}

# Only where cached answers count: of others nothing is said here.
sub test_cache {
    my ($t, $client) = @_;
    my $is_on = $t->{cache} ne 'off';
    my $token = $t->tokens_for($client)->{access_token};
    ok(wait_for(sub { counted($t)->{listener_up} == $is_on }), 'listener_up says whether cached answers count');
    my $look = sub { $t->token_works($token) };
    my ($hit, $miss) = map { sample('cache_lookups_total', result => $_) } qw(hit miss);
    grows($t, 'a token that was not asked for is looked for in vain', { $miss => $is_on ? 1 : 0 }, $look);
    grows($t, '... and found the next time', { $hit => $is_on ? 1 : 0 }, $look);
    # More than the cache has room for.
    my ($scopes, $long) = (join(' ', map { "scope-number-$_" } 1 .. 60), $t->tokens_for($client)->{access_token});
    $t->sql("UPDATE oauth_access_token SET scope = scope || ' $scopes' WHERE " . row_of($t, $long) . ';');
    grows($t, 'an answer that is too long is not kept, which is counted', { cache_too_long_total => $is_on ? 2 : 0, $miss => $is_on ? 2 : 0 },
        sub { is($t->token_works($long), 1, 'a token of many scopes is good') for 1, 2 });
    return;
}

# ---- throttles

# So many are let pass, and the next one is counted.
sub holds_back {
    my ($t, $kind, $limit, $request, %also) = @_;
    my $do = sub { my ($count) = @_; my %count; $count{ $t->http->request(@{ $request->($_) })->status }++ for 1 .. $count; return \%count };
    grows($t, "$kind: $limit are not throttled", { throttled($kind) => 0 }, sub { $do->($limit) });
    my $last = grows($t, '... and the next one is counted', { throttled($kind) => 1, %also }, sub { $do->(1) });
    is_deeply($last, { 429 => 1 }, '... which is answered 429');
    return;
}

sub test_throttles {
    my ($t, $client) = @_;
    my $of_client = sub {
        my ($secret) = @_;
        my ($body, @headers) = $t->token_body({ %$client, secret => $secret }, { grant_type => 'refresh_token', refresh_token => 'wrong' });
        return sub { [ POST => '/oauth/token', body => $body, headers => \@headers ] };
    };
    my $key = secret('gptk_' . 'y' x 40);
    $t->restart;    # nothing is counted yet
    $t->begin_window(25);
    holds_back($t, 'client', 100, $of_client->(secret('not its secret')), requests('token', 'throttled') => 1);
    holds_back($t, 'grant', 300, $of_client->($client->{secret}));
    holds_back($t, 'key', 100, sub { [ GET => '/keyed/x', headers => [ Test::GptOauth::Flow::bearer($key) ] ] }, verdict('throttled') => 1);
    my $name = 0;
    holds_back($t, 'registration', 300, sub { register($t, 'many-' . ++$name) }, sample('registrations_total', result => 'refused') => 1);
    return;
}

# ---- gauges

sub test_keys {
    my ($t) = @_;
    my %one = (service_keys_ending => 1, sample('problem', problem => 'keys') => 1);
    $t->key_add('brief', '--expires', '100d');
    my $now = int time;
    grows($t, 'service_keys_ending counts a key that is about to end', \%one,
        sub { $t->sql("UPDATE oauth_service_key SET created_at = $now - 8640000, expires_at = $now + 86400 WHERE name = 'brief';") });
    grows($t, '... until it is revoked', { map { $_ => -$one{$_} } keys %one }, sub { $t->gptoauth(qw(key revoke brief)) });
    return;
}

sub test_schema {
    my ($t) = @_;
    my $schema = $t->sql("SELECT value FROM oauth_setting WHERE name = 'schema';") =~ s/\s+//gr;
    my %one = (schema_fits => 1, sample('problem', problem => 'schema') => -1, database_up => 0);
    my $set = sub { my ($value) = @_; return sub { $t->sql("UPDATE oauth_setting SET value = '$value' WHERE name = 'schema';") } };
    is(counted($t)->{database_up}, 1, 'database_up while it answers');
    grows($t, 'schema_fits is 0 with an older schema, while the database is up', { map { $_ => -$one{$_} } keys %one }, $set->(1));
    test_ready($t, 503, sub { scalar(() = $t->error_log =~ /: not ready: /g) });
    grows($t, '... and 1 again', \%one, $set->($schema));
    return;
}

# asked: how often the database has been asked.
sub test_ready {
    my ($t, $status, $asked) = @_;
    my $ask = sub { return $t->http->get('/oauth/health?ready')->status };
    ok(wait_for(sub { $ask->() == $status }), "a probe is answered $status");
    my ($before, $began) = ($asked->(), time);
    ok(!(grep { $ask->() != $status } 1 .. 50), '... as fifty more are');
    cmp_ok($asked->() - $before, '<=', 1 + int(time - $began), '... for whom a process asks the database once a second at most');
    ok(wait_for(sub { $ask->(); $asked->() > $before + 1 }), '... but again when it is over');
    return;
}

# PostgreSQL notes what it is asked.
sub test_ready_well {
    my ($t) = @_;
    my $cluster = $t->cluster;
    my $set = sub { my ($value) = @_; $cluster->psql('postgres', "ALTER SYSTEM SET log_statement = '$value'; SELECT pg_reload_conf();", 'postgres') };
    $set->('all');
    test_ready($t, 200, sub { scalar(() = $cluster->log =~ /name = 'schema' AND value::integer >=/g) });
    $set->('none');
    return;
}

sub test_without_database {
    my ($t) = @_;
    my %gone = (database_up => -1, listener_up => $t->{cache} eq 'off' ? 0 : -1);
    grows($t, 'database_up and listener_up are 0 without the database', \%gone, sub { $t->cluster->stop });
    grows($t, '... and 1 when it is back', { map { $_ => -$gone{$_} } keys %gone }, sub { $t->cluster->start });
    return;
}

# Label names that Prometheus itself adds are not looked for.
sub test_alerts {
    my ($t) = @_;
    my (%values, @wrong, $found);
    for my $sample (keys %{ counted($t) }) {
        my ($name, $labels) = $sample =~ /^(\w+)\{(.*)\}$/ or next;
        $values{"$name $1"}{$2} = 1 while $labels =~ /(\w+)="([^"]*)"/g;
    }
    my $rules = slurp("$FindBin::Bin/../conf/monitoring/alerts.yml") =~ s/^\s*#.*$//mgr;
    while ($rules =~ /\bgptoauth_(\w+)\{([^{}]*)\}/g) {
        my ($name, $matchers) = ($1, $2);
        while ($matchers =~ /(\w+)\s*([!=]~?)=?\s*"([^"]*)"/g) {
            my ($label, $how, $wanted) = ($1, $2, $3);
            next if $label =~ /^(?:job|instance)$/;
            for my $value ($how =~ /~/ ? split /\|/, $wanted : $wanted) {
                $found++;
                my $pattern = $how =~ /~/ ? qr/^(?:$value)$/ : qr/^\Q$value\E$/;
                push @wrong, "$name\{$label=$value}" unless grep { $_ =~ $pattern } keys %{ $values{"$name $label"} // {} };
            }
        }
    }
    cmp_ok($found, '>', 5, "the alerts ask for values of labels: $found");
    is_deeply(\@wrong, [], '... each of which there is');
    return;
}

sub seed {
    my ($t) = @_;
    my $hash = $t->is_pgsql ? "sha256(('dead' || n)::bytea)" : "CAST(printf('%-32s', 'dead' || n) AS BLOB)";
    $t->sql("INSERT INTO oauth_session (session_hash, issuer, username, created_at, expires_at) WITH RECURSIVE numbers (n) AS"
            . " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $dead) SELECT $hash, 'i', 'u', 1, 2 FROM numbers;");
    return;
}

on_each_db({ start => 0, conf => $conf, allow => [qr/AH00632|AH00633|AH00636/] }, sub {
    my ($t) = @_;
    seed($t);
    $t->write_file('openapi.json', slurp("$FindBin::Bin/../conf/openapi-hello.json"));
    $t->start;
    ok(wait_for(sub { counted($t)->{purged_rows_total} >= $dead }), 'what housekeeping deletes is counted');
    is(counted($t)->{purged_rows_total}, $dead, '... row by row');
    my $client = $t->client_add('Counters');
    test_status_itself($t);
    test_requests($t, $client);
    test_tokens($t, $client);
    test_registrations($t);
    test_verdicts($t, $client);
    test_cache($t, $client);
    test_throttles($t, $client);
    test_keys($t);
    test_schema($t);
    test_alerts($t);
    return if !$t->is_pgsql;
    test_ready_well($t);
    test_without_database($t);
});
done_testing;
