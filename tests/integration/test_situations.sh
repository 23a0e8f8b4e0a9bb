#!/bin/sh
# Every directory of examples/situations, and examples/b2c: the rules are taken, and its events give what
# its expected.json says. examples/forty-days: the story is what its README shows.
. "$(dirname "$0")/../support/kit.sh"
for dir in "$root"/examples/situations/*/ "$root"/examples/b2c/; do
    dir=${dir%/}
    run 0 check "$dir"
    run 0 check "$dir" --format json && same "ok of check" true "$(value "$out" ok)"
    run 0 try "$dir" "$dir/events.ndjson" --at "$(cat "$dir/at")" --format json || continue
    holds "$dir" "$json" match "$dir/expected.json" "$out"
done

# The story of forty days: what its README shows, line by line, after an import and by a dry run.
story=$root/examples/forty-days
run 0 check "$story" --format json && same "ok of forty days" true "$(value "$out" ok)"
run 0 test "$story" --coverage && said "$out" 'Coverage: 100%'
run 0 import "$story/events.ndjson" --db story.db --rules "$story"
run 0 verify --db story.db && said "$out" '^1 leads verified, 0 differ'
awk '/^```text/ { on = 1; next } /^```/ { on = 0 } on && NF' "$story/README.md" >shown
same "the story has its lines" true "$([ "$(wc -l <shown)" -ge 70 ] && echo true)"
told() { # FILE: each line of the story is in it
    sed 's/ld_[a-z0-9]*/ld_…/' "$1" >told
    grep -vxFf told shown >missing
    same "lines of the story that $2 does not print" "" "$(cat missing)"
}
run 0 lead ines@hooli.test --db story.db --at "$(cat "$story/at")" && told "$out" "ripen lead"
run 0 explain ines@hooli.test --db story.db --at "$(cat "$story/at")" && said "$out" '^Held back' &&
    said "$out" 'onboarding.first_week: email to smtp  held \(unsubscribed from marketing\)'
run 0 explain ines@hooli.test --db story.db --at 2026-04-01 && ! grep -q 'Held back' "$out" || fail "held before its time"
run 0 try "$story" "$story/events.ndjson" --at "$(cat "$story/at")" && told "$out" "ripen try"

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
