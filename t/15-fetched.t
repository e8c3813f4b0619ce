#!/usr/bin/perl
# What /oauth/status counts of the documents of apps: those that are asked for, by what came of it, and those that are not, as one
# address wants too many.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Counted;
use Test::GptOauth::Documents;

in_own_network();

my $limit = 60;    # of documents for one address in five minutes
my $throttled = sample('throttled_total', throttle => 'document');

sub fetched { my ($result) = @_; return sample('documents_fetched_total', result => $result) }
sub answers { my ($status) = @_; return (how => "RewriteEngine on\nRewriteRule ^client.json\$ - [R=$status,L]\n") }

sub test_results {
    my ($t) = @_;
    visit($t, publish({}));    # signs in
    my $counts = sub {
        my ($what, $result, @document) = @_;
        my $url = publish(@document);
        grows($t, "$what is counted as $result", { fetched($result) => 1, $throttled => 0 }, sub { visit($t, $url) });
        return $url;
    };
    my $good = $counts->('a document', 'success', {});
    grows($t, '... once, as it is kept', { fetched('success') => 0 }, sub { visit($t, $good) });
    $counts->('none', 'refused', undef);
    $counts->('one that is no JSON', 'refused', {}, how => "ForceType text/html\n");
    $counts->('one at a private address', 'refused', {}, host => 'private.docs.example');
    my $silent = $counts->('a server that fails', 'silent', {}, answers(503));
    grows($t, '... once, as it is not asked again for a minute', { fetched('silent') => 0 }, sub { visit($t, $silent) });
    $counts->('a name that leads nowhere', 'silent', {}, host => 'nowhere.docs.example');
    return;
}

sub test_throttle {
    my ($t) = @_;
    $t->begin_window(20);
    my @urls = map { publish({}, host => 'h50.docs.example', file => "$_.json") } 0 .. $limit;
    my $last = pop @urls;
    grows($t, "$limit documents for one address are fetched", { fetched('success') => $limit, $throttled => 0 }, sub { visit($t, $_) for @urls });
    grows($t, '... and the next one is not, which is counted', { fetched('success') => 0, $throttled => 1 }, sub { visit($t, $last) });
    return;
}

make_network();
my $server = start_server();
on_each_db({ conf => 'GPTOAuthClientMetadata fetch' }, sub {
    my ($t) = @_;
    run_each($t, \&test_results, \&test_throttle);
});
stop_server($server);
done_testing;
