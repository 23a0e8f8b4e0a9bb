#!/bin/sh
# sh run.sh BUILD RIPEN FILE [COMMAND…]: runs one file of node:test against the program RIPEN, from a copy
# in BUILD that has the npm packages. Exit code 77, which ctest calls skipped, when npm, node or one of
# the COMMANDs is missing.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$source/../.." && pwd)
build=$1
ripen=$2
file=$3
shift 3
for command in node npm "$@"; do
    command -v "$command" >/dev/null 2>&1 || { echo "skipped: there is no $command here"; exit 77; }
done
mkdir -p "$build"
(
    flock 9 # tests may run at the same time
    if ! cmp -s "$source/package-lock.json" "$build/installed.json"; then
        rm -f "$build/installed.json"
        cp "$source/package.json" "$source/package-lock.json" "$build/"
        (cd "$build" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
        cp "$source/package-lock.json" "$build/installed.json"
    fi
    cp "$source"/*.mjs "$root/examples/receiver/receiver.mjs" "$build/"
    rm -rf "$build/crm" && cp -r "$source/crm" "$build/crm"
) 9>"$build/lock"
cd "$build"
RIPEN_BIN=$ripen RIPEN_ROOT=$root exec node --test "$file"
