#!/bin/sh
# Corrections, un-merge, forgetting and export as a program: beside a running server and without one.
#   test_people.sh RIPEN
set -eu
ripen=$1 rules=$(cd "$(dirname "$0")/../../rules" && pwd)
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
fail() { echo "FAIL: $*" >&2; exit 1; }
has() { case $1 in *"$2"*) ;; *) fail "no \"$2\" in: $1" ;; esac; }

cat >events.ndjson <<'EVENTS'
{"type":"page","anonymousId":"zora-browser","messageId":"m1","name":"Pricing","properties":{"path":"/pricing"},"timestamp":"2026-11-01T09:00:00Z"}
{"type":"identify","anonymousId":"zora-browser","userId":"zora","messageId":"m2","traits":{"email":"zora@initech.test","first_name":"Zora"},"timestamp":"2026-11-01T09:01:00Z"}
{"type":"page","userId":"other","messageId":"m3","properties":{"path":"/"},"timestamp":"2026-11-01T09:02:00Z"}
EVENTS
"$ripen" import events.ndjson --db r.db --rules "$rules" >/dev/null 2>&1

round() { # the same commands, whoever answers
    out=$("$ripen" points zora@initech.test +12.5 --why "met at a fair" --author ana --db r.db)
    has "$out" "recorded for zora@initech.test"
    has "$("$ripen" explain zora --db r.db)" "met at a fair, by ana"
    "$ripen" points zora -2.5 --why "too much" --db r.db >/dev/null
    "$ripen" stage zora mql --reason "asked by phone" --author tom --db r.db >/dev/null
    has "$("$ripen" lead zora --db r.db --format json)" '"because":"set"'
    has "$("$ripen" lead zora --db r.db --format json)" '"stage":"mql"'
    "$ripen" note zora "call her in May" --db r.db >/dev/null
    has "$("$ripen" lead zora --db r.db)" "Note Added"
    has "$("$ripen" export zora --db r.db)" "call her in May"
    if "$ripen" stage zora nowhere --reason x --db r.db 2>err; then fail "an unknown stage was set"; fi
    has "$(cat err)" "nowhere"
    if "$ripen" stage zora mql --db r.db 2>err; then fail "a stage was set without a reason"; fi
    has "$(cat err)" "needs a reason"
    if "$ripen" unmerge other --db r.db 2>err; then fail "what was not merged was un-merged"; fi
    if "$ripen" void nothing --reason x --db r.db 2>err; then fail "no event was voided"; fi
    has "$("$ripen" verify --db r.db)" " 0 differ"
}

round
has "$("$ripen" rules list --rules --db r.db)" "viewed_pricing"
before=$("$ripen" leads --db r.db --format json)
"$ripen" void m1 --reason "a robot" --db r.db | grep -q "counts for nothing"
[ "$before" != "$("$ripen" leads --db r.db --format json)" ] || fail "a void event still counts"

"$ripen" serve "$rules" --db r.db --listen 127.0.0.1:0 --no-deliver >out 2>log &
server=$!
for _ in $(seq 100); do grep -q listening out && break; sleep 0.1; done
"$ripen" stage zora lead --reason "back" --db r.db >/dev/null
round
address=$(sed -n 's/.*listening on //p' out)
for points in 1000001 -1e7 1e400; do
    has "$(curl -s -d "{\"lead\":\"zora\",\"points\":$points,\"reason\":\"by HTTP\"}" "$address/api/corrections/points?author=web")" "points must be a number from -1000000 to 1000000"
done
has "$(curl -s -d '{"lead":"zora","points":3,"reason":"by HTTP"}' "$address/api/corrections/points?author=web")" '"accepted":1'
has "$("$ripen" explain zora --db r.db)" "by HTTP, by web"
[ "$(curl -s -o body -w '%{http_code}' -d '{"lead":"zora","stage":"nowhere","reason":"x"}' "$address/api/corrections/stage")" = 422 ] ||
    fail "an unknown stage over HTTP: $(cat body)"
[ "$(curl -s -o body -w '%{http_code}' -d '{}' "$address/api/corrections/bless")" = 404 ] || fail "bless: $(cat body)"
post() { curl -s -o body -w '%{http_code}' -d "$1" "$address/api/corrections/$2?author=web"; }
[ "$(post '{"lead":"gone@initech.test","reason":"by HTTP"}' suppress)" = 200 ] || fail "suppress: $(cat body)"
has "$(cat body)" '{"suppressed":["gone@initech.test"]}'
has "$(curl -s "$address/api/suppressions?limit=1")" '"address":"gone@initech.test"'
has "$("$ripen" suppress list --db r.db)" "gone@initech.test  by web"
[ "$(post '{"lead":"gone@initech.test"}' unsuppress)" = 422 ] || fail "unsuppressed without a reason: $(cat body)"
[ "$(post '{"lead":"gone@initech.test","reason":"a mistake"}' unsuppress)" = 200 ] || fail "unsuppress: $(cat body)"
[ "$(curl -s "$address/api/suppressions")" = '[]' ] || fail "still suppressed"
[ "$(post '{"lead":"gone@initech.test","reason":"again"}' unsuppress)" = 404 ] || fail "unsuppressed twice: $(cat body)"
"$ripen" suppress zora@initech.test --reason "zora asked" --author ana --db r.db >/dev/null
has "$("$ripen" export zora --db r.db)" '"verb":"suppress.add","subject":"zora@initech.test","detail":"zora asked"'
has "$("$ripen" forget zora@initech.test --db r.db)" "forgotten:"
if "$ripen" lead zora --db r.db >/dev/null 2>&1; then fail "a forgotten lead is known"; fi
for file in r.db r.db-wal log; do
    if grep -qai zora "$file"; then fail "$file still knows a forgotten lead"; fi
done
kill "$server"
wait "$server" || fail "the server did not end with 0"
server=
if grep -qai zora r.db; then fail "the file still knows a forgotten lead"; fi
has "$("$ripen" verify --db r.db)" " 0 differ"
echo "people: passed"
