#!/bin/sh
# More than the server can take: a queue of 100 events, and a writer that is held up because another
# process writes to the database. What does not fit is answered 503 with Retry-After at once, what was
# accepted is stored, what was refused can be sent again.
. "$(dirname "$0")/../support/kit.sh"
cp -r "$root/rules" rules
echo 'server { queue_events_max = 100 }' >rules/ripen.lua
cat >>rules/ripen.lua <<'TXT'
endpoint "crm" { url = "http://127.0.0.1:9/", allow_private = true }
endpoint "sales_channel" { url = "http://127.0.0.1:9/", allow_private = true }
TXT
batch() { # NAME COUNT
    awk -v name="$1" -v count="$2" 'BEGIN {
        printf "{\"batch\":["
        for (i = 0; i < count; i++)
            printf "%s{\"messageId\":\"%s-%d\",\"type\":\"track\",\"userId\":\"u%s\",\"event\":\"Thing Done\"}", i ? "," : "", name, i, name
        print "]}" }' >"batch.$1"
}
send() { # NAME: status into status.NAME, answer and head beside it
    curl -sS -m 30 -u any: -H 'Content-Type: application/json' --data-binary "@batch.$1" -o "answer.$1" -D "head.$1" -w '%{http_code}' \
        "$url/v1/batch" >"status.$1" 2>/dev/null || echo 000 >"status.$1"
}
stored() { sqlite3 big.db 'SELECT count(*) FROM events'; }
serve rules --db big.db --no-deliver

# While nothing waits, even a batch that is larger than the queue is taken: it could never be sent else.
batch large 150
send large
same "a batch larger than the queue" 200 "$(cat status.large)"
same "stored" 150 "$(stored)"

# The writer waits behind another process; meanwhile 20 clients send 40 events each.
mkfifo hold
sqlite3 big.db <hold >held 2>&1 &
holder=$!
pids="$pids $holder"
exec 9>hold
printf '.timeout 5000\nBEGIN IMMEDIATE;\nSELECT 1;\n' >&9
holds "the database is held" wait_until 10 grep -q 1 held
names=$(seq 1 20)
clients=
for name in $names; do
    batch "$name" 40
    send "$name" &
    clients="$clients $!"
done
refused() { [ "$(cat status.[0-9]* 2>/dev/null | grep -o 503 | wc -l)" -ge 10 ]; }
holds "most are refused at once" wait_until 4 refused
same "alive meanwhile" 200 "$(ask "$url/healthz")"
echo 'COMMIT;' >&9
exec 9>&-
for client in $clients; do wait "$client"; done
accepted=150
again=
for name in $names; do
    case $(cat "status.$name") in
    200) accepted=$((accepted + $(value "answer.$name" accepted))) ;;
    503)
        again="$again $name"
        holds "Retry-After of $name" grep -qiE '^Retry-After: [1-9]' "head.$name"
        holds "answer $name" "$json" valid "answer.$name"
        ;;
    *) fail "status $(cat "status.$name") of batch $name" ;;
    esac
done
holds "some were taken" [ "$accepted" -gt 150 ]
same "stored is what was accepted" "$accepted" "$(stored)"

# Sent again, all are there, once.
for name in $again; do
    send "$name"
    same "batch $name, sent again" 200 "$(cat "status.$name")"
    same "accepted of $name" 40 "$(value "answer.$name" accepted)"
done
same "stored in the end" 950 "$(stored)"
for name in $names; do
    send "$name"
    same "duplicates of $name" 40 "$(value "answer.$name" duplicates)"
done
same "stored once" 950 "$(stored)"

# Held for longer than the writer waits: refused as a whole, and the server goes on.
mkfifo hold2
sqlite3 big.db <hold2 >held2 2>&1 &
pids="$pids $!"
exec 9>hold2
printf '.timeout 5000\nBEGIN IMMEDIATE;\nSELECT 1;\n' >&9
holds "the database is held" wait_until 10 grep -q 1 held2
batch late 10
send late
same "after five seconds" 503 "$(cat status.late)"
holds "Retry-After" grep -qiE '^Retry-After: [1-9]' head.late
echo 'COMMIT;' >&9
exec 9>&-
taken() { send late; [ "$(cat status.late)" = 200 ]; }
holds "taken when it is free again" wait_until 10 taken
same "stored" 960 "$(stored)"
stop
run 0 verify --db big.db
finish
