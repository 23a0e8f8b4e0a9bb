#!/bin/sh
# A function has at most 70 lines (a body opens with { in column 1 and ends with } there).
cd "$(dirname "$0")/../.." || exit 1
find src -name '*.c' -print0 | xargs -0 awk '
    FNR == 1 { open = 0 }
    /^\{/ { open = FNR }
    /^\}/ { if (open && FNR - open - 1 > 70) { print FILENAME ":" open ": " FNR - open - 1 " lines in one function"; bad = 1 } open = 0 }
    END { exit bad }'
