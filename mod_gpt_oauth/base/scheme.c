/*
 * The schemes of URIs that some program answers to already, as a list. Called by uri.c for redirect URIs of apps on a device (RFC
 * 8252 section 7.1).
 */
#include "base/scheme.h"

#include <string.h>
#include <strings.h>

#include "base/array.h"

/* ms- and its like: handlers of Windows, which open settings, documents and installers. */
static const char *const families[] = { "ms-",  "x-apple", "itms",  "chrome",  "moz-",    "safari-",
                                        "edge", "opera",   "brave", "vivaldi", "firefox", "microsoft-edge" };

static const char *const taken[] = {
    /* the web's, in another spelling than RFC 3986's normal one too */
    "http", "https", "ws", "wss",
    /* what browsers run, show or keep themselves */
    "javascript", "vbscript", "livescript", "mocha", "jscript", "data", "blob", "about", "file", "filesystem", "view-source",
    "jar", "resource", "wyciwyg", "feed", "devtools", "googlechrome", "googlechromes", "isolated-app", "x-webdoc", "cid", "mid",
    "mhtml", "res", "mk", "hcp", "shell", "search", "search-ms", "content", "intent", "android-app", "market", "package",
    "applescript", "prefs", "app-prefs", "help", "macappstore", "macappstores",
    /* what mail programs, telephones, calendars and maps answer to */
    "mailto", "tel", "telprompt", "sms", "smsto", "mms", "mmsto", "callto", "facetime", "facetime-audio", "sip", "sips", "xmpp",
    "im", "news", "snews", "nntp", "webcal", "webcals", "calshow", "geo", "maps",
    /* other protocols, and file systems over a network */
    "ftp", "ftps", "sftp", "ssh", "telnet", "rlogin", "tn3270", "gopher", "wais", "ldap", "ldaps", "smb", "cifs", "afp", "nfs",
    "dav", "davs", "webdav", "webdavs", "git", "svn", "rtsp", "rtsps", "rtmp", "magnet", "vnc", "rdp", "irc", "ircs", "urn"
};

int scheme_is_taken(const char *scheme)
{
    for (int i = 0; i < COUNT(families); i++) {
        if (strncasecmp(scheme, families[i], strlen(families[i])) == 0) {
            return 1;
        }
    }
    for (int i = 0; i < COUNT(taken); i++) {
        if (strcasecmp(scheme, taken[i]) == 0) {
            return 1;
        }
    }
    return 0;
}
