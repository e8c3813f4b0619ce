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
    scope => 'scope', grant_types => 'grant_types', resource => 'resource', source => 'source', application_type => 'application_type', map { $_ => $_ } qw(client_uri policy_uri tos_uri));

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

# What `client links` sets, shows, refuses and takes away.
sub test_links {
    my ($t, $id) = @_;
    my @all = ('--website', 'https://notes.example', '--privacy', 'https://notes.example/privacy?v=2', '--terms', 'https://Notes.example:8443/#terms');
    my $links = sub { return [ @{ $_[0] }{qw(client_uri policy_uri tos_uri)} ] };
    is_deeply($links->($t->gptoauth_json('client', 'links', $id, @all)), [ @all[ 1, 3, 5 ] ], 'client links sets them');
    like($t->gptoauth('client', 'show', $id), qr{^Website +https://notes\.example\nPrivacy +https://notes\.example/privacy\?v=2\nTerms +https://Notes\.example:8443/#terms$}m,
        '... and client show shows them');
    for my $url ('http://notes.example/', 'http://localhost/', 'javascript:alert(1)', 'data:text/html,x', 'com.example.app:/x', 'https://bank.example@evil.example/',
        "https://notes.example/\n", "https://notes.example/\xe2\x80\xae", "https://n\xc3\xb6tes.example/", 'https://', 'notes.example', 'https://notes.example/' . 'x' x 2048) {
        for my $command ([ 'add', 'New', '--gpt' ], [ 'links', $id ]) {
            my $got = $t->try_gptoauth('', 'client', @$command, '--website', 'https://good.example/', '--terms', $url);
            ok($got->{status} == 1 && $got->{out} eq '' && $got->{err} =~ /a link is an https URL/, "case 200: client $command->[0] refuses " . JSON::PP->new->encode([ substr $url, 0, 60 ]));
        }
    }
    is_deeply($links->($t->gptoauth_json('client', 'show', $id)), [ @all[ 1, 3, 5 ] ], '... which changes nothing');
    is_deeply($links->($t->gptoauth_json('client', 'links', $id, @all[ 2, 3 ])), [ undef, $all[3], undef ], 'client links replaces all of them');
    like($t->gptoauth('client', 'links', $id), qr/"An app" has no links any more/, '... and takes them away');
    for my $kind ('--service', '--resource-server') {
        like($t->try_gptoauth('', 'client', 'add', 'New', $kind, @all)->{err}, qr/no user is asked/, "links of a client made with $kind");
    }
    return;
}

on_each_db({ conf => "GPTOAuthRegistration open" }, sub {
    my ($t) = @_;
    my $made = $t->gptoauth_json('client', 'add', 'An app', '--public', '--redirect', 'https://rp.example/cb', '--scope', 'read write', '--terms', 'https://c.example/', '--privacy', 'https://b.example/', '--website', 'https://a.example/');
    test_client($t, 'public', client_id => $made->{client_id}, client_name => 'An app', token_endpoint_auth_method => 'none',
        redirect_uris => 'https://rp.example/cb', scope => 'read write', grant_types => 'authorization_code refresh_token', resource => '',
        source => 'admin', application_type => undef, client_uri => 'https://a.example/', policy_uri => 'https://b.example/', tos_uri => 'https://c.example/');
    $t->gptoauth('client', 'links', $made->{client_id}, '--website', 'https://d.example/', '--privacy', 'https://e.example/', '--terms', 'https://f.example/');
    test_client($t, 'changed', client_id => $made->{client_id}, client_name => 'An app', token_endpoint_auth_method => 'none',
        redirect_uris => 'https://rp.example/cb', scope => 'read write', grant_types => 'authorization_code refresh_token', resource => '',
        source => 'admin', application_type => undef, client_uri => 'https://d.example/', policy_uri => 'https://e.example/', tos_uri => 'https://f.example/');
    test_links($t, $made->{client_id});

    $made = $t->gptoauth_json('client', 'add', 'An API', '--resource-server', '--resource', 'https://api.example/');
    test_client($t, 'resource server', client_id => $made->{client_id}, client_name => 'An API', token_endpoint_auth_method => undef,
        redirect_uris => '', scope => '', grant_types => '', resource => 'https://api.example', source => 'admin', application_type => undef);

    my $answer = $t->http->post('/oauth/register', JSON::PP->new->encode({ client_name => 'An editor', redirect_uris => ['http://127.0.0.1/cb'],
        token_endpoint_auth_method => 'none', application_type => 'native', tos_uri => 'https://c.example/', client_uri => 'https://a.example/', policy_uri => 'https://b.example/' }), headers => [ 'Content-Type' => 'application/json' ]);
    test_client($t, 'registered', client_id => $answer->json->{client_id}, client_name => 'An editor', token_endpoint_auth_method => 'none',
        redirect_uris => 'http://127.0.0.1/cb', scope => '', grant_types => 'authorization_code refresh_token', resource => '',
        source => 'registered', application_type => 'native', client_uri => 'https://a.example/', policy_uri => 'https://b.example/', tos_uri => 'https://c.example/');
    is($t->sql("SELECT count(*) FROM oauth_client WHERE issuer = '" . $t->issuer . "' AND metadata_hash IS NOT NULL AND seen_at = created_at;") + 0, 1,
        'at this issuer, by its metadata, seen now');
});

done_testing;
