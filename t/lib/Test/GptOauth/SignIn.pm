package Test::GptOauth::SignIn;

# Sign-ins of httpd's own, each as conf/sign-in/ has it: a server of TLS with such a file in it, and the whole way to a token.
#
#     my $t = sign_in_server('basic-file', [], { '/etc/apache2/staff' => '%%DIR%%/staff' }, sub { $_[0]->write_file('staff', ...) });
#     is(token_of($t, browser($t), sub { ... }), 'alice', '...');

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use Test::GptOauth ();
use Test::GptOauth::Certificates;
use Test::GptOauth::Http;

our @EXPORT = qw(browser sign_in_server snippet token_of);

my $folder = abs_path(dirname(__FILE__) . '/../../../..') . '/conf/sign-in';

my $host = <<'EOC';
SSLSessionCache none
Listen 127.0.0.1:%%PORT_S%%
<VirtualHost 127.0.0.1:%%PORT_S%%>
    ServerName https://localhost:%%PORT_S%%
    Protocols h2 http/1.1
    SSLEngine on
    SSLCertificateFile "%%DIR%%/server.pem"
    SSLCertificateKeyFile "%%DIR%%/server.key"
    GPTOAuthIssuer https://localhost:%%PORT_S%%
    <Location /api/hello>
        AuthType GPTOAuth
        Require valid-user
        SetHandler gpt-oauth-hello
    </Location>
EOC

# A file of conf/sign-in/ with names filled in, all of which it must have.
sub snippet {
    my ($name, $names) = @_;
    my $text = Test::GptOauth::slurp("$folder/$name") or die "there is no $folder/$name\n";
    for my $old (sort keys %$names) {
        $text =~ s/\Q$old\E/$names->{$old}/g or die "$name does not name $old\n";
    }
    return $text;
}

# prepare is called before the server starts, with NAME.pem and NAME.key of localhost and 127.0.0.1 (server), and of their authority (ca), in its
# folder. Options: global (configuration for outside of the virtual host), and those of Test::GptOauth.
sub sign_in_server {
    my ($name, $modules, $names, $prepare, %opt) = @_;
    my $global = delete $opt{global} // '';
    my $t = Test::GptOauth->new(
        db => (Test::GptOauth::dbs())[0],
        %opt,
        start => 0,
        modules => [ qw(ssl socache_shmcb http2), @$modules ],
        conf => "AddType text/html .html\n$global\n$host" . snippet("$name.conf", $names) . "</VirtualHost>\n"
    );
    make_certificate($t->dir, 'ca', '/CN=Test authority');
    make_certificate($t->dir, 'server', '/CN=localhost', by => 'ca', host => 'localhost,IP:127.0.0.1');
    $prepare->($t) if $prepare;
    $t->start;
    $t->{issuer} = 'https://localhost:' . $t->port('S');
    $t->{http} = browser($t);
    return $t;
}

# options: more of curl's.
sub browser {
    my ($t, @options) = @_;
    return Test::GptOauth::Curl->new($t->issuer, @options);
}

# From the request to what the token opens, in a browser; sign_in is called with it where httpd, or whoever else, shows a page. Answers
# the token's user and how the consent page calls him, or where it ended.
sub token_of {
    my ($t, $browser, $sign_in) = @_;
    my $client = $t->{sign_in_client} //= $t->client_add('notes');
    my ($verifier, $challenge) = Test::GptOauth::Flow::pkce();
    $browser->follow($browser->get($t->authorize_url($client, code_challenge => $challenge, scope => 'hello', prompt => 'consent')));
    $sign_in->($browser) if $sign_in;
    my $outcome = $t->outcome($client, $browser->page);
    return $outcome if $outcome ne '200 consent';
    my ($shown) = $browser->page->body =~ /Signed in as (?:<[^>]*>)*([^<.]+)/;
    my $response = $browser->decide('allow');
    $outcome = $t->outcome($client, $response);
    return $outcome if $outcome !~ / code$/;
    my $grant = { code => $response->answer->{code}, redirect_uri => $client->{redirect_uri}, verifier => $verifier };
    my $user = $t->hello($t->redeem($grant, {}, client => $client)->json->{access_token})->json->{user};
    return $user eq $shown ? $user : "$user, called $shown";
}

# A browser that speaks TLS, keeps cookies by their attributes, and goes to any server of this machine: curl.
package Test::GptOauth::Curl;

use File::Temp ();
use Test::GptOauth::Http;

use parent -norequire, 'Test::GptOauth::Browser';

*post = \&Test::GptOauth::Http::post;

sub new {
    my ($class, $origin, @options) = @_;
    return bless { url => "$origin/", options => \@options, dir => File::Temp->newdir('gptoauth-XXXXXX', DIR => '/tmp') }, $class;
}

sub request {
    my ($self, $method, $url, %opt) = @_;
    $url = ($self->{url} =~ m{^(https?://[^/]+)})[0] . $url if $url !~ /^https?:/;
    my $dir = $self->{dir};
    my @headers = @{ $opt{headers} // [] };
    my @command = (qw(curl -sk --max-time 20 -X), $method, '-D', "$dir/head", '-o', "$dir/body", '-b', "$dir/jar", '-c', "$dir/jar");
    while (my ($name, $value) = splice @headers, 0, 2) {
        push @command, '-H', "$name: $value";
    }
    push @command, '--data-binary', $opt{body} if defined $opt{body};
    unlink map { "$dir/$_" } qw(head body);
    Test::GptOauth::run({}, @command, @{ $self->{options} }, $url);
    # Of several answers, as those by which curl finds out how to sign in, the last one counts.
    my ($status, @lines) = split /\r\n/, (split /\r\n\r\n/, Test::GptOauth::slurp("$dir/head"))[-1] // 'HTTP/1.1 000 no response';
    my @fields = map { [ /^([^:]+):\s*(.*)$/ ] } @lines;
    $self->{url} = $url;
    return $self->{page} = Test::GptOauth::Response->new($status =~ s{^HTTP/\S+ }{}r, \@fields, Test::GptOauth::slurp("$dir/body"));
}

sub follow {
    my ($self, $response) = @_;
    for (1 .. 10) {
        my $location = $response->location;
        return $response unless defined $location && $location =~ m{^(?:https?://localhost:\d+)?/(?!/)};
        $response = $self->get($location);
    }
    die "redirected in a circle\n";
}

1;
