package Test::GptOauth::Hearing;

# Servers hear of what is ended in their database by others than themselves. What is said there last is heard last.

use strict;
use warnings;
use Exporter qw(import);
use Test::GptOauth::Process qw(output slurp);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(await_hearing);

my $said = 0;

# Ends nothing that there is; answers how listeners write it to the log.
sub say_something {
    my ($t) = @_;
    if ($t->is_pgsql) {
        my $grant = "settled-$$-" . ++$said;
        $t->cluster->psql($t->database, "SELECT pg_notify('gpt_oauth_' || relnamespace, 'grant $grant') FROM pg_class WHERE oid = to_regclass('oauth_setting');");
        return "grant $grant\n";
    }
    my $count = output('UPDATE oauth_revocation SET count = count + 1 RETURNING count;', 'sqlite3', '-batch', '-cmd', '.timeout 10000', $t->{db_params});
    return "anything may have ended: $count\n";
}

sub has_heard {
    my ($listener, $from, $what) = @_;
    return index(substr(slurp("$listener->{dir}/error.log"), $from), $what) >= 0;
}

# Until these servers have heard of all that was committed before. One that cannot hear relies on nothing a second later.
sub await_hearing {
    my ($t, @listeners) = @_;
    return if !@listeners;
    my $deadline = time + 1.05;
    my %from = map { $_ => -s "$_->{dir}/error.log" // 0 } @listeners;
    my $what = eval { say_something($t) };    # the database may be none, or away
    sleep 0.003 while time < $deadline && (!defined $what || grep { !has_heard($_, $from{$_}, $what) } @listeners);
    return;
}

1;
