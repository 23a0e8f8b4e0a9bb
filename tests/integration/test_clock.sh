#!/bin/sh
# Timers of a running server by the wall clock: never early, caught up with when the clock jumps ahead, once
# when it is put back and on again. The clock is libfaketime's; the monotonic one is left alone.
. "$(dirname "$0")/../support/kit.sh"
for library in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
    [ -f "$library" ] && fake=$library
done
[ -n "${fake-}" ] || { echo "skipped: needs libfaketime (package faketime)"; exit 77; }

mkdir rules
cat >rules/rules.lua <<'RULES'
dimension "engagement" { half_life = "10d" }
score "seen" { why = "Saw a page", on = "page", points = 40 }
stages { "visitor", "mql", "sal" }
stage "mql" { enter = at_least { engagement = 40 }, due = { to = "sal", within = "24h" } }
stage "sal" { from = "mql", enter = did "Lead Accepted", terminal = true }
action "tell" { on = late "mql", notify { to = endpoint "sales", text = "{lead.email} waits" } }
RULES

clock() { # TIME: what the server's clock shows from now on
    echo "@$1" >clock.new && mv clock.new clock.txt
}
clock "2026-03-02 09:00:00"
TZ=UTC LD_PRELOAD=$fake FAKETIME_TIMESTAMP_FILE=$place/clock.txt FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
export TZ LD_PRELOAD FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE FAKETIME_DONT_FAKE_MONOTONIC
serve rules --db a.db --no-deliver
unset LD_PRELOAD FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE FAKETIME_DONT_FAKE_MONOTONIC

told() { [ "$(sqlite3 a.db 'SELECT count(*) FROM actions')" = "$1" ]; }
judged() { ask "$url/metrics" >/dev/null; sed -n 's/^ripen_timers_judged_total //p' body; }
page() { # USER
    ask -u any: -H 'Content-Type: application/json' \
        --data "{\"userId\":\"$1\",\"messageId\":\"m-$1\"}" "$url/v1/page"
}

same "an event" 200 "$(page ana)"
clock "2026-03-03 08:59:40"
sleep 0.6
holds "nothing is early" told 0
clock "2026-03-03 09:00:30"
holds "due a minute later" wait_until 10 told 1
same "by its own moment" "$(sqlite3 a.db "SELECT due_at FROM actions")" \
    "$(sqlite3 a.db "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT stage_since_ms FROM leads) / 1000.0 + 86400, 'unixepoch')")"

# A clock that jumps a week ahead, back, and on again: each timer once.
same "another event" 200 "$(page bob)"
clock "2026-03-10 09:00:00"
holds "caught up with" wait_until 10 told 2
clock "2026-03-01 09:00:00"
sleep 0.5
same "events go on" 200 "$(page eve)"
clock "2026-03-20 09:00:00"
holds "the one of the past too" wait_until 10 told 3
clock "2026-03-02 09:00:00"
sleep 0.3
clock "2026-04-20 09:00:00"
sleep 0.6
holds "none a second time" told 3
before=$(judged)
sleep 1
same "an idle server judges nothing" "$before" "$(judged)"
stop
finish
