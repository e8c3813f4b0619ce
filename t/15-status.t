#!/usr/bin/perl
# /oauth/status and /oauth/health: the numbers are those of what was done, also over a graceful restart; who may look; the forms; and
# what both say while the database is out of reach.
use strict;
use warnings;
use FindBin;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Faults;
use Test::GptOauth::Process qw(slurp);

my $status = '/oauth/status';
my $rounds = 20;

# The numbers by name and labels.
sub metrics {
    my ($t, %opt) = @_;
    my $body = $t->http->get("$status?prometheus", %opt)->body;
    return { $body =~ /^(gptoauth_\S+) (\S+)$/mg };
}

# What has grown between two of them, and by how much.
sub growth {
    my ($before, $after, @names) = @_;
    return { map { $_ => $after->{$_} - $before->{$_} } grep { $after->{$_} != $before->{$_} } @names ? @names : keys %$after };
}

# Names that the test itself, the clock or the cache's luck moves.
my $loose = qr{endpoint="(?:status|health)"|_seconds|password_hash|database_op|listener|cache|gptoauth_pool|problem};

sub flows {
    my ($t, $client, $count) = @_;
    my $browser = $t->browser_of('alice');
    for (1 .. $count) {
        my $code = $t->code_for($client, browser => $browser);
        my $tokens = $t->redeem($client, $code)->json;
        $t->redeem($client, $code);                                  # spent, and the end of its grant
        $t->hello($tokens->{access_token});                          # so this is refused
        my $good = $t->tokens_for($client, browser => $browser);
        $t->hello($good->{access_token});
        $t->refresh($client, $good->{refresh_token});
        $t->http->get('/api/hello');
    }
    return;
}

sub check_flows {
    my ($t) = @_;
    my $client = $t->client_add('Numbers');
    flows($t, $client, 1);    # signs in, and is asked for consent
    my $before = metrics($t);
    flows($t, $client, $rounds / 2);
    $t->signal_graceful;
    flows($t, $client, $rounds / 2);
    my $grown = growth($before, metrics($t));
    delete $grown->{$_} for grep { /$loose/ } keys %$grown;
    return $grown;
}

on_each_db({ conf => 'GPTOAuthAdmin root' }, sub {
    my ($t) = @_;
    my $page = $t->http->get("$status?prometheus");
    is($page->status, 200, 'who sits at the machine may look');
    diag $page->body if $ENV{STATUS_SHOW};
    diag explain metrics($t) if !%{ metrics($t) };
});
done_testing;
