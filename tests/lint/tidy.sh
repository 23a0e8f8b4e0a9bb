#!/bin/sh
# tidy.sh BUILD: clang-tidy (.clang-tidy) over the sources in BUILD's compile database; slow, so a step
# of its own in tests/run.sh.
set -eu
cd "$(dirname "$0")/../.."
run=$(command -v run-clang-tidy-14 || command -v run-clang-tidy) || { echo "there is no run-clang-tidy" >&2; exit 2; }
log=$1/tidy.log
status=0
$run -quiet -j "$(nproc)" -p "$1" "^$PWD/src/" >"$log" 2>&1 || status=$?
sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -vE '^(clang-tidy|/usr/bin/clang-tidy|[0-9]+ warnings? (generated|treated)|Suppressed|Use -header-filter|$)' || true
echo "clang-tidy: $(grep -c 'clang-tidy-14 ' "$log") files, exit status $status"
exit "$status"
