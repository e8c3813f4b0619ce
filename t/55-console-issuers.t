#!/usr/bin/perl
# Users belong to all issuers of a database: the help desk of one can neither touch nor make an administrator of another, unless that
# one has a database of its own.
use strict;
use warnings;
use FindBin;
use Test::More;
use File::Copy qw(copy);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Console;
use Test::GptOauth::Secrets;

my $url = '/oauth/console';

sub conf {
    my ($dbd) = @_;
    return <<"EOC";
Listen 127.0.0.1:%%PORT_A%%
GPTOAuthAdmin root
GPTOAuthHelpDesk desk
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%
    GPTOAuthAdmin boss
    GPTOAuthHelpDesk theirs
    $dbd
</VirtualHost>
EOC
}

sub signed_in {
    my ($t, $name) = @_;
    my $browser = $t->browser;
    $browser->get($url);
    $browser->sign_in($name, $t->user($name));
    $browser->get("$url?user=alice");
    return $browser;
}

sub send_action {
    my ($t, $browser, $action, %fields) = @_;
    return $browser->submit({ method => 'POST', action => $url, fields => sealed($t, $browser, 'desk', $action) }, %fields);
}

# The administrator of the other issuer, in any spelling, or his help desk; whether there is such a user yet or not.
sub test_shared {
    my ($t) = @_;
    my $desk = signed_in($t, 'desk');
    ok($desk->page->status == 200 && shows($desk, 'Sign out everywhere'), 'the help desk of one issuer looks after a user');
    for my $name ('boss', 'BOSS', ' boss', 'theirs', "\x{ff22}oss") {
        utf8::encode(my $encoded = $name);
        for my $action (map { $_->{name} } grep { $_->{role} eq 'HELP_DESK' && $_->{subject} } actions()) {
            my ($before, $lines) = (tables($t), scalar audit_lines($t));
            is(send_action($t, $desk, $action, user => $encoded, session => 'x', grant => 'x')->status, 404, "case 325: ... but may not do $action to \"$encoded\" of another one");
            is(tables($t), $before, 'case 325: ... which changes nothing');
            is(scalar(audit_lines($t)), $lines + 1, 'case 325: ... and is one line');
        }
        is(send_action($t, $desk, 'user_add', user => $encoded)->status, 404, 'case 325: ... nor make such a user');
    }
    $desk->get("$url?user=boss");
    ok(shows($desk, 'only an administrator acts here') && !shows($desk, 'Sign out everywhere'), '... and has no buttons for it');
    return;
}

sub test_apart {
    my ($t) = @_;
    my $desk = signed_in($t, 'desk');
    $desk->get("$url?user=boss");
    $desk->submit((grep { ($_->{fields}{action} // '') eq 'user_one_time' } $desk->forms)[0]);
    my ($password) = $desk->page->body =~ m{One-time password[^<]*(?:</bdi>)?<br><code>(?:<bdi>)?([^<]+)};
    ok($password, 'with a database of its own the other issuer has another boss, and this one may be helped');
    Test::GptOauth::Secrets::remember(password => $password) if $password;
    is(send_action($t, $desk, 'user_one_time', user => 'root')->status, 404, 'case 325: ... which is not so of the own administrator');
    return;
}

my $t = Test::GptOauth->new(db => 'sqlite', conf => conf(''), start => 0, allow => [qr/GPT227/]);
$t->user($_) for qw(desk alice boss);
$t->start;
test_shared($t);
like($t->error_log, qr/GPT227/, 'that they have different administrators is warned of');
$t->stop;
copy($t->dir . '/db/oauth.sqlite', $t->dir . '/db/other.sqlite') or die "copy: $!\n";
chown 33, 33, $t->dir . '/db/other.sqlite';
$t->write_conf(conf => conf("DBDriver sqlite3\n    DBDParams \"%%DIR%%/db/other.sqlite\""));
$t->start;
test_apart($t);

done_testing;
