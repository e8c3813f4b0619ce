package Test::GptOauth::Flow;

# The steps of OAuth, as methods of a running server (Test::GptOauth): what a person, a GPT or another client would do.

use strict;
use warnings;
use Digest::SHA qw(sha256);
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::GptOauth::Browser;
use Test::GptOauth::Http;
use Test::GptOauth::Secrets;

# As awkward as a state may be: it must come back byte for byte.
my $usual_state = 'st/te+ & = 100% "\'';

# ---- people and clients, made by the command

# The password of a user, who is made on first mention.
sub user {
    my ($self, $name) = @_;
    return $self->{users}{$name} //= $self->user_add($name, "horse battery staple of $name");
}

sub user_add {
    my ($self, $name, $password) = @_;
    Test::GptOauth::Secrets::remember(password => $password);
    $self->gptoauth_stdin("$password\n", 'user', 'add', $name);
    return $self->{users}{$name} = $password;
}

# A service key.
sub key_add {
    my ($self, $name, @options) = @_;
    return Test::GptOauth::Secrets::remember(typed => $self->gptoauth_json('key', 'add', $name, @options)->{service_key});
}

# client_add(name, options): public => 1, gpt => 1, service => 1, resource_server => 1, redirect => [URI ...] or URI, scope => "...",
# resource => URI. Answers what the tests need to know of the client, with its first redirect URI.
sub client_add {
    my ($self, $name, %opt) = @_;
    my @usual = $opt{service} || $opt{resource_server} ? () : 'https://rp.example/cb';
    my @redirects = ref $opt{redirect} ? @{ $opt{redirect} } : defined $opt{redirect} ? $opt{redirect} : @usual;
    my @args = map { '--' . tr/_/-/r } grep { $opt{$_} } qw(public gpt service resource_server);
    push @args, map { ('--redirect', $_) } @redirects;
    push @args, map { ("--$_", $opt{$_}) } grep { defined $opt{$_} } qw(scope resource);
    my $json = $self->gptoauth_json('client', 'add', $name, @args);
    my $client = {
        name => $name,
        id => $json->{client_id},
        secret => $json->{client_secret},
        redirect_uri => $redirects[0],
        public => $opt{public},
        gpt => $opt{gpt}
    };
    Test::GptOauth::Secrets::remember(client_secret => $client->{secret});
    die "client add answered no client_id\n" unless $client->{id};
    return $client;
}

# ---- the authorization request

sub pkce {
    my ($verifier) = @_;
    $verifier //= random_text(43);
    Test::GptOauth::Secrets::remember(verifier => $verifier);
    return ($verifier, encode_base64url(sha256($verifier)));
}

sub random_text {
    my ($length) = @_;
    my @characters = ('A' .. 'Z', 'a' .. 'z', '0' .. '9');
    return join '', map { $characters[ rand @characters ] } 1 .. $length;
}

# The parameters of a sound request of this client, as a list of pairs. Named ones replace or, when undef, remove the usual ones.
sub authorize_params {
    my ($self, $client, %params) = @_;
    my @usual = (
        response_type => 'code',
        client_id => $client->{id},
        redirect_uri => $client->{redirect_uri},
        scope => 'read',
        state => $usual_state
    );
    push @usual, code_challenge => (pkce())[1], code_challenge_method => 'S256' unless $client->{gpt};
    my @pairs;
    while (my ($name, $value) = splice @usual, 0, 2) {
        push @pairs, $name => exists $params{$name} ? delete $params{$name} : $value;
    }
    return (@pairs, Test::GptOauth::Http::pairs(\%params));
}

sub authorize_url {
    my ($self, $client, %params) = @_;
    return '/oauth/authorize?' . Test::GptOauth::Http::form($self->authorize_params($client, %params));
}

# What became of an authorization request, in two words: "200 sign-in", "200 consent", "400 page", "302 invalid_scope",
# "303 code". A redirect that does not go to the client's URI with the issuer and the state that was sent is called what it is.
sub outcome {
    my ($self, $client, $response, %opt) = @_;
    my $status = $response->status;
    if (defined(my $location = $response->location)) {
        return "$status to $location" if $location !~ /^\Q${\ ($opt{redirect_uri} \/\/ $client->{redirect_uri}) }\E[?&]/;
        my $answer = $response->answer;
        my $state = exists $opt{state} ? $opt{state} : $usual_state;
        return "$status without iss" if ($answer->{iss} // '') ne $self->issuer;
        return "$status with another state" if ($answer->{state} // '') ne ($state // '');
        return "$status with code and error" if defined $answer->{code} && defined $answer->{error};
        return "$status " . ($answer->{error} // (defined $answer->{code} ? 'code' : 'nothing'));
    }
    return "$status in another type" if ($response->header('Content-Type') // '') !~ m{^text/html};
    my $body = $response->body;
    return "$status " . ($body =~ /name="password"/ ? 'sign-in' : $body =~ /name="decision"/ ? 'consent' : 'page');
}

# The outcome of a request by a browser without cookies. suffix is added to the query as it is.
sub ask {
    my ($self, $client, $params, $suffix) = @_;
    my $response = $self->http->get($self->authorize_url($client, %{ $params // {} }) . ($suffix // ''));
    return $self->outcome($client, $response, map { $_ => $params->{$_} } grep { exists $params->{$_} } qw(state redirect_uri));
}

sub browser {
    my ($self, %opt) = @_;
    return Test::GptOauth::Browser->new($self->port, %opt);
}

# The browser of a user of that name, who signs in when first asked to.
sub browser_of {
    my ($self, $name) = @_;
    return $self->{browsers}{$name} //= $self->browser;
}

# What comes of signing in to this client by a form, in a browser that nobody knows.
sub outcome_of_sign_in {
    my ($self, $client, $name, $password) = @_;
    my $browser = $self->browser;
    $browser->get($self->authorize_url($client));
    $browser->submit($browser->form_with('password'), username => $name, password => $password);
    return $self->outcome($client, $browser->page);
}

# Opens the request and signs in if asked; the browser then shows the consent page or an error, or was redirected.
sub open_request {
    my ($self, $url, %opt) = @_;
    my $user = $opt{user} // 'alice';
    my $browser = $opt{browser} // $self->browser_of($user);
    $browser->follow($browser->get($url));
    $browser->sign_in($user, $self->user($user)) if $browser->has_sign_in;
    return $browser;
}

# From the request to the redirect. Options: user, browser, decision, params (of the request), verifier. Answers the parameters of
# the redirect and what is needed to redeem.
sub code_for {
    my ($self, $client, %opt) = @_;
    my %params = %{ $opt{params} // {} };
    my $verifier;
    if (!$client->{gpt} || $opt{verifier}) {
        ($verifier, my $challenge) = pkce($opt{verifier});
        %params = (code_challenge => $challenge, code_challenge_method => 'S256', %params);
    }
    my $browser = $self->open_request($self->authorize_url($client, %params), %opt);
    $browser->decide($opt{decision} // 'allow') if $browser->has_consent;
    my $response = $browser->page;
    return {
        %{ $response->answer },
        response => $response,
        client => $client,
        redirect_uri => exists $params{redirect_uri} ? $params{redirect_uri} : $client->{redirect_uri},
        verifier => $verifier
    };
}

# ---- the token endpoint

sub basic {
    my ($id, $secret) = @_;
    return 'Basic ' . encode_base64("$id:$secret", '');
}

# POST to an endpoint as this client. The parameters are pairs; auth is post (usual for confidential clients), basic or none (usual
# for public ones).
sub client_request {
    my ($self, $target, $client, $params, %opt) = @_;
    my ($body, @headers) = $self->token_body($client, $params, %opt);
    return $self->http->post($target, $body, headers => \@headers);
}

sub token_request { my ($self, @request) = @_; return $self->client_request('/oauth/token', @request) }
sub revoke { my ($self, @request) = @_; return $self->client_request('/oauth/revoke', @request) }
sub introspect { my ($self, @request) = @_; return $self->client_request('/oauth/introspect', @request) }

sub token_body {
    my ($self, $client, $params, %opt) = @_;
    my $auth = $opt{auth} // ($client->{public} ? 'none' : 'post');
    my @pairs = Test::GptOauth::Http::pairs($params);
    my @headers = @{ $opt{headers} // [] };
    push @headers, Authorization => basic($client->{id}, $client->{secret}) if $auth eq 'basic';
    push @pairs, client_id => $client->{id} if $auth ne 'basic';
    push @pairs, client_secret => $client->{secret} if $auth eq 'post';
    return (Test::GptOauth::Http::form(@pairs), @headers);
}

sub redeem_params {
    my ($grant, %other) = @_;
    return {
        grant_type => 'authorization_code',
        code => $grant->{code},
        redirect_uri => $grant->{redirect_uri},
        code_verifier => $grant->{verifier},
        %other
    };
}

# Redeems what code_for answered. Named parameters replace or, when undef, remove the usual ones.
sub redeem {
    my ($self, $grant, $other, %opt) = @_;
    return $self->token_request($opt{client} // $grant->{client}, redeem_params($grant, %{ $other // {} }), %opt);
}

sub refresh {
    my ($self, $client, $refresh_token, $other, %opt) = @_;
    my %params = (grant_type => 'refresh_token', refresh_token => $refresh_token, %{ $other // {} });
    return $self->token_request($client, \%params, %opt);
}

# The whole flow; answers the token response's JSON, with the client and the grant.
sub tokens_for {
    my ($self, $client, %opt) = @_;
    my $grant = $self->code_for($client, %opt);
    my $response = $self->redeem($grant);
    die 'no tokens: ' . $response->verdict . ' ' . $response->body . ' after ' . $grant->{response}->verdict . "\n"
        unless $response->status == 200;
    return { %{ $response->json }, client => $client, grant => $grant };
}

# ---- the protected resource

sub bearer { my ($token) = @_; return (Authorization => "Bearer $token") }

sub fetch {
    my ($self, $target, $token, %opt) = @_;
    my @headers = @{ $opt{headers} // [] };
    push @headers, bearer($token) if defined $token;
    return $self->http->request($opt{method} // 'GET', $target, %opt, headers => \@headers);
}

sub hello { my ($self, $token, %opt) = @_; return $self->fetch('/api/hello', $token, %opt) }

# 200 where the token is good for reading, or the refusal.
sub token_works { my ($self, $token) = @_; return $self->fetch('/api/notes.txt', $token)->status == 200 }

1;
