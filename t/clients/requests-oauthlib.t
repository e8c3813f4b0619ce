#!/usr/bin/perl
# requests-oauthlib, which does what a GPT does.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

my $redirect = 'https://chatgpt.com/aip/g-1bc9e788468a358cb5138906b5c6d706d0ecb2cc/oauth/callback';

on_each_db({ tls() }, sub {
    my ($t) = @_;
    my ($tls, $certificate) = start_tls($t);
    for my $client ($t->gptoauth_json(qw(client add open --gpt)), $t->gptoauth_json(qw(client add pinned --gpt --redirect), $redirect)) {
        secret($client->{client_secret});
        my %facts = (issuer => $t->issuer, client => $client, redirect => $redirect, env => { REQUESTS_CA_BUNDLE => $certificate });
        play($t, 'requests-oauthlib.py', \%facts, expire => sub { expire_tokens($t) }, revoke => sub { revoke_grants($t) });
    }
});
done_testing;
