#!/bin/sh
# Renews what stands between the generated marks of rules/README.md, and the list of commands in README.md:
# sh write_docs.sh PROGRAM [FILE]. With FILE the manual goes there, and README.md stays.
set -eu
program=$(realpath "$1")
page=$(dirname "$0")/../../rules/README.md
out=${2:-$page}
new=$(mktemp)
trap 'rm -f "$new"' EXIT
awk -v program="$program" '
    /^<!-- generated: ripen .* -->$/ {
        print
        command = $0
        sub(/^<!-- generated: ripen /, "", command)
        sub(/ -->$/, "", command)
        command = "\"" program "\" " command
        while ((command | getline line) > 0) print line
        if (close(command) != 0) exit 1
        inside = 1
        next
    }
    /^<!-- \/generated -->$/ { inside = 0 }
    !inside { print }' "$page" >"$new"
cat "$new" >"$out"
[ $# -lt 2 ] || exit 0
commands=$("$program" --help | sed -n 's/^  \([a-z-]\{1,\}\) .*/\1/p' | tr '\n' ' ' | sed 's/ $//')
readme=$(dirname "$0")/../../README.md
sed "s/^\`serve check .*\`; each has /\`$commands\`; each has /" "$readme" >"$new"
cat "$new" >"$readme"
