package Test::GptOauth::Http;

# A small HTTP/1.1 client that does what it is told: raw bytes, kept-alive connections, many requests at once, no redirects
# followed, nothing repaired. What it sees of credentials it remembers in Test::GptOauth::Secrets.

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);
use Test::GptOauth::Secrets;

our $TIMEOUT = 30;

# Option: from (one of the loopback addresses, as which the client calls).
sub new {
    my ($class, $port, %opt) = @_;
    return bless { port => $port, %opt }, $class;
}

sub connect_now {
    my ($self) = @_;
    my @from = $self->{from} ? (LocalAddr => $self->{from}) : ();
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'tcp', Timeout => 5, @from)
        or die "cannot connect to port $self->{port}: $!\n";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    return { socket => $socket, buffer => '' };
}

# The bytes of a request. Headers are a flat list, so that one may occur twice; Host and Content-Length are added unless
# given (a value of undef leaves one out).
sub build {
    my ($self, $method, $target, %opt) = @_;
    my @headers = @{ $opt{headers} // [] };
    my %given = map { lc $headers[ 2 * $_ ] => 1 } 0 .. @headers / 2 - 1;
    unshift @headers, Host => "localhost:$self->{port}" unless $given{host};
    if (defined $opt{body}) {
        push @headers, 'Content-Type' => 'application/x-www-form-urlencoded' unless $given{'content-type'};
        push @headers, 'Content-Length' => length $opt{body} unless $given{'content-length'} || $given{'transfer-encoding'};
    }
    my $bytes = "$method $target HTTP/1.1\r\n";
    while (my ($name, $value) = splice @headers, 0, 2) {
        $bytes .= "$name: $value\r\n" if defined $value;
    }
    return $bytes . "\r\n" . ($opt{body} // '');
}

# One request on the kept-alive connection; a connection that the server has closed meanwhile is opened again.
sub request {
    my ($self, $method, $target, %opt) = @_;
    my $bytes = $self->build($method, $target, %opt);
    for my $try (1, 2) {
        my $fresh = !$self->{connection};
        my $connection = $self->{connection} //= $self->connect_now;
        local $SIG{PIPE} = 'IGNORE';
        my $sent = print { $connection->{socket} } $bytes;
        my $response = $sent ? $self->read_response($connection, $method) : undef;
        delete $self->{connection} if !$response || ($response->header('Connection') // '') =~ /close/i;
        return $response if $response;
        die "no response to $method " . substr($target, 0, 80) . "\n" if $fresh;
    }
    die "no response to $method " . substr($target, 0, 80) . " on two connections\n";
}

sub get { my ($self, $target, %opt) = @_; return $self->request('GET', $target, %opt) }

sub post {
    my ($self, $target, $body, %opt) = @_;
    return $self->request('POST', $target, %opt, body => ref $body ? form(pairs($body)) : $body);
}

# Sends bytes as they are on a connection of their own and returns all responses until the server closes or falls silent.
sub raw {
    my ($self, $bytes, %opt) = @_;
    my $connection = $self->connect_now;
    local $SIG{PIPE} = 'IGNORE';
    print { $connection->{socket} } $bytes;
    shutdown $connection->{socket}, 1 if $opt{end};
    my @responses;
    while (my $response = $self->read_response($connection, $opt{method} // 'GET', $opt{timeout} // 3)) {
        push @responses, $response;
        last if $opt{one};
    }
    return wantarray ? @responses : $responses[0];
}

sub read_response {
    my ($self, $connection, $method, $timeout) = @_;
    my $deadline = time + ($timeout // $TIMEOUT);
    my $select = IO::Select->new($connection->{socket});
    my $eof = 0;
    while (1) {
        my $response = take_response(\$connection->{buffer}, $method, $eof);
        return $response if $response;
        return if $eof || time > $deadline;
        next unless $select->can_read($deadline - time);
        $eof = !sysread $connection->{socket}, $connection->{buffer}, 65536, length $connection->{buffer};
    }
}

# Opens one connection per request ([method, target, options]), uses each once so that it is kept alive, then sends all
# requests before reading any answer. before => a function that runs just before they are sent; sent => one that runs
# before any answer is read. Responses come in the order of
# the requests, with the {seconds} they took.
sub parallel {
    my ($self, $requests, %opt) = @_;
    my @requests = @$requests;
    my @connections = map { $self->connect_now } @requests;
    for my $connection (@connections) {
        print { $connection->{socket} } $self->build('GET', '/plain.txt');
        $self->read_response($connection, 'GET') or die "a connection could not be warmed up\n";
    }
    my @bytes = map { $self->build(@$_) } @requests;
    $opt{before}->() if $opt{before};
    my $began = time;
    print { $connections[$_]{socket} } $bytes[$_] for 0 .. $#bytes;
    $opt{sent}->() if $opt{sent};
    my %waiting = map { fileno($connections[$_]{socket}) => $_ } 0 .. $#connections;
    my $select = IO::Select->new(map { $_->{socket} } @connections);
    my @responses;
    while (%waiting && time < $began + $TIMEOUT) {
        for my $socket ($select->can_read(1)) {
            my $index = $waiting{ fileno $socket };
            my $connection = $connections[$index];
            my $eof = !sysread $socket, $connection->{buffer}, 65536, length $connection->{buffer};
            my $response = take_response(\$connection->{buffer}, $requests[$index][0], $eof);
            next unless $response || $eof;
            $response->{seconds} = time - $began if $response;
            $responses[$index] = $response;
            delete $waiting{ fileno $socket };
            $select->remove($socket);
        }
    }
    $responses[$_] //= Test::GptOauth::Response->new('000 no response', [], '') for 0 .. $#requests;
    return @responses;
}

# Takes one complete response off the buffer, or returns nothing. 1xx are passed over.
sub take_response {
    my ($buffer, $method, $eof) = @_;
    my $start = index $$buffer, "\r\n\r\n";
    return if $start < 0;
    my ($line, @lines) = split /\r\n/, substr $$buffer, 0, $start;
    my ($status) = $line =~ m{^HTTP/1\.[01] (\d\d\d.*)}s or die "this is no status line: $line\n";
    $start += 4;
    if ($status =~ /^1/) {
        substr $$buffer, 0, $start, '';
        return take_response($buffer, $method, $eof);
    }
    my @headers = map { /^([^:]+):\s*(.*?)\s*$/s ? [ $1, $2 ] : [ '', $_ ] } @lines;
    my $response = Test::GptOauth::Response->new($status, \@headers, '');
    my ($end, $body) = ($start, '');
    if ($method eq 'HEAD' || $status =~ /^(?:204|304)/) {
    }
    elsif (($response->header('Transfer-Encoding') // '') =~ /chunked/i) {
        while (1) {
            pos($$buffer) = $end;
            return unless $$buffer =~ /\G([0-9A-Fa-f]+)[^\r\n]*\r\n/g;
            my ($size, $at) = (hex $1, pos $$buffer);
            return if length $$buffer < $at + $size + 2;
            $body .= substr $$buffer, $at, $size;
            $end = $at + $size + 2;
            last if $size == 0;
        }
    }
    elsif (defined(my $length = $response->header('Content-Length'))) {
        return if length $$buffer < $start + $length;
        $body = substr $$buffer, $start, $length;
        $end = $start + $length;
    }
    else {
        return unless $eof;
        ($body, $end) = (substr($$buffer, $start), length $$buffer);
    }
    substr $$buffer, 0, $end, '';
    $response->{body} = $body;
    $response->remember;
    return $response;
}

# Unreserved characters stay (RFC 3986), as the module's own encoder does.
sub encode {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

sub decode {
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

sub pairs {
    my ($data) = @_;
    return @$data if ref $data eq 'ARRAY';
    return map { my $name = $_; map { $name => $_ } ref $data->{$name} ? @{ $data->{$name} } : $data->{$name} } sort keys %$data;
}

# name => value pairs in their order; undef leaves one out.
sub form {
    my (@pairs) = @_;
    my @out;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @out, encode($name) . '=' . encode($value) if defined $value;
    }
    return join '&', @out;
}

sub unform {
    my ($text) = @_;
    my %out;
    for my $pair (split /&/, $text // '') {
        my ($name, $value) = map { decode($_) } split /=/, $pair, 2;
        die "parameter $name occurs twice\n" if exists $out{$name};
        $out{$name} = $value;
    }
    return \%out;
}

package Test::GptOauth::Response;

use JSON::PP ();

sub new {
    my ($class, $status, $headers, $body) = @_;
    my ($code, $reason) = $status =~ /^(\d\d\d) ?(.*)/;
    return bless { status => 0 + $code, reason => $reason, headers => $headers, body => $body }, $class;
}

sub status { return $_[0]{status} }
sub body { return $_[0]{body} }

sub headers {
    my ($self, $name) = @_;
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
}

# Several lines of one name are joined, as a recipient may do.
sub header {
    my ($self, $name) = @_;
    my @values = $self->headers($name);
    return @values ? join(', ', @values) : undef;
}

sub head { return join '', map { "$_->[0]: $_->[1]\n" } @{ $_[0]{headers} } }

# The body as JSON; an empty hash when it is not, so that a test reports the member that it misses.
sub json {
    my ($self) = @_;
    my $value = eval { JSON::PP::decode_json($self->{body}) };
    return ref $value eq 'HASH' ? $value : {};
}

sub error { return $_[0]->json->{error} // '' }

# "400 invalid_grant": what most tests want to know.
sub verdict {
    my ($self) = @_;
    return join ' ', grep { length } $self->{status}, $self->error;
}

# "401 Bearer invalid_token": status, scheme and error of the challenge.
sub challenge {
    my ($self) = @_;
    my $text = $self->header('WWW-Authenticate') // '';
    return join ' ', $self->{status}, $text =~ /^(\w+) /, $text =~ /error="([^"]*)"/;
}

sub location { return $_[0]->header('Location') }

# The parameters in the query of the Location, each once.
sub answer {
    my ($self) = @_;
    my ($query) = ($self->location // '') =~ /\?([^#]*)/;
    return Test::GptOauth::Http::unform($query);
}

sub remember {
    my ($self) = @_;
    my $remember = \&Test::GptOauth::Secrets::remember;
    if (($self->header('Content-Type') // '') =~ /json/) {
        my $json = $self->json;
        $remember->($_, $json->{$_}) for qw(access_token refresh_token client_secret);
    }
    $remember->('code', Test::GptOauth::Http::decode($1)) if ($self->location // '') =~ /[?&]code=([^&#]*)/;
    /^[^=]+=([^;]*)/ && $remember->('cookie', $1) for $self->headers('Set-Cookie');
    return;
}

1;
