#!/usr/bin/perl
# One person, many spellings: a directory folds case and more, so counting and disabling do too. A real slapd on loopback.
use strict;
use warnings;
use File::Temp ();
use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

plan skip_all => 'no slapd here (Debian: apt install slapd ldap-utils)' unless -x '/usr/sbin/slapd' && -x '/usr/bin/ldapadd';

my $dir = File::Temp::tempdir('gptoauth-ldap-XXXXXX', DIR => '/tmp', CLEANUP => 1);
my $port = Test::GptOauth::free_port();
my $uri = "ldap://127.0.0.1:$port";
mkdir "$dir/db";
open my $conf, '>', "$dir/slapd.conf" or die;
print {$conf} <<"EOC";
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw admin
directory $dir/db
EOC
close $conf;
my $slapd = fork // die;
if (!$slapd) {
    open STDERR, '>', "$dir/log";
    exec qw(setpriv --pdeathsig TERM -- /usr/sbin/slapd -d 0 -f), "$dir/slapd.conf", '-h', $uri or POSIX::_exit(127);
}
END { kill TERM => $slapd if $slapd }
my $ldif = <<'EOL';
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: uid=alice,dc=example,dc=com
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: A
userPassword: secret-of-alice
EOL
my $added;
for (1 .. 100) {
    $added = Test::GptOauth::run({ stdin => $ldif }, 'ldapadd', '-x', '-H', $uri, '-D', 'cn=admin,dc=example,dc=com', '-w', 'admin');
    last if $added->{status} == 0;
    sleep 0.1;
}
BAIL_OUT("slapd: $added->{err}") if $added->{status};

my $full_width = "\xef\xbd\x81\xef\xbd\x8c\xef\xbd\x89\xef\xbd\x83\xef\xbd\x85";
my @spellings = ('alice', 'ALICE', 'aLiCe', $full_width, "alice\xe3\x80\x80", "\xef\xbc\xa1lice");

for my $attribute ('', 'AuthLDAPRemoteUserAttribute uid') {
    on_each_db({ cache => 'off', modules => [qw(ldap authnz_ldap)], conf => <<"EOC" }, sub {
GPTOAuthLoginProvider ldap
<Location /oauth/authorize>
    AuthLDAPURL "$uri/dc=example,dc=com?uid"
    $attribute
</Location>
EOC
        my ($t) = @_;
        my $with = $attribute || 'without the attribute';
        my $client = $t->client_add('notes');
        my $sign_in = sub { return $t->outcome_of_sign_in($client, @_) };
        my ($status, $said) = $t->configtest;
        my $warned = $said =~ /GPT220: GPTOAuthLoginProvider asks a directory by ldap.*write AuthLDAPRemoteUserAttribute/ ? 'warns' : 'is content';
        is("$status $warned", $attribute ? '0 is content' : '0 warns', "case 328: configtest $with");
        $t->begin_window(20);
        is($sign_in->($_, 'secret-of-alice'), '200 consent', "case 328: $_ signs in, $with") for 'alice', 'ALICE';
        is($sign_in->($full_width, 'secret-of-alice'), '200 sign-in', "case 328: full-width letters do not, $with");
        my $now = int time;
        $t->sql('INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at)'
              . sprintf " VALUES ('capital', 'x', '%s', 'ALICE', 'read', '', %d, %d, %d);", $client->{id}, $now, $now + 999, $now + 999);
        $t->gptoauth(qw(user disable alice));
        is($t->sql(q{SELECT count(*) FROM oauth_user WHERE name = 'ALICE' AND disabled_at IS NOT NULL;}), 1,
            'case 328: what another spelling was granted is dead at once');
        is($sign_in->($_, 'secret-of-alice') =~ /consent/ ? 'consent' : 'refused', 'refused', "case 328: disabled, $_, $with") for @spellings;
        $t->gptoauth(qw(user enable alice));
        is($t->sql('SELECT count(*) FROM oauth_user WHERE disabled_at IS NOT NULL;'), 0, 'case 328: user enable enables all spellings');
        $t->sql("INSERT INTO oauth_user (name, created_at, disabled_at) VALUES ('Alice', $now, $now);");
        $t->gptoauth('migrate');
        is($sign_in->('aLICE', 'secret-of-alice') =~ /consent/ ? 'consent' : 'refused', 'refused', 'case 328: disabled before the migration');
        $t->gptoauth(qw(user enable alice));
        is($t->sql(q{SELECT count(*) FROM oauth_grant WHERE username IN ('alice', 'ALICE') AND revoked_at IS NULL;}) > 0 ? 1 : 0, 1, 'something is granted');
        $t->gptoauth(qw(grant revoke --user Alice));
        is($t->sql(q{SELECT count(*) FROM oauth_grant WHERE username IN ('alice', 'ALICE') AND revoked_at IS NULL;}), 0, 'case 328: grant revoke takes it from all spellings');
        $t->gptoauth(qw(user disable alice));
        $t->gptoauth(qw(user remove aLiCe));
        is($t->sql('SELECT count(*) FROM oauth_user;'), 0, 'case 328: user remove removes what was disabled under other spellings');
        $said = '';
        $t->begin_window(60);
        for my $i (0 .. 12) {
            $said = $sign_in->($spellings[ $i % 3 ], 'wrong');
        }
        like($said, qr/^429/, "case 328: wrong passwords of all spellings are counted together, $with");
    });
}
# The module's own users: one person has one spelling.
on_each_db({ cache => 'off', conf => '' }, sub {
    my ($t) = @_;
    $t->gptoauth_stdin("a good password\n", qw(user add alice));
    like($t->try_gptoauth("a good password\n", qw(user add Alice))->{err}, qr/there is already a user "alice", and two spellings of one name are one person/, 'case 328: another spelling is not added');
    my $client = $t->client_add('notes');
    my $now = int time;
    for my $name (qw(bob BOB)) {
        $t->sql('INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at)'
              . sprintf " VALUES ('$name', 'x', '%s', '$name', 'read', '', %d, %d, %d);", $client->{id}, $now, $now + 999, $now + 999);
    }
    like($t->try_gptoauth('', 'doctor', '--issuer', $t->issuer)->{out}, qr/^ *warning +users +users come in several spellings of one name, such as (?:bob and BOB|BOB and bob)/mi,
        'case 328: doctor says where the provider of a sign-in does not tell whom it means');
});
done_testing();
