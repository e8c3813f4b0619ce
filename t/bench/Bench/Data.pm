package Bench::Data;

# What the database holds, written by SQL as the module would have written it, and the files of credentials from which wrk draws. The
# text of a credential follows from its name, so that each run has the same ones under another key.

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 sha1_base64 sha256 sha256_hex);
use MIME::Base64 qw(encode_base64 encode_base64url);

our $VERIFIER = 'v' x 43;

# For a server of Bench::Server whose tables are empty, and the issuer's public client.
sub new {
    my ($class, $server) = @_;
    my $self = bless { server => $server, runs => 0 }, $class;
    $self->{client} = $server->client_add('bench', public => 1);
    $self->{key} = pack 'H*', $server->sql("SELECT value FROM oauth_setting WHERE name = 'tag_key'");
    return $self;
}

sub client { return $_[0]{client} }

# A credential: prefix, payload and tag (mod_gpt_oauth/base/token.h).
sub mint {
    my ($self, $prefix, $payload) = @_;
    return $prefix . encode_base64url($payload . substr hmac_sha256($prefix . $payload, $self->{key}), 0, 8);
}

sub access_token { my ($self, $name) = @_; return $self->mint('gpta_', sha256($name)) }

# A file in the server's folder with a credential a line.
sub write_lines {
    my ($self, $name, @lines) = @_;
    return $self->{server}->write_file($name, join '', map { "$_\n" } @lines);
}

# ---- access tokens

# Fills the tables: so many live tokens, ten of a grant, of 10,000 users and 1,000 clients; spread among them those whose texts are in
# the file that is returned. The index is made afterwards, which takes a tenth of the time.
sub fill {
    my ($self, $rows, $known) = @_;
    my ($now, $step) = (time, int($rows / $known));
    my @tokens = map { $self->access_token("live $_") } 1 .. $known;
    my $hashes = join '', map { $_ . "\t\\\\x" . sha256_hex($tokens[ $_ - 1 ]) . "\n" } 1 .. $known;
    $self->{server}->sql(<<"EOS");
CREATE TEMPORARY TABLE known (number bigint PRIMARY KEY, hash bytea);
COPY known FROM stdin;
$hashes\\.
INSERT INTO oauth_user (name, password_hash, created_at) SELECT 'user' || n, NULL, $now FROM generate_series(0, 9999) n;
INSERT INTO oauth_client (id, name, is_public, is_gpt, redirect_uris, scope, grant_types, source, created_at)
    SELECT 'client' || n, 'Client ' || n, 1, 0, 'https://rp.example/cb', 'read', 'authorization_code refresh_token', 'admin', $now
    FROM generate_series(0, 999) n;
INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at, used_at)
    SELECT 'grant' || n, '$Bench::Server::ISSUER', 'client' || n % 1000, 'user' || n % 10000, 'read', '', $now, $now + 864000,
        $now + 864000, $now
    FROM generate_series(0, $rows / 10) n;
ALTER TABLE oauth_access_token DROP CONSTRAINT oauth_access_token_pkey;
INSERT INTO oauth_access_token (token_hash, issuer, grant_id, scope, resource, created_at, expires_at)
    SELECT coalesce(hash, sha256(int8send(n))), '$Bench::Server::ISSUER', 'grant' || n / 10, 'read', '', $now, $now + 86400
    FROM generate_series(1, $rows) n LEFT JOIN known ON n % $step = 0 AND number = n / $step;
ALTER TABLE oauth_access_token ADD PRIMARY KEY (token_hash);
EOS
    $self->vacuum;
    return $self->write_lines("tokens-$known", map { "Bearer $_" } @tokens);
}

# A checkpoint now, so that none begins by itself in the middle of a round.
sub vacuum {
    my ($self) = @_;
    my $server = $self->{server};
    $server->cluster->psql($server->database, $_, 'postgres') for 'VACUUM ANALYZE', 'CHECKPOINT';
    return;
}

# The first so many of the tokens that fill knows.
sub some {
    my ($self, $count) = @_;
    return $self->write_lines("some-$count", map { 'Bearer ' . $self->access_token("live $_") } 1 .. $count);
}

# Tokens with a sound tag that are not in the table, as after a purge or a removal; and texts whose tag nobody computed.
sub dead { my ($self, $count) = @_; return $self->write_lines('dead', map { 'Bearer ' . $self->access_token("dead $_") } 1 .. $count) }

sub invented {
    my ($self, $count) = @_;
    return $self->write_lines('invented', map { 'Bearer gpta_' . encode_base64url(sha256($_) . 'not a tag') } 1 .. $count);
}

# Adds tokens that expired long ago, for a purge.
sub add_expired {
    my ($self, $count) = @_;
    my $name = 'expired ' . ++$self->{runs} . ' ';
    $self->{server}->sql(<<"EOS");
INSERT INTO oauth_access_token (token_hash, issuer, grant_id, scope, resource, created_at, expires_at)
    SELECT sha256(convert_to('$name' || n, 'UTF8')), '$Bench::Server::ISSUER', 'grant' || n / 10, 'read', '', 1000, 2000 FROM generate_series(1, $count) n;
EOS
    $self->vacuum;
    return;
}

sub count_expired { my ($self) = @_; return $self->{server}->sql('SELECT count(*) FROM oauth_access_token WHERE expires_at = 2000') }

# ---- names and passwords, for mod_authn_dbd: a digest that costs next to nothing

sub users {
    my ($self, $count) = @_;
    my $password = '{SHA}' . sha1_base64('secret') . '=';
    $self->{server}->sql(<<"EOS");
CREATE TABLE bench_user (name text PRIMARY KEY, password text NOT NULL);
INSERT INTO bench_user SELECT 'user' || n, '$password' FROM generate_series(1, $count) n;
EOS
    $self->vacuum;
    return $self->some_users($count);
}

# The first so many of them.
sub some_users {
    my ($self, $count) = @_;
    return $self->write_lines("users-$count", map { 'Basic ' . encode_base64("user$_:secret", '') } 1 .. $count);
}

# ---- what the token endpoint takes, new for each run; names begin with the run's

sub next_run { my ($self) = @_; return 'run' . ++$self->{runs} . 'x' }

# So many refresh tokens, each of a grant of its own.
sub refresh_tokens {
    my ($self, $count) = @_;
    my ($run, $now, @tokens) = ($self->next_run, time);
    my $rows = '';
    for my $n (0 .. $count - 1) {
        my ($selector, $secret) = (substr(sha256("selector $run$n"), 0, 16), sha256("secret $run$n"));
        push @tokens, $self->mint('gptr_', $selector . pack('N', 1) . $secret);
        $rows .= join("\t", "$run$n", $Bench::Server::ISSUER, $self->{client}{id}, "user$n", 'read', '', $now, $now + 864000,
            $now + 864000, '\\\\x' . sha256_hex($selector), 1, (map { '\\\\x' . $_ } sha256_hex($secret), sha256_hex('salt')), $now + 864000, $now, $now) . "\n";
    }
    $self->{server}->sql(<<"EOS");
COPY oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at, selector_hash, generation,
    secret_hash, salt, refresh_expires_at, rotated_at, used_at) FROM stdin;
$rows\\.
EOS
    return ($run, $self->write_lines('exchange', @tokens));
}

# So many codes, each of a grant of its own that has its selector already (mod_gpt_oauth/grant/chain.h): those of the file, or, for
# pgbench, such whose hash follows from run and number.
sub codes {
    my ($self, $count, $for_pgbench) = @_;
    my ($run, $now, @codes) = ($self->next_run, time);
    @codes = map { $self->mint('gptc_', sha256("code $run$_")) } 0 .. $count - 1 unless $for_pgbench;
    my $hashes = '';
    for my $n (0 .. $count - 1) {
        my ($code, $selector) = $for_pgbench ? ("$run$n", "selector$run$n") : ($codes[$n], substr hmac_sha256("selector\0", $codes[$n]), 0, 16);
        $hashes .= join("\t", $n, map { '\\\\x' . sha256_hex($_) } $code, $selector) . "\n";
    }
    my $challenge = encode_base64url(sha256($VERIFIER));
    my $same = "'$Bench::Server::ISSUER', '$self->{client}{id}', 'user' || number % 10000, 'read', ''";
    $self->{server}->sql(<<"EOS");
CREATE TEMPORARY TABLE code (number bigint, hash bytea, selector bytea);
COPY code FROM stdin;
$hashes\\.
INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at, selector_hash)
    SELECT '$run' || number, $same, $now, $now + 864000, $now + 600, selector FROM code;
INSERT INTO oauth_code (code_hash, transaction_id, grant_id, issuer, client_id, username, scope, resource, redirect_uri,
    redirect_given, challenge, created_at, expires_at)
    SELECT hash, '$run' || number, '$run' || number, $same, '$self->{client}{redirect_uri}', 1, '$challenge', $now, $now + 600 FROM code;
EOS
    return ($run, $self->write_lines('exchange', @codes));
}

1;
