package Test::GptOauth::Browser;

# What a browser without JavaScript does: keeps cookies, reads the forms of a page, fills in and submits them. Redirects are
# handed to the test.

use strict;
use warnings;
use Test::GptOauth::Http;
use Test::GptOauth::Secrets;

sub new {
    my ($class, $port, %opt) = @_;
    return bless { http => Test::GptOauth::Http->new($port, %opt), port => $port, cookies => {}, url => '/' }, $class;
}

sub page { return $_[0]{page} }
sub cookies { return $_[0]{cookies} }

# Another browser with the same cookies: a second tab, or a thief's copy.
sub copy {
    my ($self) = @_;
    my $copy = ref($self)->new($self->{port});
    $copy->{cookies} = { %{ $self->{cookies} } };
    return $copy;
}

sub request {
    my ($self, $method, $url, %opt) = @_;
    $url =~ s{^https?://[^/]+}{};
    my %cookies = %{ $self->{cookies} };
    my @headers = @{ $opt{headers} // [] };
    push @headers, Cookie => join '; ', map { "$_=$cookies{$_}" } sort keys %cookies if %cookies;
    my $response = $self->{http}->request($method, $url, %opt, headers => \@headers);
    $self->take_cookies($response);
    ($self->{url}, $self->{page}) = ($url, $response);
    return $response;
}

sub take_cookies {
    my ($self, $response) = @_;
    for my $line ($response->headers('Set-Cookie')) {
        my ($name, $value, $attributes) = $line =~ /^([^=]+)=([^;]*)(.*)/ or next;
        if ($value eq '' || $attributes =~ /;\s*Max-Age=-?0*(?:;|$)/i) {
            delete $self->{cookies}{$name};
        }
        else {
            $self->{cookies}{$name} = $value;
        }
    }
    return;
}

sub get { my ($self, $url, %opt) = @_; return $self->request('GET', $url, %opt) }

# The forms of the page: method, action, fields (name => value, or a list of values: ticked boxes), buttons ([name, value], ...), text.
sub forms {
    my ($self) = @_;
    my $body = $self->{page}->body;
    my @forms;
    while ($body =~ m{<form\b([^>]*)>(.*?)</form>}gis) {
        my ($attributes, $text) = (attributes($1), $2);
        my (%fields, @buttons);
        while ($text =~ /<(input|button)\b([^>]*)>/gi) {
            my ($element, $attribute) = (lc $1, attributes($2));
            my $type = lc($attribute->{type} // ($element eq 'button' ? 'submit' : 'text'));
            next unless defined $attribute->{name};
            if ($type eq 'submit') {
                push @buttons, [ $attribute->{name}, $attribute->{value} // '' ];
            }
            elsif ($type eq 'checkbox') {
                push @{ $fields{ $attribute->{name} } }, $attribute->{value} // 'on' if exists $attribute->{checked};
            }
            else {
                $fields{ $attribute->{name} } = $attribute->{value} // '';
            }
        }
        push @forms, {
            method => uc($attributes->{method} // 'GET'),
            action => $attributes->{action} // '',
            fields => \%fields,
            buttons => \@buttons,
            text => $text
        };
    }
    return @forms;
}

# The first form that has a field or button of this name, or nothing.
sub form_with {
    my ($self, $name) = @_;
    for my $form ($self->forms) {
        return $form if exists $form->{fields}{$name} || grep { $_->[0] eq $name } @{ $form->{buttons} };
    }
    return;
}

# Submits a form with the given fields over those on the page. Our pages say Referrer-Policy: no-referrer, and for these browsers
# send "Origin: null" with a POST (Fetch, section 3.1).
sub submit {
    my ($self, $form, %fields) = @_;
    my $action = $form->{action} eq '' ? $self->{url} : $form->{action};
    my $body = Test::GptOauth::Http::form(Test::GptOauth::Http::pairs({ %{ $form->{fields} }, %fields }));
    my @headers = (Origin => 'null', 'Sec-Fetch-Site' => 'same-origin');
    return $self->request($form->{method}, $action, body => $body, headers => \@headers);
}

sub has_sign_in { return defined $_[0]->form_with('password') }
sub has_consent { return defined $_[0]->consent_form }

# Not the one for another account, which stands above it.
sub consent_form {
    my ($self) = @_;
    return (grep { grep { $_->[0] eq 'decision' && $_->[1] eq 'allow' } @{ $_->{buttons} } } $self->forms)[0];
}

sub sign_in {
    my ($self, $username, $password) = @_;
    my $form = $self->form_with('password') or die "this page asks for no password:\n" . $self->{page}->body . "\n";
    Test::GptOauth::Secrets::remember(password => $password);
    return $self->follow($self->submit($form, username => $username, password => $password));
}

# decision: allow or deny.
sub decide {
    my ($self, $decision, %fields) = @_;
    my $form = $self->consent_form or die "this page asks for no decision:\n" . $self->{page}->body . "\n";
    return $self->submit($form, %fields, decision => $decision);
}

# Follows redirects within the server.
sub follow {
    my ($self, $response) = @_;
    for (1 .. 5) {
        my $location = $response->location;
        return $response unless defined $location && $location =~ m{^(?:http://(?:localhost|127\.0\.0\.1):$self->{port})?/(?!/)};
        $response = $self->get($location);
    }
    die "redirected in a circle\n";
}

sub attributes {
    my ($text) = @_;
    my %out;
    while ($text =~ /([a-z][a-z0-9-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi) {
        my ($name, $value) = (lc $1, $2 // $3 // $4 // '');
        $out{$name} = unescape($value);
    }
    return \%out;
}

sub unescape {
    my ($text) = @_;
    my %named = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'");
    $text =~ s{&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));}{defined $1 ? chr hex $1 : defined $2 ? chr $2 : $named{$3} // "&$3;"}gei;
    return $text;
}

1;
