package Test::GptOauth::Configuration;

# The configuration of httpd with which every test begins; a test adds what it is about (conf) or gives other pages.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw($other_issuer $pages $server @usual_modules);

# Scopes, and a Location for each of the two that tests ask for most.
our $pages = <<'EOC';
GPTOAuthScope read "Read your notes" default
GPTOAuthScope write "Change your notes"
GPTOAuthScope admin "Administer everybody's notes"
GPTOAuthScope hello "Be greeted"
<Location /api>
    AuthType GPTOAuth
    Require oauth-scope read
</Location>
<Location /api/hello>
    SetHandler gpt-oauth-hello
    Require oauth-scope hello
</Location>
<Location /write>
    AuthType GPTOAuth
    Require oauth-scope write
</Location>
EOC

our $server = <<'EOC';
ServerRoot "%%DIR%%"
ServerName localhost:%%PORT%%
Listen 127.0.0.1:%%PORT%%
%%MODULES%%
User www-data
Group www-data
PidFile "%%DIR%%/httpd.pid"
CoreDumpDirectory "%%DIR%%/cores"
ErrorLog "%%DIR%%/error.log"
<IfDirective GPTOAuthAuditLog>
    GPTOAuthAuditLog "%%DIR%%/audit.log"
</IfDirective>
LogLevel info gpt_oauth:debug
LogFormat "%h %l %u %t \"%r\" %>s %b" plain
CustomLog "%%DIR%%/access.log" plain
Mutex default:%%DIR%%
StartServers 2
ServerLimit 4
# More than any test has connections: a process whose threads are all busy closes what it keeps alive.
ThreadsPerChild 64
MaxRequestWorkers 256
MinSpareThreads 64
MaxSpareThreads 256
KeepAliveTimeout 30
Timeout 30
DocumentRoot "%%DIR%%/htdocs"
<Directory "%%DIR%%/htdocs">
    Require all granted
</Directory>
TypesConfig /dev/null
AddType text/plain .txt
%%CACHE%%
Include "%%DIR%%/dbd.conf"
%%DBD%%
%%ISSUER%%
%%PAGES%%
%%CONF%%
EOC

# For conf: a second issuer in the same server, at port A.
our $other_issuer = <<'EOC';
Listen 127.0.0.1:%%PORT_A%%
<VirtualHost 127.0.0.1:%%PORT_A%%>
    ServerName localhost:%%PORT_A%%
    GPTOAuthIssuer http://localhost:%%PORT_A%%
</VirtualHost>
EOC

our @usual_modules = qw(mpm_event authn_core authz_core authz_host authn_file authz_user auth_basic alias dir mime dbd headers env
    rewrite proxy proxy_http setenvif);

1;
