#!/bin/sh
# A full disk under a running server: 503 with Retry-After, nothing that was acknowledged is lost, and the
# same process goes on when there is room again. Two ways to fill it: a small file system of its own
# (needs root and a private mount namespace), and a limit on the size of files (works for everybody).
if [ "${3-}" != inside ]; then
    if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
        exec unshare -m sh "$0" "$1" "$2" inside
    fi
    echo "not checked: a small file system (needs root and unshare -m); the limit on file sizes is"
fi
. "$(dirname "$0")/../support/kit.sh"

batch() { # N: 50 events of about 1 kB, with ids N-0 … N-49
    awk -v n="$1" 'BEGIN {
        for (text = "x"; length(text) < 700; ) text = text text
        printf "{\"batch\":["
        for (i = 0; i < 50; i++)
            printf "%s{\"messageId\":\"%d-%d\",\"type\":\"track\",\"userId\":\"u%d\",\"event\":\"Thing Done\",\"properties\":{\"n\":%d,\"note\":\"%s%d\"}}", i ? "," : "", n, i, n % 7, i, text, i
        print "]}" }' >batch
}
send() { # prints the status of sending ./batch
    ask -u any: -H 'Content-Type: application/json' --data-binary @batch "$url/v1/batch"
}
retry_after() { holds "Retry-After of a $1" [ "$(header Retry-After)" -ge 1 ]; }
stored() { sqlite3 "$db" 'SELECT count(*) FROM events'; }

fill_and_free() { # DB FREE-COMMAND…: fills the disk, frees it, checks
    db=$1
    shift
    n=0
    : >acknowledged
    while [ "$n" -lt 400 ]; do
        batch $n
        code=$(send)
        [ "$code" = 200 ] || break
        seq 0 49 | sed "s/^/$n-/" >>acknowledged
        n=$((n + 1))
    done
    same "status when the disk is full" 503 "$code" || { show body serve.err; return; }
    holds "some were taken before" [ "$n" -gt 2 ]
    retry_after "503"
    holds "the answer is JSON" "$json" valid body
    said body 'full'
    for again in 1 2 3; do
        batch $((n + again))
        code=$(send)
        case $code in
        200) seq 0 49 | sed "s/^/$((n + again))-/" >>acknowledged ;;
        *) same "status while it is full" 503 "$code" && retry_after "$code" ;;
        esac
    done
    same "alive" 200 "$(ask "$url/healthz")"
    same "ready while it is full" 503 "$(ask "$url/readyz")"
    said body 'full'
    run 0 leads --db "$db" --format json && holds "leads while it is full" [ "$(value "$out" '#')" -ge 1 ]
    "$@" || fail "no room could be made: $*"
    ready() { [ "$(ask "$url/readyz")" = 200 ]; }
    holds "ready again without an event" wait_until 10 ready
    batch $n
    taken() { [ "$(send)" = 200 ]; }
    holds "taken when there is room" wait_until 10 taken
    seq 0 49 | sed "s/^/$n-/" >>acknowledged
    same "ready again" 200 "$(ask "$url/readyz")"
    holds "the same process" kill -0 "$server"
    for again in 10 11 12; do
        batch $((n + again))
        same "status afterwards" 200 "$(send)"
        seq 0 49 | sed "s/^/$((n + again))-/" >>acknowledged
    done
    stop
    sqlite3 "$db" 'SELECT message_id FROM events' | sort >have
    sort -u acknowledged >wanted
    same "acknowledged and lost" '' "$(comm -13 have wanted | head -n 5)"
    same "stored twice" '' "$(uniq -d have | head -n 5)"
    same "the file's own check" ok "$(sqlite3 "$db" 'PRAGMA integrity_check')"
    run 0 verify --db "$db" && said "$out" '^7 leads verified, 0 differ, 0 '
}

# ---- A limit on the size of each file: above it a write fails as on a full disk
limit_lifted() { prlimit --pid "$server" --fsize=unlimited:unlimited 2>/dev/null || prlimit --pid "$server" --fsize=67108864: ; }
if command -v prlimit >/dev/null 2>&1; then
    ulimit -S -f 2400 # blocks of 512 bytes
    serve "$root/rules" --db limited.db --no-deliver
    ulimit -S -f unlimited
    fill_and_free "$place/limited.db" limit_lifted
else
    echo "not checked: a limit on file sizes (there is no prlimit)"
fi

# ---- A file system of 3 MB with a ballast of 1 MB
if [ "${3-}" = inside ]; then
    mkdir small
    mount -t tmpfs -o size=3m ripen-test small || { fail "no tmpfs"; finish; }
    head -c 1000000 /dev/zero >small/ballast
    serve "$root/rules" --db small/ripen.db --no-deliver
    fill_and_free "$place/small/ripen.db" rm small/ballast
    umount small

    # Full from the start: nothing is begun.
    mount -t tmpfs -o size=64k ripen-test small || { fail "no tmpfs"; finish; }
    head -c 65536 /dev/zero >small/ballast
    run 2 serve "$root/rules" --db small/ripen.db --listen 127.0.0.1:0 && said "$err" 'full'
    run 2 import "$root/examples/sample-interactions.ndjson" --rules "$root/rules" --db small/ripen.db && said "$err" 'full'
    umount small
fi
finish
