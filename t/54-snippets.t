#!/usr/bin/perl
# conf/sign-in/: each of its files, with names filled in, leads to a token for the right user, and a wrong password or none to no token.
# Kerberos and OpenID Connect, which need other people's servers, are in t/clients/.
use strict;
use warnings;
use Digest::SHA qw(sha1);
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;
use Test::GptOauth::Certificates;
use Test::GptOauth::SignIn;

my %staff = ('/etc/apache2/staff' => '%%DIR%%/staff');
my $password = secret('correct horse battery');
my $hash = '{SHA}' . encode_base64(sha1($password), '');
my $write_staff = sub { $_[0]->write_file('staff', "alice:$hash\n") };

sub basic { my ($t, $given) = @_; return browser($t, '-u', "alice:$given") }

sub test_basic {
    my ($name, $t, $expected) = @_;
    is(token_of($t, basic($t, $password)), $expected, "$name: a token for alice");
    is(token_of($t, basic($t, 'wrong')), '401 page', '... not by a wrong password');
    is(token_of($t, browser($t)), '401 page', '... nor by none');
    return $t->finish;
}

sub test_form {
    my %names = (%staff, '/etc/gpt-oauth/session' => '%%DIR%%/session');
    my $t = sign_in_server('form', [qw(auth_form request session session_cookie session_crypto)], \%names, sub {
        my ($t) = @_;
        $write_staff->($t);
        $t->write_file('session', '0123456789abcdef' x 4 . "\n");
        $t->write_file('htdocs/sign-in.html', snippet('form.html', {}));
    });
    my $sign_in = sub {
        my ($given) = @_;
        return sub {
            my ($browser) = @_;
            my $form = $browser->form_with('httpd_password') or return fail('no form asks for a password');
            return $browser->follow($browser->submit($form, httpd_username => 'alice', httpd_password => $given));
        };
    };
    my $browser = browser($t);
    is(token_of($t, $browser, sub {
        my @shown = $sign_in->($password)->(@_);
        like($shown[0]->header('Set-Cookie'), qr/\bstaff=[^;]+;Max-Age=28800;path=\/oauth;HttpOnly;Secure;SameSite=Lax$/m, 'mod_auth_form: the session ends, and its cookie is kept from scripts and plain http');
        unlike($shown[0]->header('Set-Cookie'), qr/alice|correct/, '... and encrypted');
    }), 'alice', 'mod_auth_form: a token for alice, for the request that she came with');
    is(token_of($t, $browser), 'alice', '... who is not asked again');
    is(token_of($t, browser($t), $sign_in->('wrong')), '401 page', '... and none by a wrong password');
    is(token_of($t, browser($t)), '401 page', '... nor by none');
    return $t->finish;
}

sub test_certificate {
    my $t = sign_in_server('certificate', [], { '/etc/gpt-oauth/staff-ca.pem' => '%%DIR%%/ca.pem' }, sub {
        my ($t) = @_;
        make_certificate($t->dir, 'alice', '/UID=alice/CN=Alice Miller', by => 'ca');
        make_certificate($t->dir, 'self', '/UID=alice/CN=Alice Miller');
        make_certificate($t->dir, 'nameless', '/CN=Alice Miller', by => 'ca');
    });
    my $with = sub { my ($name, @more) = @_; my $file = $t->dir . "/$name"; return browser($t, '--cert', "$file.pem", '--key', "$file.key", @more) };
    for my $version ('--http1.1', '--http2') {
        is(token_of($t, $with->('alice', $version)), 'alice, called Alice Miller', "a certificate: a token for alice ($version)");
        is(token_of($t, $with->('self', $version)), '0 in another type', '... not by one of her own making');
        is(token_of($t, browser($t, $version)), '403 page', '... nor by none');
    }
    is(token_of($t, $with->('nameless')), '403 page', '... nor by one without a name');
    return $t->finish;
}

# slapd of this test, with the certificate of the server: its URI without ldap://.
sub start_slapd {
    my ($t) = @_;
    my $dir = $t->dir;
    mkdir "$dir/ldap" or die;
    $t->write_file('slapd.conf', <<'EOC');
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile "%%DIR%%/ca.pem"
TLSCertificateFile "%%DIR%%/server.pem"
TLSCertificateKeyFile "%%DIR%%/server.key"
security simple_bind=128
database mdb
suffix "dc=example,dc=com"
directory "%%DIR%%/ldap"
EOC
    $t->write_file('people.ldif', <<"EOL");
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: A
userPassword: $password
EOL
    Test::GptOauth::output('', qw(/usr/sbin/slapadd -q -f), "$dir/slapd.conf", '-l', "$dir/people.ldif");
    my $pid = fork // die;
    if (!$pid) {
        open STDERR, '>', "$dir/slapd.log";
        exec qw(setpriv --pdeathsig TERM -- /usr/sbin/slapd -d 0 -f), "$dir/slapd.conf", '-h', 'ldap://127.0.0.1:' . $t->port('L') or POSIX::_exit(127);
    }
    for (1 .. 100) {
        last if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port('L'));
        sleep 0.05;
    }
    return $pid;
}

sub test_ldap {
    my $pid;
    my $t = sign_in_server('ldap', [qw(ldap authnz_ldap)], { 'ldap.example.com' => '127.0.0.1:%%PORT_L%%' }, sub { $pid = start_slapd(@_) },
        global => 'LDAPTrustedGlobalCert CA_BASE64 "%%DIR%%/ca.pem"');
    my $sign_in = sub { my ($name, $given) = @_; return sub { $_[0]->sign_in($name, $given) } };
    is(token_of($t, browser($t), $sign_in->('alice', $password)), 'alice', 'LDAP: a token for alice');
    is(token_of($t, browser($t), $sign_in->('ALICE', $password)), 'alice', '... however she types her name');
    is(token_of($t, browser($t), $sign_in->('alice', 'wrong')), '200 sign-in', '... not by a wrong password');
    is(token_of($t, browser($t), $sign_in->('alice', '')), '200 sign-in', '... nor by an empty one');
    is(token_of($t, browser($t)), '200 sign-in', '... nor by none');

    {
        local $t->{issuer};
        $t->write_conf(conf => $t->{conf} =~ s/^LDAPTrustedGlobalCert.*$//mr);
        $t->restart;
    }
    is(token_of($t, browser($t), $sign_in->('alice', $password)), '503 page', '... nor by a directory whose certificate is not trusted');
    $t->finish;
    kill TERM => $pid;
    return waitpid $pid, 0;
}

test_basic('Basic with a file', sign_in_server('basic-file', [], \%staff, $write_staff), 'alice');
for my $db (dbs()) {
    test_basic("Basic with a table ($db)", sign_in_server('basic-dbd', ['authn_dbd'], {}, sub {
        my ($t) = @_;
        $t->sql('CREATE TABLE staff (name varchar(80), password varchar(80), full_name varchar(80));');
        $t->sql("INSERT INTO staff VALUES ('alice', '$hash', 'Alice Miller');");
    }, db => $db, dbd => 'DBDMin 0'), 'alice, called Alice Miller');
}
test_form();
test_certificate();
test_ldap() if -x '/usr/sbin/slapd';
done_testing();
