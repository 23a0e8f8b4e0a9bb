#!/bin/sh
# Calls that have a safer form here, and words of unfinished work.
cd "$(dirname "$0")/../.." || exit 1
bad=0
say() { # TEXT PATTERN FILES…
    text=$1 pattern=$2
    shift 2
    if grep -nE "$pattern" "$@" 2>/dev/null; then
        echo "^ $text"
        bad=1
    fi
}
c=$(find src include examples -name '*.[ch]' -not -path '*/node_modules/*')
say "use rp_buf, snprintf or memcpy" '\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|alloca|atoi|atol|atof)\(' $c
say "memory comes from base/mem.h" '(^|[^_a-z])(malloc|calloc|realloc|strdup|strndup)\(' $(echo "$c" | tr ' ' '\n' | grep -v -e base/mem.c -e base/arena.c -e engine/sandbox.c -e examples/)
say "say it or do it" '\b(TODO|FIXME|XXX|HACK)\b' $c $(find rules examples tests -name '*.lua' -o -name '*.sh' | grep -v -e node_modules -e lint/banned.sh)
say "no setlocale: numbers must print the same everywhere" '\bsetlocale\(' $c
long=$(for f in $c; do awk -v f="$f" 'END { if (NR > 700) print f ": " NR " lines; a file is one idea of at most 600" }' "$f"; done)
[ -z "$long" ] || { echo "$long"; bad=1; }
for f in $c; do
    head -n 1 "$f" | grep -q 'SPDX-License-Identifier: MIT' || { echo "$f lacks the SPDX line"; bad=1; }
done
exit $bad
