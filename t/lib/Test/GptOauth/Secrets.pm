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
    my %wanted = map { $_ => sprintf '%s beginning with %s', $known{$_}, substr $_, 0, 9 }
        grep { !($opt{urls} && $in_an_url{$_}) } keys %known;
    return scan($text, \%wanted);
}

# The same for a dump of a database, where bytes stand in hexadecimal: the text as it is, its hexadecimal form, and that of the
# random bytes that a token carries.
sub found_in_dump {
    my ($dump) = @_;
    my %wanted;
    for my $value (keys %known) {
        my @forms = unpack 'H*', $value;
        my $bytes = $value =~ /^(?:gpt[a-z]_)?([A-Za-z0-9_-]{22,})$/ ? decode_base64url($1) : '';
        push @forms, unpack 'H*', substr $bytes, 0, 32 if length $bytes >= 16;
        push @forms, unpack 'H*', substr $bytes, 0, 16 if $value =~ /^gptr_/;
        push @forms, unpack 'H*', substr $bytes, 20, 32 if $value =~ /^gptr_/;
        $wanted{$_} = "$known{$value} in hexadecimal, beginning with " . substr $value, 0, 9 for @forms;
    }
    return (found_in($dump), scan(lc $dump, \%wanted));
}

# The descriptions of those strings, of 8 characters and more, that occur in a text. There may be thousands: the text is gone
# through once, and every place looked up by the 8 characters that stand there.
sub scan {
    my ($text, $wanted) = @_;
    my (%by_head, %found);
    push @{ $by_head{ substr $_, 0, 8 } }, $_ for keys %$wanted;
    for my $at (0 .. length($text) - 8) {
        my $candidates = $by_head{ substr $text, $at, 8 } or next;
        $found{ $wanted->{$_} } = 1 for grep { substr($text, $at, length) eq $_ } @$candidates;
    }
    return sort keys %found;
}

sub all { return sort keys %known }

1;
