#!/bin/sh
# Every directory of examples/situations, and examples/b2c: the rules are taken, and its events give what
# its expected.json says.
. "$(dirname "$0")/../support/kit.sh"
for dir in "$root"/examples/situations/*/ "$root"/examples/b2c/; do
    dir=${dir%/}
    run 0 check "$dir"
    run 0 check "$dir" --format json && same "ok of check" true "$(value "$out" ok)"
    run 0 try "$dir" "$dir/events.ndjson" --at "$(cat "$dir/at")" --format json || continue
    holds "$dir" "$json" match "$dir/expected.json" "$out"
done

# The comparison itself sees what differs.
cat >expected <<'TXT'
{"total": 1, "fired": {"a": 0}, "list": [{"x": 1}, {"x": 2}]}
TXT
echo '{"list":[{"x":1,"y":3},{"x":2}],"total":1,"more":0,"fired":{}}' >got
holds "equal" "$json" match expected got
for wrong in '{"list":[{"x":1},{"x":2}],"total":1.001,"fired":{}}' '{"list":[{"x":2},{"x":1}],"total":1,"fired":{}}' \
    '{"list":[{"x":1},{"x":2},{"x":3}],"total":1,"fired":{}}' '{"list":[{"x":1},{"x":2}],"total":"1","fired":{}}' \
    '{"list":[{"x":1},{"x":2}],"total":1,"fired":{"a":1}}' '{"list":[{"x":1},{"x":2}],"fired":{}}'; do
    echo "$wrong" >got
    "$json" match expected got >"$out" 2>&1
    same "comparison of $wrong" 1 $?
done
finish
