#!/bin/sh
# A year of sequences, compared with a model of its own (year.py). RIPEN_YEAR=10000 takes more leads.
leads=${RIPEN_YEAR:-150}
. "$(dirname "$0")/../support/kit.sh"
if ! python3 -c 'import sqlite3, zoneinfo; zoneinfo.ZoneInfo("Australia/Sydney")' 2>/dev/null; then
    echo "skipped: python3 with sqlite3 and zoneinfo is needed"
    exit 77
fi
holds "every step at its minute, none twice, none after an exit" \
    python3 "$root/tests/integration/year.py" "$ripen" "$place" "$leads"

# The same file goes through the commands.
run 0 sequence list --db year.db && said "$out" '^nightly +done ' && said "$out" '^welcome +exited '
run 0 sequence list --db year.db --format json && holds "one place at least" [ -n "$(value "$out" 0.sequence)" ]
run 0 sequence show u00000 --db year.db && said "$out" '^Sequences'
run 0 verify --db year.db
finish
