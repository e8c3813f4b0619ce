#!/bin/sh
# Usage: lists.sh docs/directives.md docs/endpoints.md man/mod_gpt_oauth.7.in >man/mod_gpt_oauth.7
# Writes the page with an entry for each row of the tables that names a directive or a handler, sorted, in place of the
# lines @DIRECTIVES@ and @ENDPOINTS@.
set -eu
LC_ALL=C
export LC_ALL

awk '
function fail(sentence) { print "lists.sh: " FILENAME ": " sentence | "cat >&2"; failed = 1; exit 1 }

# Markdown as roff: code is bold, of a link the words stay, and what only leads to another section goes.
# In the name of an entry the other words stand for values, and are underlined.
function roff(text, is_name,    part, n, i, word, out) {
    gsub(/\\/, "\\e", text)
    gsub(/…/, "...", text)
    gsub(/\*\*/, "", text)
    gsub(/, see \[[^]]*\]\([^)]*\)/, "", text)
    while (match(text, /\[[^]]*\]\([^)]*\)/)) {
        word = substr(text, RSTART + 1, RLENGTH)
        sub(/\].*/, "", word)
        text = substr(text, 1, RSTART - 1) word substr(text, RSTART + RLENGTH)
    }
    n = split(text, part, "`")
    for (i = 1; i <= n; i++) {
        if (i % 2 == 0) {
            gsub(/-/, "\\-", part[i])
            part[i] = "\\fB" part[i] "\\fR"
        } else if (is_name) {
            gsub(/[A-Za-z]+/, "\\fI&\\fR", part[i])
            gsub(/\\fIor\\fR/, "or", part[i])
        } else {
            gsub(/\. /, ".\n", part[i])
        }
        out = out part[i]
    }
    gsub(/"/, "\\(dq", out)
    # What begins a line with one of these would be a request to roff.
    while (match(out, /(^|\n)[.\047]/))
        out = substr(out, 1, RSTART + RLENGTH - 2) "\\&" substr(out, RSTART + RLENGTH - 1)
    return out
}

function add(list, name, remark, meaning,    key, text, i) {
    key = name
    gsub(/`/, "", key)
    meaning = toupper(substr(meaning, 1, 1)) substr(meaning, 2)
    text = ".It " roff(name, list == "@DIRECTIVES@") "\n.Pq " remark "\n" roff(meaning) ".\n"
    for (i = ++count[list]; i > 1 && keys[list, i - 1] > key; i--) {
        keys[list, i] = keys[list, i - 1]
        entry[list, i] = entry[list, i - 1]
    }
    keys[list, i] = key
    entry[list, i] = text
}

/^\| / {
    row = $0
    gsub(/^\| | \|$/, "", row)
    cells = split(row, cell, / \| /)
    if (cell[1] ~ /^`GPTOAuth/) {
        if (cells != 4)
            fail("a row of a directive is: directive, context, default, meaning")
        if (cell[3] != "none")
            cell[4] = cell[4] ". Default: " cell[3]
        add("@DIRECTIVES@", cell[1], cell[2], cell[4])
    } else if (cell[2] ~ /^`gpt-oauth-/) {
        if (cells != 3)
            fail("a row of an endpoint is: URL, handler, purpose")
        gsub(/`/, "", cell[2])
        add("@ENDPOINTS@", cell[1], cell[2], cell[3])
    }
    next
}

FILENAME !~ /\.in$/ { next }

/^@[A-Z]+@$/ {
    if (!count[$0])
        fail("no table has rows for " $0)
    for (i = 1; i <= count[$0]; i++)
        printf "%s", entry[$0, i]
    next
}

{ print }

END {
    if (failed)
        exit 1
}' "$@"
