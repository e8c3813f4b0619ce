#!/usr/bin/perl
# conf/postman, run by newman against ./demo with the environment that the demo writes: every request and every assertion.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp ();
use FindBin;
use JSON::PP ();
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Clients qw(node package_file);

my $top = abs_path("$FindBin::Bin/..");
my ($collection, $environment) = map { "$top/conf/postman/gpt-oauth.postman_$_.json" } qw(collection environment);
my @dirs;
END { local $?; Test::GptOauth::run({}, "$top/demo", '--stop', '--dir', $_) for @dirs }

sub read_json { return JSON::PP::decode_json(Test::GptOauth::slurp($_[0])) }

# The requests of a folder and those below it.
sub requests { return map { $_->{item} ? requests(@{ $_->{item} }) : $_ } @_ }

my $text = Test::GptOauth::slurp($collection);
my @folders = @{ read_json($collection)->{item} };
my %used = map { $_ => 1 } $text =~ /\{\{([A-Z_]+)\}\}/g;
my @values = @{ read_json($environment)->{values} };
is(join(' ', sort map { $_->{key} } @values), join(' ', sort keys %used), 'the environment holds what the collection uses');
is(join(' ', map { $_->{key} } grep { $_->{type} eq 'secret' && $_->{value} ne '' } @values), '', '... and no secret');

# Answers the requests that were sent; reports what failed.
sub newman {
    my ($dir, $name, @options) = @_;
    my $result = Test::GptOauth::run({}, node(), package_file('newman/bin/newman.js'), 'run', $collection, '-e', "$dir/postman_environment.json",
        qw(--reporters json --reporter-json-export), "$dir/newman.json", @options);
    my $run = read_json("$dir/newman.json")->{run};
    my @failures = map { "$_->{source}{name}: $_->{error}{test}: $_->{error}{message}" } @{ $run->{failures} };
    is(join("\n", @failures), '', "$name: no failure") or diag $result->{err};
    is($result->{status}, 0, '... newman is content');
    return @{ $run->{executions} };
}

for my $db (dbs()) {
    subtest "on $db" => sub {
        my $dir = File::Temp::tempdir('gptoauth-XXXXXX', DIR => '/tmp', CLEANUP => 1);
        chmod 0755, $dir;
        push @dirs, $dir;
        my $started = Test::GptOauth::run({}, "$top/demo", '--detach', '--db', $db, '--dir', $dir, '--port', Test::GptOauth::free_port());
        is($started->{status}, 0, './demo --detach') or return diag $started->{err};
        like($started->{out}, qr{^\s*\Q$_\E$}m, "... says where $_ is") for $collection, "$dir/postman_environment.json";
        is((stat "$dir/postman_environment.json")[2] & 077, 0, '... for nobody else to read');

        my @done = grep { $_->{response} } newman($dir, 'everything');
        # One sign-in is enough for the browser.
        my @wanted = grep { $_->{name} ne 'Sign in' } requests(@folders);
        is(scalar(grep { $_->{item}{name} ne 'Sign in' } @done), scalar @wanted, 'every request was sent');
        is(scalar(grep { $_->{item}{name} eq 'Sign in' } @done), 1, '... and the password once');
        is(join(' ', map { $_->{item}{name} } grep { !@{ $_->{assertions} // [] } } @done), '', '... none without an assertion');
        return if $db ne (dbs())[0];
        newman($dir, "$_->{name}, by itself", '--folder', $_->{name}) for @folders;
    };
}

done_testing;
