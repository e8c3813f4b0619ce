#!/usr/bin/perl
# One-time passwords by the command: what is shown, once, and what is known of them afterwards.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $group = qr/[0-9a-hjkmnp-tv-z]{4}/;

# Fails with one sentence, and shows nothing.
sub refuses {
    my ($t, $name, $sentence, @args) = @_;
    my $got = $t->try_gptoauth('', @args);
    ok($got->{status} == 1 && $got->{out} eq '' && $got->{err} =~ /^gptoauth: \Q$sentence\E$/m, "refused: $name") or diag(%$got);
    return;
}

on_each_db({ start => 0 }, sub {
    my ($t) = @_;
    my $made = $t->gptoauth_json(qw(user add newcomer --one-time));
    like(secret($made->{one_time_password}), qr/^$group(?:-$group){3}$/, 'user add --one-time makes the password');
    cmp_ok(abs($made->{one_time_until} - time - 86_400), '<', 60, '... which is good for a day');
    is($t->sql(q{SELECT one_time_by FROM oauth_user WHERE name = 'newcomer';}), $ENV{SUDO_USER} // getpwuid $<, '... and says who made it');

    $t->gptoauth_stdin(secret('correct horse battery') . "\n", qw(user add alice));
    my ($shown) = $t->gptoauth(qw(user passwd alice --one-time))
        =~ /^User "alice" has a one-time password; all sessions and grants have ended:\n\n {4}($group(?:-$group){3})\n\nIt is shown only once\. Until \S+ \S+ UTC it is good for choosing/;
    ok(secret($shown // ''), 'user passwd --one-time shows it to people');
    isnt($shown, $made->{one_time_password}, '... another one');
    like($t->gptoauth(qw(user list)), qr/^alice +one-time password +\S+ \S+ UTC +active$/m, '... as user list says');
    my %user = map { $_->{name} => $_ } @{ $t->gptoauth_json(qw(user list)) };
    cmp_ok($user{alice}{one_time_until}, '>', time + 86_000, '... and its JSON');
    is_deeply($t->gptoauth_json(qw(user show alice)), $user{alice}, 'user show has the same of one alone');
    like($t->gptoauth(qw(user show alice)), qr/^Name +alice\nSign-in +one-time password\nCreated +\S+ \S+ UTC\nDisabled +no\n\z/, '... and for people');
    refuses($t, 'user show of nobody', 'there is no user "nobody" here; `gptoauth user list` shows them all', qw(user show nobody));
    $t->gptoauth_stdin(secret('another horse battery') . "\n", qw(user passwd alice));
    like($t->gptoauth(qw(user list)), qr/^alice +password /m, 'a password of her own ends it');

    refuses($t, 'for who is there', 'there is already a user "alice"; `gptoauth user passwd` sets a new password', qw(user add alice --one-time));
    refuses($t, 'for another spelling of who is there',
        'there is already a user "alice", and two spellings of one name are one person; `gptoauth user passwd` with that spelling sets a new password',
        qw(user add ALICE --one-time));
    refuses($t, 'for who is not', 'there is no user "nobody" here; `gptoauth user list` shows them all', qw(user passwd nobody --one-time));
    $t->gptoauth(qw(user disable elsewhere));
    refuses($t, 'for who signs in elsewhere', 'the user "elsewhere" signs in elsewhere; `gptoauth user add` would give a password here',
        qw(user passwd elsewhere --one-time));
    $made = $t->gptoauth_json(qw(user add elsewhere --one-time));
    ok(secret($made->{one_time_password}) && $made->{disabled}, '... which gives one, and says that the user stays disabled');
    like($t->gptoauth(qw(user passwd elsewhere --one-time)) =~ s/^ {4}(\S+)$/secret($1)/emr, qr/^The user is disabled, and stays so until `gptoauth user enable`\.$/m, '... to people too');
    $t->gptoauth(qw(user disable away));
    is($t->gptoauth_stdin(secret('a battery of staples') . "\n", qw(user add away)),
        "User \"away\" is added.\nThe user is disabled, and stays so until `gptoauth user enable`.\n", '... as with a password of the user\'s own');
});

done_testing;
