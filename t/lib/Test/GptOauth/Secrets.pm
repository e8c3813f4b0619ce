package Test::GptOauth::Secrets;

# Everything that was ever issued to a client or typed by a user, so that logs and dumps can be searched for it.

use strict;
use warnings;
use MIME::Base64 qw(decode_base64url);

my %known;       # value => what it is
my %in_an_url;   # values that a test put into an URL on purpose: httpd's access log has them, and nothing else may

# Short values would be found by chance.
sub remember {
    my ($what, @values) = @_;
    for my $value (@values) {
        $known{$value} //= $what if defined $value && !ref $value && length $value >= 8;
    }
    return wantarray ? @values : $values[0];
}

sub put_into_url {
    my (@values) = @_;
    $in_an_url{$_} = 1 for @values;
    return wantarray ? @values : $values[0];
}

# What of all that occurs in a text, as a list of descriptions that do not repeat the secret.
sub found_in {
    my ($text, %opt) = @_;
    return map { sprintf '%s beginning with %s', $known{$_}, substr $_, 0, 9 }
        grep { index($text, $_) >= 0 && !($opt{urls} && $in_an_url{$_}) } sort keys %known;
}

# The same for a dump of a database, where bytes stand in hexadecimal: the text as it is, its hexadecimal form, and that of the
# random bytes that a token carries.
sub found_in_dump {
    my ($dump) = @_;
    my $lower = lc $dump;
    my @found = found_in($dump);
    for my $value (sort keys %known) {
        my @forms = unpack 'H*', $value;
        my $bytes = $value =~ /^(?:gpt[a-z]_)?([A-Za-z0-9_-]{22,})$/ ? decode_base64url($1) : '';
        push @forms, unpack 'H*', substr $bytes, 0, 32 if length $bytes >= 16;
        push @forms, unpack 'H*', substr $bytes, 0, 16 if $value =~ /^gptr_/;
        push @forms, unpack 'H*', substr $bytes, 20, 32 if $value =~ /^gptr_/;
        push @found, "$known{$value} in hexadecimal, beginning with " . substr $value, 0, 9
            if grep { index($lower, $_) >= 0 } @forms;
    }
    return @found;
}

sub all { return sort keys %known }

1;
