package Test::GptOauth::Certificates;

# TLS certificates for tests: NAME.pem and NAME.key in a folder, by openssl.

use strict;
use warnings;
use Exporter qw(import);
use Test::GptOauth ();

our @EXPORT = qw(make_certificate);

my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);

# make_certificate(folder, name, subject, options): by => the name of the one that signs (else it signs itself), days => until it ends,
# host => the host it is for.
sub make_certificate {
    my ($dir, $name, $subject, %opt) = @_;
    my @end = (-days => $opt{days} // 60);
    my @new = (qw(openssl req), @key, '-subj', $subject, '-keyout', "$dir/$name.key");
    if (!$opt{by}) {
        my @host = $opt{host} ? (-addext => "subjectAltName=DNS:$opt{host}") : ();
        Test::GptOauth::output('', @new, '-x509', @end, @host, '-out', "$dir/$name.pem");
        return;
    }
    open my $file, '>', "$dir/$name.ext" or die "$dir/$name.ext: $!\n";
    print {$file} $opt{host} ? "subjectAltName=DNS:$opt{host}\n" : '';
    close $file;
    Test::GptOauth::output('', @new, '-out', "$dir/$name.csr");
    Test::GptOauth::output('', qw(openssl x509 -req -in), "$dir/$name.csr", '-CA', "$dir/$opt{by}.pem", '-CAkey', "$dir/$opt{by}.key",
        '-CAcreateserial', @end, '-extfile', "$dir/$name.ext", '-out', "$dir/$name.pem");
    return;
}

1;
