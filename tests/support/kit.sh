# Sourced by tests/integration/*.sh, which are called as `sh TEST RIPEN JSON_TOOL`: a place to work in,
# runs of the program whose status and words are checked, servers on free loopback ports. A failed check
# is told and counted, the test goes on; `finish` ends it.
set -u
ripen=$1
json=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d "${TMPDIR:-/tmp}/ripen-test.XXXXXX")
out=$place/.out
err=$place/.err
pids=
failures=0
checks=0
for name in $(env | sed -n 's/^\(RIPEN_[A-Z_]*\)=.*/\1/p'); do # the caller's settings are not ours
    [ "$name" = RIPEN_DATA ] || unset "$name"
done
unset NO_COLOR
export LC_ALL=C
cd "$place" || exit 2

cleanup() {
    trap - EXIT INT TERM
    for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
    cd / && rm -rf "$place"
}
trap cleanup EXIT
trap 'exit 2' INT TERM

fail() { # WORDS…
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*"
}

finish() {
    [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ] && { echo "$checks checks"; exit 0; }
    echo "$failures of $checks checks failed"
    exit 1
}

show() { # FILE…: their beginning, indented
    for file in "$@"; do [ ! -s "$file" ] || head -n 30 "$file" | cut -c 1-400 | sed 's/^/    /'; done
}

run() { # STATUS ARGUMENT…: the program ends with this status; its words stand in $out and $err
    wanted=$1
    shift
    status=0
    checks=$((checks + 1))
    timeout 60 "$ripen" "$@" >"$out" 2>"$err" </dev/null || status=$?
    [ "$status" -eq "$wanted" ] && return 0
    fail "ripen $*: status $status, expected $wanted"
    show "$out" "$err"
    return 1
}

said() { # FILE PATTERN: an extended regular expression
    checks=$((checks + 1))
    grep -qE -- "$2" "$1" && return 0
    fail "no \"$2\" in:"
    show "$1"
    return 1
}

same() { # WHAT EXPECTED GOT
    checks=$((checks + 1))
    [ "$2" = "$3" ] && return 0
    fail "$1: expected \"$2\", got \"$3\""
    return 1
}

holds() { # WHAT COMMAND…
    what=$1
    shift
    checks=$((checks + 1))
    "$@" && return 0
    fail "$what: $*"
    return 1
}

value() { # FILE PATH: of JSON
    "$json" get "$1" "$2"
}

wait_until() { # SECONDS COMMAND…: asked every 50 ms
    tries=$(($1 * 20))
    shift
    while [ "$tries" -gt 0 ]; do
        "$@" && return 0
        tries=$((tries - 1))
        sleep 0.05
    done
    return 1
}

serve() { # ARGUMENT…: a server on a free port; sets $server and $url. Its words stand in serve.out and serve.err
    : >serve.out
    "$ripen" serve --listen 127.0.0.1:0 "$@" >serve.out 2>>serve.err </dev/null &
    server=$!
    pids="$pids $server"
    checks=$((checks + 1))
    if ! wait_until 20 grep -q 'listening on' serve.out; then
        fail "the server did not start: serve $*"
        show serve.out serve.err
        finish
    fi
    url=$(sed -n 's/^ripen: listening on //p' serve.out)
}

stop() { # ends it with SIGTERM; it has to end with status 0
    status=0
    kill -TERM "$server"
    wait "$server" || status=$?
    same "status of the stopped server" 0 "$status" || show serve.err
}

ask() { # CURL-ARGUMENT…: prints the status; head and body stand in the files head and body
    curl -sS -m 30 -o body -D head -w '%{http_code}' "$@" 2>curl.err || show curl.err >&2
}

header() { # NAME: of the last answer
    tr -d '\r' <head | sed -n "s/^$1: //Ip" | head -n 1
}
