/*
 * Tells families of browsers apart, and nothing more: no version, system or device is kept of anybody. Called by grant/user.c.
 */
#include "base/browser.h"

#include <string.h>

#include "base/array.h"

const char *browser_family(const char *user_agent)
{
    /* In this order: most of them call themselves Chrome and Safari as well. */
    static const char *const known[][2] = {
        { "Edg/", "Edge" },        { "EdgA/", "Edge" },       { "EdgiOS/", "Edge" },
        { "OPR/", "Opera" },       { "Vivaldi/", "Vivaldi" }, { "SamsungBrowser/", "Samsung Internet" },
        { "Firefox/", "Firefox" }, { "FxiOS/", "Firefox" },   { "Chromium/", "Chromium" },
        { "CriOS/", "Chrome" },    { "Chrome/", "Chrome" },   { "Safari/", "Safari" },
    };

    for (int i = 0; user_agent && i < COUNT(known); i++) {
        if (strstr(user_agent, known[i][0])) {
            return known[i][1];
        }
    }
    return "";
}
