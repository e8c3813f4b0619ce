package Bench::Report;

# The results as tables in Markdown: medians of all rounds. Ratios are taken within each round and then their median, so that what
# disturbs the machine for a while disturbs both sides.

use strict;
use warnings;
use FindBin;
use POSIX ();
use Test::GptOauth::Process qw(output slurp);

my $ms = sub { sprintf '%.2f', $_[0] / 1000 };
my $whole = sub { sprintf '%.0f', $_[0] };
my $tenth = sub { sprintf '%.1f', $_[0] };
my $ratio = sub { sprintf '%.2f', $_[0] };

# Where it is on, each process of PostgreSQL is a scheduling group of its own and can wait a second for a processor that httpd fills.
my $AUTOGROUP = '/proc/sys/kernel/sched_autogroup_enabled';

# Heading, member of the result, how it is printed. After a slash it is divided by the base's.
my @answers = (
    [ 'a second', 'rate', $whole ],
    [ 'to base', '/rate', $ratio ],
    [ 'p50 ms', 'p50', $ms ],
    [ 'p99 ms', 'p99', $ms ],
    [ 'to base', '/p99', $ratio ],
    [ 'CPU µs: httpd', 'httpd', $tenth ],
    [ 'PostgreSQL', 'pgsql', $tenth ],
    [ 'both, to base', '/cpu', $ratio ],
    [ 'client busy', 'client', $ratio ],
);
my @tables = (
    [ requests => 'Requests', @answers ],
    [ beside => 'A good token beside other things', @answers, [ 'purged a second', 'purged', $whole ] ],
    [ tokens => 'Tokens', @answers, [ 'refused', 'refused', $whole ] ],
    [
        starts => 'Start',
        [ 'ms', 'start', $whole ],
        [ 'MB', 'memory', $tenth ],
        [ 'of them shared, at most', 'shared', $tenth ],
    ],
);

sub median { my @sorted = sort { $a <=> $b } grep { defined } @_; return @sorted ? ($sorted[ $#sorted / 2 ] + $sorted[ @sorted / 2 ]) / 2 : undef }

# The cell of a row. results: by name, a list with a result of each round.
sub cell {
    my ($row, $results, $member, $print) = @_;
    my ($mine, $base) = map { $results->{$_} } @$row{qw(name base)};
    my $divide = $member =~ s{^/}{};
    return '' if $divide && $row->{name} eq $row->{base};
    my $value = median(map { my ($m, $b) = map { $_->{$member} } $mine->[$_], $base->[$_]; $divide ? $b ? $m / $b : undef : $m } 0 .. $#$mine);
    return defined $value ? $print->($value) : '';
}

sub print_tables {
    my ($rows, $results) = @_;
    for my $table (@tables) {
        my ($kind, $heading, @columns) = @$table;
        my @of_kind = grep { $_->{table} eq $kind } @$rows or next;
        print '| ', join(' | ', $heading, 'row', map { $_->[0] } @columns), " |\n", '| --- | --- ', '| ---: ' x @columns, "|\n";
        for my $row (@of_kind) {
            my @cells = map { cell($row, $results, @$_[ 1, 2 ]) } @columns;
            my $name = $row->{name} eq $row->{base} ? $row->{name} : "$row->{name} / $row->{base}";
            print '| ', join(' | ', $row->{words}, $name, @cells), " |\n";
        }
        print "\n";
    }
    return;
}

# One line about the machine and what ran on it.
sub machine {
    my ($pinned) = @_;
    my ($model) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)/m;
    my ($memory) = slurp('/proc/meminfo') =~ /^MemTotal:\s*(\d+)/m;
    chomp(my $commit = qx(git -C $FindBin::Bin rev-parse --short HEAD 2>/dev/null) || "unknown\n");
    $commit .= ' with changes' if qx(git -C $FindBin::Bin status --porcelain 2>/dev/null);
    my ($httpd) = map { qx($_ -v) =~ m{Apache/([\d.]+)} } grep { -x } qw(/usr/sbin/apache2 /usr/sbin/httpd);
    my ($pgsql) = output('', Test::GptOauth::Postgres->bin('postgres'), '--version') =~ /([\d.]+)/;
    my (undef, undef, $kernel) = POSIX::uname();
    my $autogroup = -r $AUTOGROUP && slurp($AUTOGROUP) =~ /1/;
    return join ', ', POSIX::strftime('%Y-%m-%d %H:%M UTC', gmtime), 'commit ' . $commit, $model // 'unknown processor',
        sprintf('%d processors', scalar(() = slurp('/proc/cpuinfo') =~ /^processor\s*:/mg)),
        ($pinned ? 'httpd and PostgreSQL on one, the client on another' : 'all on one'),
        sprintf('%.0f GB', $memory / 1024 / 1024), "Linux $kernel" . ($autogroup ? ' with autogroup' : ''), "httpd $httpd", "PostgreSQL $pgsql", 'load ' . (split ' ', slurp('/proc/loadavg'))[0];
}

1;
