package Test::GptOauth::Schema;

# The way back to the schema before, as no administrator ever goes it.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT = qw(take_back_newest);

# What the newest migration made, but for the number.
sub take_back_newest {
    my ($t) = @_;
    my @listed = $t->is_pgsql ? () : map { my $table = $_; map { "oauth_$table DROP COLUMN $_" } qw(listed_name unused) } qw(client user service_key);
    $t->sql("DROP INDEX oauth_$_;") for map { ($_ . '_name', $_ . '_use') } qw(client_admin client_other user_by service_key_by);
    $t->sql("ALTER TABLE $_;") for @listed, 'oauth_throttle DROP COLUMN host', map { "oauth_user DROP COLUMN $_" } qw(one_time_until one_time_at one_time_by used_at);
    $t->sql('DROP TABLE oauth_action;');
    return;
}

1;
