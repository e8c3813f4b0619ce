package Bench::Rows;

# What is measured, a row of a table each: name, table, what it is compared with (base), words; warm, which comes once before the first
# round, and run, which answers a result of Bench::Load.

use strict;
use warnings;
use Bench::Load;

# Name, base, words, server, path, file of credentials, whether it is refused.
sub requests {
    my ($some, $many, $rows) = @_;
    return (
        [ 'floor', 'floor', 'floor: a handler, no check', 'plain', '/floor', 'some' ],
        [ 'floor-hello', 'floor-hello', 'floor: the bytes of our hello', 'plain', '/floor-hello', 'some' ],
        [ 'hello', 'floor-hello', 'our hello, open', 'on', '/hello', 'some' ],
        [ 'guard-one', 'floor', 'guard, 1 token', 'on', '/guard', 'one' ],
        [ 'guard-some', 'floor', "guard, $some tokens", 'on', '/guard', 'some' ],
        [ 'guard-many', 'floor', "guard, $many tokens", 'on', '/guard', 'many' ],
        [ 'dbd', 'floor', "mod_authn_dbd, $some users", 'plain', '/dbd', 'users' ],
        [ 'socache-few', 'floor', 'mod_authn_socache over it, 100 users', 'plain', '/socache', 'few' ],
        [ 'socache', 'floor', "mod_authn_socache over it, $some users", 'plain', '/socache', 'users' ],
        [ 'off', 'dbd', "guard without its table, $some tokens of $many", 'off', '/guard', 'some' ],
        [ 'off-rows', 'off', "guard without its table, $many tokens of $rows", 'rows', '/guard', 'rows' ],
        [ 'invented', 'floor', 'guard, invented tokens: 401', 'on', '/guard', 'invented', 1 ],
        [ 'dead', 'floor', "guard, $some dead tokens: 401", 'on', '/guard', 'dead', 1 ],
        [ 'forbidden', 'floor', 'guard, insufficient scope: 403', 'on', '/forbidden', 'some', 1 ],
    );
}

sub request_row {
    my ($setup, $opt, $name, $base, $words, $on, $path, $from, $refused) = @_;
    my %draw = (path => $path, connections => $opt->{connections}, refused => $refused);
    my $walk = sub {
        my ($rate) = @_;
        my $file = $setup->file($from);
        my $seconds = 1 + int((-s $file) / 70 / $rate);    # for each line once
        return Bench::Load::draw($setup->server($on), { %draw, file => $file, walk => 1, seconds => $seconds });
    };
    my $warm = sub { return $walk->(4000) };
    my $run = sub {
        my $server = $setup->server($on);
        $walk->(20_000) if $on eq 'on' && !$refused;       # what the table had is forgotten after GPTOAuthCacheTTL
        return Bench::Load::observe($server, sub { Bench::Load::draw($server, { %draw, file => $setup->file($from), seconds => $opt->{seconds} }) });
    };
    return { name => $name, table => 'requests', base => $base, words => $words, warm => $warm, run => $run };
}

# A good token on 4 connections, and what runs beside it. Floods come on 16 that pause between two requests, which makes some thousand a
# second: the processor has room left, since what waits for a processor says nothing of the guard.
sub beside_rows {
    my ($setup, $opt) = @_;
    my $good = sub { return { path => '/guard', connections => 4, seconds => $opt->{seconds}, file => $setup->file('some') } };
    my $flood = sub {
        my ($from, $refused) = @_;
        return sub {
            my $server = $setup->server('on');
            my %flood = (path => '/guard', connections => 16, pause => 3, file => $setup->file($from), refused => $refused);
            return Bench::Load::observe($server, sub { Bench::Load::draw_beside($server, $good->(), \%flood) });
        };
    };
    my $alone = sub { my $server = $setup->server('on'); return Bench::Load::observe($server, sub { Bench::Load::draw($server, $good->()) }) };
    my $purge = sub { return Bench::Load::draw_beside_purge($setup->server('on'), $good->(), $setup->data, $opt->{expired}) };
    my @rows = (
        [ 'quiet', 'a good token, alone', $alone ],
        [ 'beside-good', '… beside a flood of good tokens', $flood->('some', 0) ],
        [ 'beside-invented', '… beside a flood of invented ones', $flood->('invented', 1) ],
        [ 'beside-dead', '… beside a flood of dead ones', $flood->('dead', 1) ],
        [ 'beside-purge', "… beside a purge of $opt->{expired} expired ones", $purge ],
    );
    return map { { name => $_->[0], table => 'beside', base => 'quiet', words => $_->[1], warm => $_->[2], run => $_->[2] } } @rows;
}

# The token endpoint, and PostgreSQL alone with the one statement that cannot be spared.
sub token_rows {
    my ($setup, $opt, $connections) = @_;
    my @rows;
    for ([qw(rotate refresh)], [qw(redeem code)]) {
        my ($script, $kind) = @$_;
        my @with = ($connections, $opt->{seconds});
        my %row = (table => 'tokens', base => "$script-$connections", warm => sub { $setup->file('many') });
        push @rows,
            { %row, name => "$script-$connections", words => "pgbench: $script.pgbench, $connections connections",
                run => sub { Bench::Load::pgbench($setup->server('on'), $setup->data, $script, @with) } },
            { %row, name => "$kind-$connections", words => "token endpoint: $kind, $connections connections",
                run => sub { Bench::Load::exchange($setup->server('on'), $setup->data, $kind, @with) } };
    }
    return @rows;
}

sub start_row {
    my ($setup, $opt, $name, $words, $like, $path) = @_;
    my $run = sub {
        my %draw = (path => $path, connections => $opt->{connections}, file => $setup->file('many'));
        return Bench::Load::start($setup->another($like), \%draw);
    };
    return { name => $name, table => 'starts', base => 'start-plain', words => $words, warm => sub { $setup->file('many') }, run => $run };
}

# All of them. Options: connections, exchange (connections of token endpoint and pgbench), seconds, some, many, rows, expired.
sub all {
    my ($setup, $opt) = @_;
    return (
        (map { request_row($setup, $opt, @$_) } requests(@$opt{qw(some many rows)})),
        beside_rows($setup, $opt),
        (map { token_rows($setup, $opt, $_) } @{ $opt->{exchange} }),
        start_row($setup, $opt, 'start-plain', 'httpd without the module', 'plain', '/floor'),
        start_row($setup, $opt, 'start', 'httpd with the module', 'on', '/guard'),
    );
}

1;
