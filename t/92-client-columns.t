#!/usr/bin/perl
# Each text of a client stands in its own column and comes back from there: two of them swapped, in an INSERT or in the reader, show here.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my %columns = (client_id => 'id', client_name => 'name', token_endpoint_auth_method => 'auth_method', redirect_uris => 'redirect_uris',
    scope => 'scope', grant_types => 'grant_types', resource => 'resource', source => 'source', application_type => 'application_type');

# What `gptoauth client show` reads, and what the table holds.
sub test_client {
    my ($t, $what, %expected) = @_;
    my $shown = $t->gptoauth_json('client', 'show', $expected{client_id});
    for my $key (sort keys %columns) {
        my $value = $shown->{$key};
        is(ref $value ? join(' ', @$value) : $value, $expected{$key}, "$what: $key is read");
        chomp(my $stored = $t->sql("SELECT coalesce($columns{$key}, '') FROM oauth_client WHERE id = '$expected{client_id}';"));
        is($stored, $expected{$key} // '', "$what: $key is written");
    }
    return;
}

on_each_db({ conf => "GPTOAuthRegistration open" }, sub {
    my ($t) = @_;
    my $made = $t->gptoauth_json('client', 'add', 'An app', '--public', '--redirect', 'https://rp.example/cb', '--scope', 'read write');
    test_client($t, 'public', client_id => $made->{client_id}, client_name => 'An app', token_endpoint_auth_method => 'none',
        redirect_uris => 'https://rp.example/cb', scope => 'read write', grant_types => 'authorization_code refresh_token', resource => '',
        source => 'admin', application_type => undef);

    $made = $t->gptoauth_json('client', 'add', 'An API', '--resource-server', '--resource', 'https://api.example/');
    test_client($t, 'resource server', client_id => $made->{client_id}, client_name => 'An API', token_endpoint_auth_method => undef,
        redirect_uris => '', scope => '', grant_types => '', resource => 'https://api.example', source => 'admin', application_type => undef);

    my $answer = $t->http->post('/oauth/register', JSON::PP->new->encode({ client_name => 'An editor', redirect_uris => ['http://127.0.0.1/cb'],
        token_endpoint_auth_method => 'none', application_type => 'native' }), headers => [ 'Content-Type' => 'application/json' ]);
    test_client($t, 'registered', client_id => $answer->json->{client_id}, client_name => 'An editor', token_endpoint_auth_method => 'none',
        redirect_uris => 'http://127.0.0.1/cb', scope => '', grant_types => 'authorization_code refresh_token', resource => '',
        source => 'registered', application_type => 'native');
    is($t->sql("SELECT count(*) FROM oauth_client WHERE issuer = '" . $t->issuer . "' AND metadata_hash IS NOT NULL AND seen_at = created_at;") + 0, 1,
        'at this issuer, by its metadata, seen now');
});

done_testing;
