package Test::GptOauth::Documents;

# Honest and hostile servers of client metadata documents, for tests that run themselves again in a network and a mount namespace of
# their own: there the servers have public addresses, and names and a certificate authority of their own.
#
#     use Test::GptOauth::Documents;
#     in_own_network();
#     make_network();
#     my $server = start_server();

use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use Test::GptOauth;

our @EXPORT = qw(in_own_network make_network start_server stop_server run_each forget_documents write_hosts write_file sh new_host publish as_client asked visit
    last_problem stale kept_for $dir $cb $public %address);

my $lib = dirname(dirname(dirname(__FILE__)));
chomp(my $modules = qx(apxs -q LIBEXECDIR) || '/usr/lib/apache2/modules');
my ($httpd) = grep { -x } qw(/usr/sbin/apache2 /usr/sbin/httpd);
our ($dir, $cb, $public) = (undef, 'https://rp.example/cb', '8.8.8.8');
our %address = (
    loopback => '127.0.0.1', private => '10.0.0.1', provider => '100.64.0.1', cloud => '169.254.169.254', zero => '0.0.0.0', documentation => '203.0.113.1',
    loopback6 => '::1', local6 => 'fd00::1', nat64 => '64:ff9b::a00:1', sixtofour => '2002:a00:1::1', mapped => '::ffff:10.0.0.1'
);

# Skips the test where it cannot be done.
sub in_own_network {
    if (!$ENV{GPTOAUTH_NAMESPACE}) {
        plan skip_all => 'only root can have a network of its own' if system('unshare -mn ip link >/dev/null 2>&1') != 0;
        $ENV{GPTOAUTH_NAMESPACE} = 1;
        exec 'unshare', '-mn', $^X, "-I$lib", $0 or die "unshare: $!\n";
    }
    my $module = ($ENV{GPTOAUTH_BUILD} // "$lib/../../build") . '/mod_gpt_oauth.so';
    plan skip_all => 'the module was built without libcurl' if -e $module && Test::GptOauth::slurp($module) !~ /curl_easy_perform/;
    $dir = tempdir('gptoauth-fetch-XXXXXX', DIR => '/tmp', CLEANUP => 1);
    chmod 0755, $dir;
    return;
}

sub sh { my ($command) = @_; system("{ $command\n} >>'$dir/sh.log' 2>&1") == 0 or die "$command:\n" . Test::GptOauth::slurp("$dir/sh.log"); return }

sub write_file {
    my ($name, $text) = @_;
    make_path("$dir/$1") if $name =~ m{(.*)/};
    open my $file, '>', "$dir/$name" or die "$name: $!\n";
    print {$file} $text;
    close $file;
    return;
}

# ---- the network

# Names beside those that lead to the public address by themselves: name => [address, ...]
sub write_hosts {
    my (%names) = @_;
    my %all = ((map { ("$_.docs.example" => [ $address{$_} ]) } keys %address), (map { ("h$_.docs.example" => [$public]) } 1 .. 100),
        'other.example' => [$public], %names);
    write_file('hosts', "127.0.0.1 localhost\n::1 localhost\n" . join '', map { my $name = $_; map { "$_ $name\n" } @{ $all{$name} } } sort keys %all);
    return;
}

sub make_network {
    write_hosts();
    sh('ip link set lo up');
    sh("ip addr add $_/32 dev lo") for $public, grep { /^\d+\./ && !/^(?:127|0)\./ } values %address;
    sh("ip -6 addr add $_/128 dev lo nodad") for grep { /:/ && !/^::/ } values %address;
    sh("cd $dir && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Test authority' -keyout ca.key -out ca.pem");
    sh("cd $dir && openssl req -newkey rsa:2048 -nodes -subj '/CN=docs.example' -keyout docs.key -out docs.csr");
    write_file('san', "subjectAltName=DNS:*.docs.example,DNS:docs.example\n");
    sh("cd $dir && openssl x509 -req -in docs.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out docs.pem");
    sh("mount --bind $dir/hosts /etc/hosts");
    sh("mount --bind $dir/ca.pem " . (-e '/etc/ssl/certs/ca-certificates.crt' ? '/etc/ssl/certs/ca-certificates.crt' : '/etc/pki/tls/certs/ca-bundle.crt'));
    return;
}

# The server of documents, on every address: docs/HOST/FILE, with a .htaccess for how it is answered.
sub start_server {
    my $load = join "\n", map { "LoadModule ${_}_module $modules/mod_$_.so" } qw(mpm_event authz_core env mime rewrite headers alias ratelimit socache_shmcb ssl filter cgid);
    make_path("$dir/docs");
    write_file('docs.conf', <<"EOC");
ServerRoot $dir
ServerName docs.example
$load
User www-data
Group www-data
Listen 0.0.0.0:443
Listen [::]:443
PidFile $dir/docs.pid
ErrorLog $dir/docs-error.log
LogFormat "%A %{Host}i %U" place
CustomLog $dir/docs.log place
TypesConfig /dev/null
AddType application/json .json
ScriptSock $dir/cgid.sock
SSLEngine on
SSLCertificateFile $dir/docs.pem
SSLCertificateKeyFile $dir/docs.key
RewriteEngine on
RewriteRule ^/(.*) $dir/docs/%{HTTP_HOST}/\$1 [L]
<Directory $dir/docs>
    AllowOverride All
    Require all granted
</Directory>
EOC
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>>', "$dir/sh.log";
        open STDERR, '>&', \*STDOUT;
        exec qw(setpriv --pdeathsig TERM --), $httpd, '-DFOREGROUND', '-f', "$dir/docs.conf" or POSIX::_exit(127);
    }
    my $deadline = time + 20;
    until (-s "$dir/docs.pid") {
        die "the server of documents does not start:\n" . Test::GptOauth::slurp("$dir/sh.log") . Test::GptOauth::slurp("$dir/docs-error.log") if time > $deadline;
        sleep 0.05;
    }
    return $pid;
}

sub stop_server { my ($pid) = @_; kill TERM => $pid; waitpid $pid, 0; return }

# ---- documents

my $next = 0;

sub forget_documents {
    $next = 0;
    File::Path::remove_tree("$dir/docs");
    write_hosts();
    truncate "$dir/docs.log", 0;
    return;
}

# A new host, since a failed one is not asked again for a while.
sub new_host { return 'h' . ++$next . '.docs.example' }

# Publishes a document (a text, or the members over the usual ones; undef takes one away) and gives its URL.
sub publish {
    my ($document, %opt) = @_;
    my $host = $opt{host} // new_host();
    my $url = "https://$host/" . ($opt{file} // 'client.json');
    if (ref $document) {
        my %members = (client_id => $url, client_name => 'Published', redirect_uris => [$cb], token_endpoint_auth_method => 'none', %$document);
        delete $members{$_} for grep { !defined $members{$_} } keys %members;
        $document = JSON::PP->new->canonical->encode(\%members);
    }
    write_file("docs/$host/" . ($opt{file} // 'client.json'), $document) if defined $document;
    write_file("docs/$host/.htaccess", $opt{how}) if defined $opt{how};
    return $url;
}

# Runs tests, each on a server that has forgotten who failed and how much was asked for.
sub run_each {
    my ($t, @tests) = @_;
    forget_documents();
    for my $test (@tests) {
        $test->($t);
        $t->restart;
    }
    return;
}

sub as_client { my ($url, $redirect) = @_; return { id => $url, redirect_uri => $redirect // $cb, public => 1 } }

# How often documents of this host (or URL) were asked for. A request is logged when it is over.
sub asked { my ($url) = @_; sleep 0.2; my ($host, $path) = $url =~ m{^https://([^/]+)(/?.*)}; return scalar grep { m{ \Q$host $path\E} } split /\n/, Test::GptOauth::slurp("$dir/docs.log") }

# What a user who has signed in gets to see.
sub visit {
    my ($t, $url, %opt) = @_;
    my $client = as_client($url, $opt{redirect});
    return $t->outcome($client, $t->open_request($t->authorize_url($client))->page);
}

sub last_problem { my ($t) = @_; my ($line) = grep { /GPT03[3-6]/ } reverse split /\n/, $t->error_log; return $line // '' }

sub stale { my ($t, $url, $seconds) = @_; return $t->sql("UPDATE oauth_client SET fresh_until = fresh_until - $seconds WHERE id = '$url';") }

sub kept_for { my ($t, $url) = @_; return $t->sql("SELECT fresh_until FROM oauth_client WHERE id = '$url';") - time }

1;
