#!/bin/sh
# After an edit, who would move and who is moved: by the server that runs on the file, then without one.
. "$(dirname "$0")/../support/kit.sh"

mkdir rules
rules() { # POINTS
    cat >rules/rules.lua <<LUA
dimension "engagement" { range = { 0, 200 }, decay = "none" }
stages { "visitor", "lead", "hot" }
stage "lead" { enter = known() }
stage "hot" { enter = at_least { engagement = $1 }, terminal = true }
score "page" { why = "Page", on = "page", points = 10 }
LUA
}
for i in $(seq 700); do
    echo "{\"type\":\"page\",\"userId\":\"u$i\",\"messageId\":\"m$i\",\"properties\":{\"path\":\"/\"}}"
done >events.ndjson
rules 50
run 0 import events.ndjson --db r.db --rules rules
serve rules --db r.db --no-deliver
rules 10
run 1 rules activate 2 --db r.db # it does not stand yet
wait_until 20 sh -c "'$ripen' rules list --db r.db | grep -q '^ *2  held'" || fail "the edit was not held"
run 0 rules activate 2 --force --db r.db
run 0 stages evaluate --db r.db && said "$out" '700 leads asked, 700 moves would follow'
run 0 leads --stage hot --db r.db && same "moved by looking" 0 "$(grep -c ' hot ' "$out")"
run 0 stages evaluate --act --stage lead --db r.db && said "$out" '700 leads asked, 700 moves made' # in two portions
run 0 stages evaluate --act --db r.db --format json && same "moves of the second time" '[]' "$(value "$out" moves)"
run 0 lead u700 --db r.db --format json && same "stage" hot "$(value "$out" stage)" && said "$out" '"because":"at_least"'
run 2 stages evaluate --act --stage cold --db r.db && said "$err" 'no stage "cold"'
run 2 stages evaluate --act --at 2026-01-01 --db r.db && said "$err" 'leave out --at'
stop
run 0 stages evaluate --act --db r.db && said "$out" '700 leads asked, 0 moves made'
run 0 verify --db r.db
finish
