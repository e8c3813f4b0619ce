package Test::GptOauth::Console;

# What tests of the console have in common: its table of actions as the code has it, forms as a user can seal them himself, and what
# an action may change.

use strict;
use warnings;
use Cwd qw(abs_path);
use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use File::Basename qw(dirname);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::GptOauth::Process qw(slurp);
use Test::GptOauth::Secrets;

our @EXPORT = qw(actions audit_lines form_of sealed secrets_of shows tables);

my $sources = abs_path(dirname(__FILE__) . '/../../../..') . '/mod_gpt_oauth';

# Each has: name; role, the least that may; event; subject, the field that names what it is about; ends, 1 when something does.
sub actions {
    my $table = slurp("$sources/web/console/actions.c");
    my @actions;
    while ($table =~ /^    \{ "(\w+)", ROLE_(\w+), AUDIT_(\w+), (?:"(\w+)"|NULL), (\d),/mg) {
        push @actions, { name => $1, role => $2, event => $3, subject => $4, ends => $5 };
    }
    return @actions;
}

sub shows { my ($browser, $words) = @_; return $browser->page->body =~ /$words/ ? 1 : 0 }

sub audit_lines { my ($t) = @_; return map { JSON::PP::decode_json($_) } grep { length } split /\n/, slurp($t->dir . '/audit.log') }

sub tables {
    my ($t) = @_;
    return $t->sql(join ' ', map { "SELECT * FROM $_ ORDER BY 1;" } qw(oauth_client oauth_user oauth_service_key oauth_grant oauth_throttle));
}

# The form of this action on the page with these hidden fields.
sub form_of {
    my ($browser, $action, %hidden) = @_;
    my ($form) = grep {
        my $f = $_;
        ($f->{fields}{action} // '') eq $action && !grep { ($f->{fields}{$_} // '') ne $hidden{$_} } keys %hidden
    } $browser->forms;
    return $form;
}

# What a page shows once: the id first, then secrets.
sub secrets_of {
    my ($browser) = @_;
    my @secrets = $browser->page->body =~ m{<p class="secret">[^<]*(?:<bdi>[^<]*</bdi>)?<br><code>(?:<bdi>)?([^<]+)}g;
    Test::GptOauth::Secrets::remember(secret => $_) for @secrets[ 1 .. $#secrets ];
    return @secrets;
}

# The fields of a form whatever page has it, as the owner of a browser can seal it, whose cookie is the key: he may not do more by that.
sub sealed {
    my ($t, $browser, $user, $action) = @_;
    my ($stages) = slurp("$sources/grant/transaction.h") =~ /typedef enum \{([^}]*)\} transaction_stage_t/;
    my @stages = $stages =~ /(TRANSACTION_\w+)/g;
    my ($stage) = grep { $stages[$_] eq 'TRANSACTION_CONSOLE' } 0 .. $#stages;
    my ($key) = map { $browser->{cookies}{$_} } grep { /gpt-oauth-form-/ } keys %{ $browser->{cookies} };
    my %form = (transaction => encode_base64url(join '', map { chr int rand 256 } 1 .. 16) . '.' . time, request => "action=$action", shown => '');
    my $text = join '', $stage, map { sprintf ' %d:%s', length, $_ } $t->issuer, $user, @form{qw(transaction request shown)};
    return { %form, mac => encode_base64url(hmac_sha256($text, $key)), action => $action };
}

1;
