package Bench::Setup;

# Servers, tables and files of credentials, each made when a row first asks for it. What httpd runs beside:
#
#   plain   without the module: the floor, mod_authn_dbd, mod_authn_socache
#   on      with the module, as it comes
#   off     with the module, GPTOAuthCache off
#   rows    the same, on a database of its own with as many tokens as --rows says

use strict;
use warnings;
use Bench::Data;
use Bench::Server;
use File::Temp ();
use FindBin;
use Test::GptOauth::Process qw(output);

# Options of the command: some and many (tokens), rows.
sub new {
    my ($class, $opt) = @_;
    my $self = bless { opt => $opt, dir => File::Temp->newdir('gptbench-XXXXXX', DIR => '/tmp') }, $class;
    chmod 0755, "$self->{dir}";
    output('', 'cp', "$FindBin::Bin/floor.c", "$self->{dir}/");
    output('', 'sh', '-c', "cd $self->{dir} && apxs -c -n bench_floor -Wc,-Wall floor.c");
    $self->{floor} = "$self->{dir}/.libs/floor.so";
    return $self;
}

sub server {
    my ($self, $name) = @_;
    return $self->{server}{$name} //= $name eq 'on' ? $self->first : $name eq 'rows' ? $self->one_of($name) : $self->one_of($name, beside => $self->server('on'));
}

sub one_of {
    my ($self, $name, %opt) = @_;
    my $directives = $name eq 'off' || $name eq 'rows' ? "GPTOAuthCache off\n" : '';
    return Bench::Server->new(db => 'pgsql', floor => $self->{floor}, plain => $name eq 'plain', directives => $directives, %opt);
}

# The one with the module on; its PostgreSQL, which all use, is durable, and writes no checkpoint in the middle of a round.
sub first {
    my ($self) = @_;
    my $server = $self->one_of('on', durable => 1, start => 0);
    my %setting = (max_connections => 400, max_wal_size => '8GB', checkpoint_timeout => '1h', shared_buffers => '256MB');
    push @{ $server->cluster->{options} }, map { ('-c', "$_=$setting{$_}") } sort keys %setting;
    $server->cluster->restart;
    $server->start;
    return $server;
}

# Another server like that one, which is not running; options as for Bench::Server.
sub another { my ($self, $name, %opt) = @_; return $self->one_of($name, beside => $self->server('on'), start => 0, %opt) }

sub data {
    my ($self) = @_;
    return $self->{data} //= Bench::Data->new($self->server('on'));
}

# A file of credentials, by its name in Bench::Rows.
sub file {
    my ($self, $name) = @_;
    my ($some, $many, $rows) = @{ $self->{opt} }{qw(some many rows)};
    my %make = (
        one => sub { $self->file('many'); $self->data->some(1) },
        some => sub { $self->file('many'); $self->data->some($some) },
        many => sub { $self->data->fill($many, $many) },
        rows => sub { Bench::Data->new($self->server('rows'))->fill($rows, $many) },
        users => sub { $self->data->users($some) },
        few => sub { $self->file('users'); $self->data->some_users(100) },
        dead => sub { $self->data->dead($some) },
        invented => sub { $self->data->invented($some) },
    );
    return $self->{file}{$name} //= $make{$name}->();
}

1;
