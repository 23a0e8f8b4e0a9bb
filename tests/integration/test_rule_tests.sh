#!/bin/sh
# ripen test: the shipped rules reach 100 % of themselves; what a passing and a failing directory print in
# each format (rule_tests/*/expected.*, written anew with RIPEN_GOLDEN=write); statuses, --run, --coverage,
# --watch; tests are no part of what a server loads.
write=${RIPEN_GOLDEN:-}
. "$(dirname "$0")/../support/kit.sh"
here=$root/tests/integration/rule_tests

# ---- What is shipped, and what init makes
run 0 init my-rules
for dir in "$root/rules" my-rules "$root"/examples/situations/*/ "$root/examples/b2c" "$root/examples/imports/ecom-rules"; do
    run 0 check "$dir"
    run 0 test "$dir" --coverage=100 && said "$out" '^Coverage: 100%'
done

# ---- Golden outputs
golden() { # DIR STATUS FORMAT ARGUMENT…
    dir=$1
    wanted_status=$2
    format=$3
    shift 3
    run "$wanted_status" test "$here/$dir" --format "$format" "$@" || return
    file=$here/$dir/expected.$format
    [ "$write" != write ] || cp "$out" "$file"
    checks=$((checks + 1))
    diff -u "$file" "$out" >difference || { fail "$dir in $format"; show difference; }
}
for format in text json junit tap; do
    golden passing 0 $format --coverage
    golden failing 1 $format
done
holds "at most 100 columns" [ "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' "$here/failing/expected.text")" -le 100 ]
cp "$here/failing/expected.json" again
run 1 test "$here/failing" --format json && holds "the same bytes again" cmp -s again "$out"
same "passed" 1 "$(value "$out" passed)"
same "failed" 5 "$(value "$out" failed)"
same "name" "everything is wrong" "$(value "$out" tests.0.name)"
same "ok" false "$(value "$out" tests.0.ok)"
run 0 test "$here/passing" --format json --coverage && same "percent" 100 "$(value "$out" coverage.percent)"

# ---- Statuses
run 0 test "$here/failing" --run 'one is right$' && said "$out" '^1 passed, 0 failed'
run 1 test "$here/failing" --run '^(everything|nobody)' && said "$out" '^0 passed, 2 failed'
run 2 test "$here/passing" --run 'no such name' && said "$err" 'none of the 7 tests'
run 2 test "$here/passing" --run '(' && said "$err" 'no regular expression'
run 2 test "$here/passing" --format yaml && said "$err" 'text, json, junit or tap'
run 2 test "$here/passing" --coverage=120 && said "$err" 'from 0 to 100'
run 2 test no-such-directory && said "$err" 'no-such-directory'
run 1 test "$here/passing" --run demo --coverage=50 && said "$err" 'less than 50 %'
run 0 test "$here/passing" --run demo --coverage=5
cp -r "$here/passing" bare && rm -r bare/tests
run 2 test bare && said "$err" 'there are no tests'
cp -r "$here/passing" broken && echo 'score "x" { on = "page", pints = 5 }' >>broken/rules.lua
run 2 test broken && said "$err" 'pints' && said "$err" 'no test was run'
cp -r "$here/passing" wrong && sed 's/fired = { demo/fired = { dmeo/' "$here/passing/tests/funnel.lua" >wrong/tests/funnel.lua
run 2 test wrong && said "$err" "did you mean 'demo'"
run 1 check wrong && said "$out" 'E024'

# ---- Tests beside the rules are read alike; a server never reads those in tests/
cp -r bare beside && sed -n '/^test "a demo/,/^}/p' "$here/passing/tests/funnel.lua" >beside/tests.lua
run 0 test beside && said "$out" '^1 passed'
echo '{"type":"page","anonymousId":"a","timestamp":"2026-03-02T09:00:00Z","properties":{"path":"/pricing"}}' >events.ndjson
run 0 try wrong events.ndjson --format json && same "pricing" 1 "$(value "$out" leads.0.fired.pricing)"

# ---- --watch
cp -r "$here/passing" watched
timeout 60 "$ripen" test watched --watch >watch.out 2>watch.err &
watcher=$!
pids="$pids $watcher"
holds "the first run" wait_until 20 grep -q 'waiting for a change' watch.out
sed 's/expect { fired = exactly { pricing = 1/expect { fired = exactly { pricing = 9/' "$here/passing/tests/funnel.lua" >watched/tests/funnel.lua
holds "a run after the change" wait_until 20 grep -q '^6 passed, 1 failed' watch.out
cp "$here/passing/tests/funnel.lua" watched/tests/
holds "and after the next one" wait_until 20 sh -c '[ "$(grep -c "^7 passed, 0 failed" watch.out)" -eq 2 ]'
kill "$watcher"
finish
