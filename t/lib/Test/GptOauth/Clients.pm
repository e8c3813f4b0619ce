package Test::GptOauth::Clients;

# Other people's clients, run against a server of ours. They come from t/clients/package-lock.json (./check installs them) and are
# driven by the scripts beside it, which print what they saw and ask this module for what a person or an admin would do:
#
#     on_each_db({ %mcp }, sub {
#         my ($t) = @_;
#         my $backend = start_mcp_server($t);
#         play($t, 'mcp-sdk-v1.mjs', { url => $t->issuer . '/mcp' }, revoke => sub { ... });
#     });

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Find qw(find);
use JSON::PP ();
use Test::More;
use Test::GptOauth ();
use Test::GptOauth::Http;
use Test::GptOauth::Program;
use Test::GptOauth::Secrets;


our @EXPORT = qw(%mcp allow_at expire_tokens node package_file play revoke_grants run_client start_mcp_server
    play_over_tls start_tls tls tokens_kept visit);

my $clients = abs_path(dirname(__FILE__) . '/../../../clients');

# An MCP server behind httpd, as an admin would guard it.
our %mcp = (
    conf => <<'EOC'
GPTOAuthRegistration open
GPTOAuthScope mcp "Use your tools" default
<Location /mcp>
    AuthType GPTOAuth
    Require oauth-scope mcp
</Location>
ProxyPass /mcp http://127.0.0.1:%%PORT_M%%/mcp
EOC
);

# ---- programs

# A program or file of an installed package.
sub package_file {
    my ($path) = @_;
    my $file = "$clients/node_modules/$path";
    -e $file or BAIL_OUT("there is no $file: run ./check, which installs it");
    return $file;
}

sub node { return package_file('.bin/node') }

# Starts a program, which leaves its files in the server's folder; env holds variables for it.
sub run_client {
    my ($t, $env, @command) = @_;
    mkdir "$t->{dir}/home";
    my %env = (HOME => "$t->{dir}/home", BROWSER => '/bin/true', NO_COLOR => 1, PYTHONDONTWRITEBYTECODE => 1, %$env);
    return Test::GptOauth::Program->start({ env => \%env, dir => "$t->{dir}/home" }, @command);
}

# The tokens in the files that the programs left.
sub tokens_kept {
    my ($t) = @_;
    my %found;
    find({ no_chdir => 1, wanted => sub {
        @found{ Test::GptOauth::slurp($_) =~ /\b(gpt[ar]_[A-Za-z0-9_-]+)/g } = () if -f;
    } }, "$t->{dir}/home");
    my @tokens = sort keys %found;
    Test::GptOauth::Secrets::remember(token => @tokens);
    return @tokens;
}

sub start_mcp_server {
    my ($t) = @_;
    my $program = run_client($t, {}, node(), "$clients/mcp-server.mjs", $t->port('M'));
    $program->await(qr/^ready$/);
    return $program;
}

# Options for on_each_db, with more configuration: an https issuer whose TLS ends before the server, as behind a load balancer.
# start_tls is that, and answers the file of the certificate to trust.
sub tls {
    my ($conf) = @_;
    my $port = Test::GptOauth::free_port();
    my $issuer = "https://localhost:$port";
    return (issuer => $issuer, ports => { S => $port }, conf => "ServerName $issuer\n" . ($conf // ''));
}

sub start_tls {
    my ($t) = @_;
    my ($key, $certificate) = map { "$t->{dir}/$_.pem" } qw(key certificate);
    Test::GptOauth::output('', qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext),
        'subjectAltName=DNS:localhost', '-keyout', $key, '-out', $certificate);
    my $program = run_client($t, {}, node(), "$clients/tls.mjs", $t->port('S'), $t->port, $key, $certificate);
    $program->await(qr/^ready$/);
    return ($program, $certificate);
}

# ---- a person and an admin

# Opens an authorization URL, signs in and allows what is asked; answers the URL that the browser is then sent to.
sub allow_at {
    my ($t, $url, %opt) = @_;
    my $browser = $t->open_request($url, %opt);
    $browser->decide('allow') if $browser->has_consent;
    my $location = $browser->page->location;
    die "not sent back to the client:\n" . $browser->page->body . "\n" unless defined $location;
    Test::GptOauth::Secrets::remember(code => ($location =~ /[?&]code=([^&#]*)/)[0]);
    return $location;
}

# Opens the client's own URL on a loopback port.
sub visit {
    my ($url) = @_;
    my ($port, $target) = $url =~ m{^http://(?:localhost|127\.0\.0\.1):(\d+)(.*)$}s or die "not on this machine: $url\n";
    $target = "/$target" unless $target =~ m{^/};
    my $response = Test::GptOauth::Http->new($port)->get($target, headers => [ Host => "localhost:$port", Connection => 'close' ]);
    return $response;
}

# Every access token has ended by itself, as after an hour.
sub expire_tokens { my ($t) = @_; return $t->sql('UPDATE oauth_access_token SET expires_at = created_at - 1;') }

sub revoke_grants { my ($t, $user) = @_; return $t->gptoauth('grant', 'revoke', '--user', $user // 'alice') }

# ---- our scripts

# Runs a script of t/clients with these facts. Its results become the test's; "do NAME" is answered by the action of that name.
sub play {
    my ($t, $script, $facts, %action) = @_;
    my $interpreter = $script =~ /\.py$/ ? '/usr/bin/python3' : node();
    my $program = run_client($t, $facts->{env} // {}, $interpreter, "$clients/$script", JSON::PP->new->canonical->encode($facts));
    my %do = (
        'ok' => sub { pass($_[0]) },
        'not ok' => sub { fail($_[0]) },
        'secret' => sub { Test::GptOauth::Secrets::remember(split / /, $_[0], 2) },
        'visit' => sub { $program->say(allow_at($t, $_[0])) },
        'do' => sub { $action{ $_[0] }->(); $program->say('done') },
    );
    my $lines = eval {
        while (1) {
            my ($word, $rest) = $program->await(qr/^(ok|not ok|secret|visit|do|end)(?: (.*))?$/, 300);    # browsers are slow
            last if $word eq 'end';
            $do{$word}->($rest);
        }
        1;
    };
    ok($lines, "$script ran to its end") or diag($@);
    is($program->finish, 0, '… and well') if $lines;
    return;
}

# The same for a client that does all there is to do, with all its checks on, over TLS; for on_each_db with tls('GPTOAuthRegistration open').
sub play_over_tls {
    my ($t, $script) = @_;
    my ($tls, $certificate) = start_tls($t);
    my $resource_server = $t->gptoauth_json(qw(client add api --resource-server));
    my $service = $t->gptoauth_json(qw(client add nightly --service --scope read));
    Test::GptOauth::secret($_->{client_secret}) for $resource_server, $service;
    return play($t, $script, {
        issuer => $t->issuer,
        resource => $t->issuer . '/api',
        resourceServer => $resource_server,
        service => $service,
        env => { NODE_EXTRA_CA_CERTS => $certificate }
    });
}

1;
