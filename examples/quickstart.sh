#!/bin/sh
# sh examples/quickstart.sh [--once]: builds Ripen, starts it with rules/, streams sample interactions of
# three dozen leads through the HTTP door, delivers webhooks to the example receiver, and shows what came
# of it. Stays until Ctrl-C; with --once it ends after showing. Installs what a bare Debian 12 lacks.
set -eu
cd "$(dirname "$0")/.."
. tests/support/packages.sh
install_packages $BUILD_PACKAGES $RUN_PACKAGES
command -v node >/dev/null 2>&1 || install_packages nodejs
command -v npm >/dev/null 2>&1 || install_packages npm

echo "== building (a minute or two the first time)"
ripen=$PWD/build/release/ripen
place=$(mktemp -d "${TMPDIR:-/tmp}/ripen-quickstart.XXXXXX")
pids=
cleanup() {
    trap - EXIT INT TERM
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for pid in $pids; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$place"
}
trap cleanup EXIT
trap 'exit 0' INT TERM
{ cmake --preset release && cmake --build --preset release -j "$(nproc)" --target ripen_program; } >"$place/build.log" 2>&1 ||
    { tail -n 40 "$place/build.log" >&2; echo "quickstart: the build failed" >&2; exit 1; }

wait_for() { # FILE PATTERN: prints the line once it is there
    for _ in $(seq 200); do
        grep -m 1 "$2" "$1" 2>/dev/null && return 0
        sleep 0.05
    done
    echo "quickstart: no line like \"$2\" in $1:" >&2
    cat "$1" >&2
    exit 1
}

echo "== the webhook receiver (examples/receiver)"
if command -v npm >/dev/null 2>&1 && cp -r examples/receiver "$place/receiver" && (cd "$place/receiver" && npm ci --silent --no-audit --no-fund >/dev/null 2>&1); then :; fi
[ -d "$place/receiver" ] || cp -r examples/receiver "$place/receiver"
secret=whsec_$(head -c 24 /dev/urandom | base64)
WEBHOOK_SECRET=$secret node "$place/receiver/receiver.mjs" --port 0 >"$place/receiver.log" 2>&1 &
pids=$!
receiver=$(wait_for "$place/receiver.log" 'http://' | sed 's|.*\(http://[0-9.:]*\).*|\1|')

cat >"$place/ripen.lua" <<TXT
server   { listen = "127.0.0.1:0", db = "$place/ripen.db" }
endpoint "crm"           { url = "$receiver/crm", secret = env "QUICKSTART_SECRET", allow_private = true }
endpoint "sales_channel" { url = "$receiver/sales", secret = env "QUICKSTART_SECRET", allow_private = true }
TXT
echo "== the server, with rules/"
key=$("$ripen" key create --scope admin --label quickstart --db "$place/ripen.db" 2>/dev/null)
QUICKSTART_SECRET=$secret "$ripen" serve rules --config "$place/ripen.lua" >"$place/serve.log" 2>"$place/serve.err" &
pids="$! $pids"
url=$(wait_for "$place/serve.log" 'listening on' | sed 's|.*\(http://[0-9.:]*\).*|\1|')

echo "== streaming $(wc -l <examples/sample-interactions.ndjson) interactions to $url/v1/batch"
split -l 100 examples/sample-interactions.ndjson "$place/part."
for part in "$place"/part.*; do
    { printf '{"batch":['; paste -sd, "$part"; printf ']}'; } |
        curl -sS --fail-with-body -u "$key:" -H 'Content-Type: application/json' --data-binary @- "$url/v1/batch" >>"$place/answers"
done
echo "$(grep -o '"accepted":[0-9]*' "$place/answers" | awk -F: '{ n += $2 } END { print n }') accepted"
for _ in $(seq 100); do # until the receiver has everything
    waiting=$("$ripen" outbox list --db "$place/ripen.db" --limit 1000 | grep -cE ' (pending|leased) ' || true)
    [ "$waiting" = 0 ] && break
    sleep 0.1
done

at=2026-10-15T18:00:00Z
echo
"$ripen" leads --db "$place/ripen.db" --at "$at" --limit 40
best=$("$ripen" leads --db "$place/ripen.db" --at "$at" --limit 1 --format json | grep -o '"email":"[^"]*"' | head -n 1 | cut -d'"' -f4)
echo
echo "== why: ripen explain $best"
"$ripen" explain "$best" --db "$place/ripen.db" --at "$at"
echo
echo "== delivered, verified by the receiver: $(grep -c verified "$place/receiver.log" || true) webhooks"
[ "${1-}" = --once ] && exit 0
cat <<TXT

server     $url (events to /v1/track, /v1/batch …; /metrics)
leads      curl -u $key: $url/api/leads
receiver   $receiver/deliveries
database   $place/ripen.db
try        build/release/ripen lead $best --db $place/ripen.db --at $at

Ctrl-C ends it, and removes the database.
TXT
wait
