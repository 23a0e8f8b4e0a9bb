#!/bin/bash
# tests/bench/run.sh [ROUNDS=3]: Ripen against ceilings and peers in turn, as ratios of one run, next to the
# floors and goals. The ceilings and peers come from a folder of bench programs (RIPEN_BENCH, default
# ../shared/bench beside the checkout), which is copied to build/bench and built there; its README names
# the Debian packages that it needs. PEERS="plain redis" measures some of them only.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD rounds=${1:-3} from=${RIPEN_BENCH:-$top/../shared/bench}
[ -f "$from/cross.sh" ] || { echo "no bench programs at $from; set RIPEN_BENCH" >&2; exit 2; }
cmake --preset release >/dev/null
cmake --build --preset release -j 2 --target ripen_program bench_load bench_replay bench_backtest bench_decide \
    bench_memory bench_dedup >/dev/null
bench=$top/build/bench
if [ ! -x "$bench/ceil/fsync_lat" ]; then
    mkdir -p build && cp -r "$from" "$bench" && chmod -R u+w "$bench"
    (cd "$bench" && sh ./build.sh >build.log 2>&1) || echo "some bench programs were not built: see build/bench/build.log" >&2
    (cd "$bench/peers/node" && npm ci --no-audit --no-fund >/dev/null 2>&1 && npm rebuild better-sqlite3 --foreground-scripts >/dev/null 2>&1) || true
fi
out=$top/build/bench/results
mkdir -p "$out"
export BENCH_DATA=$bench/data

# wrk, which the bench programs call, makes each request in Lua and takes more of the machine than the server:
# tests/bench/load.c stands in its place, for Ripen and its peers alike.
mkdir -p "$bench/bin" && ln -sf "$top/build/release/tests/bench/bench_load" "$bench/bin/wrk"
export PATH=$bench/bin:$PATH

# An interaction that just happened carries no timestamp. The workload's own are of 2024 and come again with
# each pass: under law 1 all events of the second pass on are late, and each folds its lead's history anew. So
# Ripen gets them without (LIVE=1); the peers, which do not order events, get them as they are.
export SUT_NAME=ripen SUT_AUTH=wk
export SUT_START="exec $top/build/release/ripen serve $top/tests/bench/rules --db \$DIR/ripen.db --listen 127.0.0.1:\$PORT --no-deliver"

echo "== server: goals 1 to 7 ($rounds rounds)"
LIVE=1 PEERS=${PEERS-plain jre zen redis pg} "$bench/cross.sh" "$rounds" | tee "$out/cross.txt"

echo "== server, one event after the other (goal 3 does not say how many are under way; above there are 64)"
: >"$out/alone.txt"
for _ in $(seq "$rounds"); do
    export DIR=$out/alone PORT=9801
    rm -rf "$DIR" && mkdir -p "$DIR"
    bash -c "$SUT_START" >"$DIR/log" 2>&1 &
    server=$!
    until curl -s -o /dev/null "http://127.0.0.1:$PORT/healthz"; do sleep 0.1; done
    LIVE=1 AUTHORIZATION="Basic $(printf %s "$SUT_AUTH:" | base64 -w0)" BENCH_EVENTS=$bench/work/events.ndjson \
        "$top/build/release/tests/bench/bench_load" -c1 -d4 "http://127.0.0.1:$PORT" | sed 's/^RESULT/alone/' | tee -a "$out/alone.txt"
    kill "$server" && wait "$server" || true
    rm -rf "$DIR"
done
unset DIR PORT

echo "== server, all events of the second pass on late (for information)"
PEERS= CEILINGS=0 "$bench/cross.sh" 1 | grep '^ripen ' | sed 's/^/late /' | tee "$out/late.txt"

echo "== replay: goals 8 and 9"
rm -f "$out"/replay.db* "$out"/played.db*
"$top/build/release/ripen" import "$bench/work/events.ndjson" --db "$out/replay.db" --rules tests/bench/rules --history
: >"$out/replay.txt"
for _ in $(seq $((rounds * 3))); do # both are short, and the machine's speed changes
    "$bench/ceil/lua_ceiling" one userdata EVAL_INDEXED 2>/dev/null | tee -a "$out/replay.txt"
    build/release/tests/bench/bench_replay "$out/replay.db" tests/bench/rules replay | tee -a "$out/replay.txt"
done
build/release/tests/bench/bench_backtest "$out/played.db" 100000 10
for _ in $(seq "$rounds"); do
    build/release/tests/bench/bench_replay "$out/played.db" tests/bench/rules played | tee -a "$out/replay.txt"
done
rm -f "$out"/played.db*

echo "== decision core: goal 10"
: >"$out/decide.txt"
for _ in $(seq "$rounds"); do
    for rules in 20 1000 10000; do build/release/tests/bench/bench_decide $rules 400000 | tee -a "$out/decide.txt"; done
done

echo "== size: goal 12"
rm -f "$out"/memory.db* "$out"/size.db*
build/release/tests/bench/bench_memory tests/bench/rules "$out/memory.db" 200000 | tee "$out/memory.txt"
"$top/build/release/ripen" import "$bench/work/events.ndjson" --db "$out/size.db" --rules tests/bench/rules --history >/dev/null
sqlite3 "$out/size.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
echo "size bytes_an_event=$(($(stat -c %s "$out/size.db") / 100000)) events=100000" | tee -a "$out/memory.txt"

echo "== dedup: what it costs to know every messageId"
rm -f "$out"/dedup.db*
build/release/tests/bench/bench_dedup "$out/dedup.db" 2000000
rm -f "$out"/dedup.db*

echo "== deliveries: goal 14"
node tests/bench/deliver.mjs build/release/ripen "$rounds" | tee "$out/deliver.txt"

awk -f tests/bench/summary.awk "$out/cross.txt" "$out/alone.txt" "$out/replay.txt" "$out/decide.txt" "$out/memory.txt" "$out/deliver.txt"
