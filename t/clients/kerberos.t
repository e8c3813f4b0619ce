#!/usr/bin/perl
# Sign-in by a Kerberos ticket, as conf/sign-in/kerberos.conf has it: mod_auth_gssapi, MIT's KDC, and curl as the browser.
use strict;
use warnings;
use FindBin;
use Test::More;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/../lib";
use Test::GptOauth;
use Test::GptOauth::SignIn;

my $password = secret('correct horse battery');
my $kdc;

# All that Kerberos reads and writes is in the server's folder; httpd and curl inherit where.
sub start_kdc {
    my ($t) = @_;
    my $dir = $t->dir;
    mkdir "$dir/$_" or die for qw(kdc replays);
    chown 33, 33, "$dir/replays";
    %ENV = (%ENV, KRB5_CONFIG => "$dir/krb5.conf", KRB5_KDC_PROFILE => "$dir/kdc.conf", KRB5RCACHENAME => "file2:$dir/replays/cache");
    $t->write_file('krb5.conf', <<'EOC');
[libdefaults]
    default_realm = EXAMPLE.COM
    dns_canonicalize_hostname = false
    dns_lookup_kdc = false
    dns_lookup_realm = false
    udp_preference_limit = 1
[realms]
    EXAMPLE.COM = {
        kdc = 127.0.0.1:%%PORT_K%%
    }
[domain_realm]
    localhost = EXAMPLE.COM
EOC
    $t->write_file('kdc.conf', <<'EOC');
[kdcdefaults]
    kdc_listen = 127.0.0.1:%%PORT_K%%
    kdc_tcp_listen = 127.0.0.1:%%PORT_K%%
[realms]
    EXAMPLE.COM = {
        database_name = %%DIR%%/kdc/principal
        key_stash_file = %%DIR%%/kdc/stash
        acl_file = %%DIR%%/kdc/acl
    }
[logging]
    kdc = FILE:%%DIR%%/kdc.log
EOC
    Test::GptOauth::output('', qw(/usr/sbin/kdb5_util create -s -P master));
    Test::GptOauth::output(<<"EOS", '/usr/sbin/kadmin.local');
addprinc -pw "$password" alice
addprinc -pw "$password" alice/admin
addprinc -randkey HTTP/localhost
ktadd -k $dir/http.keytab HTTP/localhost
EOS
    chown 33, 33, "$dir/http.keytab";
    $kdc = fork // die;
    if (!$kdc) {
        open STDOUT, '>', "$dir/kdc.out";
        open STDERR, '>&', \*STDOUT;
        exec qw(setpriv --pdeathsig TERM -- /usr/sbin/krb5kdc -n) or POSIX::_exit(127);
    }
    for (1 .. 100) {
        return if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port('K'));
        sleep 0.05;
    }
    die 'krb5kdc does not start: ' . Test::GptOauth::slurp("$dir/kdc.out") . Test::GptOauth::slurp("$dir/kdc.log");
}

my $t = sign_in_server('kerberos', [qw(auth_gssapi)], { '/etc/gpt-oauth/http.keytab' => '%%DIR%%/http.keytab' }, \&start_kdc);

# The browser of somebody who logs in to his machine with this password.
sub browser_with_ticket {
    my ($name, $given) = @_;
    $ENV{KRB5CCNAME} = 'FILE:' . $t->dir . '/tickets';
    unlink $t->dir . '/tickets';
    my $done = Test::GptOauth::run({ stdin => "$given\n" }, 'kinit', $name);
    return ($done->{status} == 0, browser($t, qw(--negotiate -u :)));
}

my ($has_ticket, $browser) = browser_with_ticket('alice', $password);
ok($has_ticket, 'alice has a ticket');
is(token_of($t, $browser), 'alice', '... and by that a token');
is(token_of($t, browser($t)), '401 page', '... which she does not get by a browser that does not show it');
($has_ticket, $browser) = browser_with_ticket('alice/admin', $password);
ok($has_ticket, 'another principal, whose name begins like hers, has a ticket');
is(token_of($t, $browser), '401 page', '... and is not taken for her');
($has_ticket, $browser) = browser_with_ticket('alice', 'wrong');
ok(!$has_ticket, 'a wrong password: no ticket');
is(token_of($t, $browser), '401 page', '... and no token');
is(token_of($t, browser($t, '-u', "alice:$password")), '401 page', 'nor is the password itself taken');
$t->finish;
kill TERM => $kdc;
waitpid $kdc, 0;
done_testing;
