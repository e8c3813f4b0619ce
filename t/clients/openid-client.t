#!/usr/bin/perl
# openid-client, with all its checks on, over TLS.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::Clients;

on_each_db({ tls('GPTOAuthRegistration open') }, sub { play_over_tls($_[0], 'openid-client.mjs') });
done_testing;
