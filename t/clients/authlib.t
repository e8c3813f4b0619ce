#!/usr/bin/perl
# Authlib validates the metadata of the authorization server.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

for my $path ('', '/tenant/one') {
    my %tls = tls();
    my $t = Test::GptOauth->new(%tls, issuer => "$tls{issuer}$path");
    my ($tls, $certificate) = start_tls($t);
    play($t, 'authlib-metadata.py', { issuer => $t->issuer, env => { REQUESTS_CA_BUNDLE => $certificate } });
    $t->finish;
}
done_testing;
