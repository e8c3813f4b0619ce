#!/usr/bin/perl
# How long a refusal takes says nothing of who there is, whichever provider refuses. GPTOAUTH_SAMPLES=40 for a finer table.
use strict;
use warnings;
use FindBin;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::GptOauth;

my $SAMPLES = $ENV{GPTOAUTH_SAMPLES} // 3;
my $HASHES = 3;    # so many times a hash of our own, or a multiple
my $ROUNDS = 3;    # whatever is out of bounds is measured again so often, since other machines share the processors
my ($slapd) = grep { -x } qw(/usr/sbin/slapd /usr/libexec/slapd);
my $wrong = secret('mistaken guess');
my $known = secret('secret of a known one');

sub bcrypt { my ($cost) = @_; return crypt($known, sprintf '$2y$%02d$%s', $cost, 'abcdefghijklmnopqrstuu') }

my $address = 0;

# One attempt, from an address of its own since a person's tenth would be throttled: seconds, hashes of our own, and what the last
# of them took.
sub attempt {
    my ($t, $client, $name, $password, %opt) = @_;
    $address++;
    my $from = $opt{from} // sprintf '127.1.%d.%d', $address / 200, 1 + $address % 200;
    my $browser = $t->browser(from => $from);
    $browser->get($t->authorize_url($client));
    my $form = $browser->form_with('password');
    my $before = length $t->error_log;
    my $began = time;
    my $response = $browser->submit($form, username => $name, password => $password);
    my $seconds = time - $began;
    my @hashes = substr($t->error_log, $before) =~ /GPT025: hashed a password in (\d+) ms/g;
    return { seconds => $seconds, hashes => scalar @hashes, took => ($hashes[-1] // 0) / 1000, outcome => $t->outcome($client, $response) };
}

sub middle { my @sorted = sort { $a <=> $b } @_; return $sorted[ $#sorted / 2 ] }

sub ratio { return middle(map { $_->{seconds} / ($_->{took} || 0.001) } @_) }
sub is_in_bounds { my ($ratio) = @_; return $ratio > 0.98 * $HASHES && $ratio < 1.1 * $HASHES }

# Paths are pairs: what it is, and a sub that answers name and password. They take turns, so that whatever else the machine does
# slows down all of them.
sub judge {
    my ($t, $client, @paths) = @_;
    my (@order, %code, %taken);
    while (my ($what, $code) = splice @paths, 0, 2) {
        push @order, $what;
        $code{$what} = $code;
    }
    my @doubtful = @order;
    for my $round (1 .. $ROUNDS) {
        for my $number (1 .. $SAMPLES) {
            push @{ $taken{$_} }, attempt($t, $client, $code{$_}->($round * $SAMPLES + $number)) for @doubtful;
        }
        @doubtful = grep { !is_in_bounds(ratio(@{ $taken{$_} })) } @doubtful or last;
    }
    for my $what (@order) {
        my @taken = @{ $taken{$what} };
        my @seconds = sort { $a <=> $b } map { $_->{seconds} } @taken;
        my $ratio = ratio(@taken);
        note(sprintf '%-40s median %4d ms, min %4d ms, max %4d ms; %.2f hashes', $what, map({ 1000 * $_ } middle(@seconds), @seconds[ 0, -1 ]), $ratio);
        is(join(' ', sort grep { $_ ne '200 sign-in' } map { $_->{outcome} } @taken), '', "case 327: $what is refused");
        is(join(' ', map { $_->{hashes} } @taken), join(' ', (1) x @taken), 'case 327: ... for one hash of our own each time');
        ok(is_in_bounds($ratio), sprintf 'case 327: ... and in the time of three: %.2f', $ratio);
    }
    return;
}

sub unknown { return ("nobody $_[0]", $wrong) }
sub wrong_of { my ($name) = @_; return sub { return ($name, $wrong) } }

sub use_providers {
    my ($t, $providers, $directives) = @_;
    $t->write_conf(conf => "LogLevel gpt_oauth:trace1\n" . ($providers ? "GPTOAuthLoginProvider $providers\n" : '')
          . "<Location /oauth/authorize>\n$directives\n</Location>\n");
    return $t->restart;
}

my $file_conf = 'AuthUserFile "%%DIR%%/passwords"';
my $dbd_conf = 'AuthDBDUserPWQuery "SELECT password FROM people WHERE name = %s"';
my $ldap_conf = 'AuthLDAPURL "ldap://127.0.0.1:%%PORT_L%%/dc=example,dc=com?uid"';

sub test_own {
    my ($t, $client) = @_;
    use_providers($t, '', '');
    $t->user_add('off', 'a good password');
    $t->gptoauth('user', 'disable', $_) for 'off', 'guest';
    judge($t, $client,
        'own, unknown' => \&unknown,
        'own, wrong password' => wrong_of('alice'),
        'own, disabled' => sub { return ('off', 'a good password') },
        'own, disabled, wrong password' => wrong_of('off'),
        'own, without a password' => wrong_of('guest'),
        'a name that cannot be one' => wrong_of("client:x"),
        'a password over 72 bytes' => sub { return ('alice', 'x' x 73) },
        'a password over 72 bytes, unknown' => sub { return ("nobody $_[0]", 'x' x 73) });
    $t->begin_window(60);
    attempt($t, $client, $_, $wrong, from => '127.2.0.1') for ('alice', 'nobody') x 10;
    for my $name ('alice', 'nobody') {
        my @taken = map { attempt($t, $client, $name, $wrong, from => '127.2.0.1') } 1 .. $SAMPLES;
        my @seconds = sort { $a <=> $b } map { $_->{seconds} } @taken;
        note(sprintf '%-40s median %4.1f ms, min %4.1f ms, max %4.1f ms', "throttled, $name", map({ 1000 * $_ } middle(@seconds), @seconds[ 0, -1 ]));
        is(join(' ', map { "$_->{outcome} $_->{hashes}" } @taken), join(' ', ('429 sign-in 0') x @taken), "case 327: $name is throttled");
    }
    return;
}

sub test_file {
    my ($t, $client) = @_;
    use_providers($t, 'file', $file_conf);
    judge($t, $client,
        'file, unknown' => \&unknown,
        'file, wrong password, SHA-1' => wrong_of('sha'),
        'file, wrong password, bcrypt of cost 5' => wrong_of('quick'),
        'file, wrong password, bcrypt of cost 12' => wrong_of('slow'));
    return;
}

sub test_dbd {
    my ($t, $client) = @_;
    use_providers($t, 'dbd', $dbd_conf);
    judge($t, $client, 'dbd, unknown' => \&unknown, 'dbd, wrong password' => wrong_of('dora'));
    use_providers($t, 'file dbd gpt-oauth', "$file_conf\n$dbd_conf");
    judge($t, $client,
        'file dbd gpt-oauth, unknown' => \&unknown,
        'file dbd gpt-oauth, wrong, first' => wrong_of('slow'),
        'file dbd gpt-oauth, wrong, second' => wrong_of('dora'),
        'file dbd gpt-oauth, wrong, third' => wrong_of('alice'));
    return;
}

sub start_slapd {
    my ($t) = @_;
    mkdir $t->dir . '/ldap' or die;
    my $conf = $t->write_file('slapd.conf', <<'EOC');
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
database ldif
suffix "dc=example,dc=com"
directory "%%DIR%%/ldap"
EOC
    my $entries = $t->write_file('entries.ldif', <<"EOS");
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: uid=lena,dc=example,dc=com
objectClass: inetOrgPerson
uid: lena
cn: Lena
sn: Example
userPassword: $known
EOS
    my $result = Test::GptOauth::run({}, $slapd, '-T', 'add', '-f', $conf, '-l', $entries);
    die "slapadd: $result->{err}\n" if $result->{status};
    unlink $entries;
    my $url = $t->expand('ldap://127.0.0.1:%%PORT_L%%/');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>', '/dev/null';
        exec qw(setpriv --pdeathsig TERM --), $slapd, '-d', 0, '-h', $url, '-f', $conf or POSIX::_exit(127);
    }
    my $deadline = time + 20;
    sleep 0.05 until IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port('L')) || time > $deadline;
    return $pid;
}

sub test_ldap {
    my ($t, $client) = @_;
    my $pid = start_slapd($t);
    use_providers($t, 'ldap', $ldap_conf);
    is(attempt($t, $client, 'lena', $known)->{outcome}, '200 consent', 'the directory answers');
    judge($t, $client, 'ldap, unknown' => \&unknown, 'ldap, wrong password' => wrong_of('lena'));
    kill TERM => $pid;
    waitpid $pid, 0;
    return;
}

# Beside its sign-in page the module's own provider stands behind httpd's Basic, and there too nobody finds out who there is.
sub test_basic {
    my ($t) = @_;
    $t->write_conf(conf => "LogLevel gpt_oauth:trace1\n<Location /plain.txt>\nAuthType Basic\nAuthName x\nAuthBasicProvider gpt-oauth\nRequire valid-user\n</Location>\n");
    $t->restart;
    for my $case ([ 'alice', $t->user('alice'), 200 ], [ 'alice', $wrong, 401 ], [ 'nobody', $wrong, 401 ]) {
        my ($name, $password, $status) = @$case;
        my $before = length $t->error_log;
        is($t->http->get('/plain.txt', headers => [ Authorization => Test::GptOauth::Flow::basic($name, $password) ])->status, $status, "Basic, $name: $status");
        is(scalar(() = substr($t->error_log, $before) =~ /GPT025/g), 1, 'case 327: ... for one hash');
    }
    return;
}

my $first = 1;
on_each_db({ modules => [qw(authn_dbd ldap authnz_ldap)] }, sub {
    my ($t) = @_;
    my $client = $t->client_add('app');
    $t->user('alice');
    like($t->sql('SELECT password_hash FROM oauth_user LIMIT 1;'), qr/^\$2y\$$Test::GptOauth::PASSWORD_COST\$/, 'hashes cost what is shipped');
    $t->sql('CREATE TABLE people (name varchar(80), password varchar(80));');
    $t->sql("INSERT INTO people VALUES ('dora', '" . bcrypt(5) . "');");
    $t->write_file('passwords', "sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nquick:" . bcrypt(5) . "\nslow:" . bcrypt(12) . "\n");
    test_dbd($t, $client);
    return unless $first;
    $first = 0;
    test_own($t, $client);
    test_file($t, $client);
    test_basic($t);
    SKIP: {
        skip 'there is no slapd', 1 unless $slapd;
        test_ldap($t, $client);
    }
});
done_testing();
