#!/bin/sh
# An experiment as a program: planned, started beside a running server, leads dealt and acted on by their arm,
# reported, promoted as one generation, ended; and the same file without a server.
. "$(dirname "$0")/../support/kit.sh"

mkdir rules
cat >rules/rules.lua <<'LUA'
dimension "engagement" { decay = "none" }
total { engagement = 1 }
score "pricing" { why = "Looked at the prices", on = "page", when = { path = glob "/pricing*" }, points = 10 }
stages { "visitor", "lead", "mql", "sql" }
stage "lead" { enter = known() }
stage "mql" { from = { "lead" }, enter = at_least { engagement = 20 } }
stage "sql" { from = { "visitor", "lead", "mql" }, enter = did "Demo Requested", terminal = true }
action "hand" { on = entered "mql", task { to = "owner", note = "Call" } }
model "champion" { } -- what acts
model "challenger" { like = "champion", points = { pricing = 25 } }
experiment "prices" {
  mode = "split", arms = { { "champion", 50 }, { "challenger", 50 } }, salt = "a",
  success = { reached = "sql", within = "45d" }, decide = { min_units = 20, max_days = 60 },
}
LUA
cat >first.ndjson <<'EVENTS'
{"type":"identify","userId":"old","messageId":"m1","traits":{"email":"old@x.test"},"timestamp":"2026-01-01T09:00:00Z","receivedAt":"2026-01-01T09:00:00Z"}
EVENTS
run 0 import first.ndjson --db r.db --rules rules
run 0 experiment list --db r.db
said "$out" 'prices +not started'
run 0 experiment plan prices --rate 10 --effect 20 --db r.db
said "$out" '3841 leads an arm, 7682 in all'
said "$out" 'within 60 days\. Compare the models as a shadow first \(about 300 leads'
run 0 experiment plan prices --rate 10 --effect 2 --format json --db r.db
same "leads of a shadow: a fortieth of the split's" 1 "$(awk -v all="$(value "$out" units)" -v got="$(value "$out" shadowLeads)" 'BEGIN { print (got - all / 40 < 1 && got >= all / 40) }')"
run 2 experiment plan prices --rate 95 --effect 10 --db r.db
said "$err" 'give a smaller --effect'
run 2 report experiment prices --db r.db
said "$err" 'was not started yet'
run 1 experiment start price --db r.db
said "$err" 'declare no experiment "price"'

serve rules --db r.db --no-deliver
run 0 experiment start prices --author ana --db r.db
said "$out" 'runs from now on'
run 1 experiment start prices --db r.db
said "$err" 'runs already'
i=0
while [ $i -lt 40 ]; do
    echo "{\"type\":\"identify\",\"userId\":\"u$i\",\"messageId\":\"i$i\",\"traits\":{\"email\":\"u$i@x.test\"}},"
    echo "{\"type\":\"page\",\"userId\":\"u$i\",\"messageId\":\"p$i\",\"properties\":{\"path\":\"/pricing\"}},"
    i=$((i + 1))
done >items
{ echo '{"batch":['; cat items; echo '{"type":"page","userId":"old","messageId":"p","properties":{"path":"/pricing"}}]}'; } >batch.json
same "status of the batch" 200 "$(ask -d @batch.json "$url/v1/batch")"
same "status of the list" 200 "$(ask "$url/api/experiments")"
same "its state" running "$(value body experiments.0.state)"
same "status of the report" 200 "$(ask "$url/api/experiments/prices")"
same "its decision" collecting "$(value body decision)"
champions=$(value body arms.0.units)
challengers=$(value body arms.1.units)
same "units dealt" 40 $((champions + challengers))
holds "champions" [ "$champions" -gt 5 ]
holds "challengers" [ "$challengers" -gt 5 ]
run 0 leads --stage mql --limit 100 --format json --db r.db
same "leads in mql: the challenger's, after one page" "$challengers" "$(grep -o '"stage":"mql"' "$out" | wc -l | tr -d ' ')"
same "status of an unknown one" 404 "$(ask "$url/api/experiments/nothing")"

# Another points in a model end the period; who was dealt stays where he is.
sed -i 's/pricing = 25/pricing = 30/' rules/rules.lua
holds "the new rules" wait_until 20 sh -c "'$ripen' experiment list --db r.db --format json >/dev/null && curl -s '$url/api/experiments/prices' | grep -q '\"period\":2'"
same "status of the report" 200 "$(ask "$url/api/experiments/prices")"
same "units of the earlier period" 40 "$(value body leftOut.earlierPeriods)"

run 2 experiment promote prices --rules rules --db r.db
said "$err" 'says "collecting", not "ship"'
run 0 experiment promote prices --arm challenger --force --rules rules --db r.db
said "$out" '^\+model "champion" \{ points = \{ pricing = 30 \} \}'
said rules/rules.lua '^model "champion" \{ \} -- what acts'
said "$out" '^@@ -9,1 \+9,1 @@'
run 2 experiment promote prices --arm third --force --rules rules --db r.db
said "$err" 'has no arm "third"'
generations=$("$ripen" rules list --db r.db --format json | grep -o '"generation":' | wc -l)
run 0 experiment promote prices --arm challenger --force --act --rules rules --db r.db
said rules/rules.lua '^model "champion" \{ points = \{ pricing = 30 \} \} -- what acts'
holds "the promoted rules" wait_until 20 sh -c "'$ripen' explain u1 --db r.db --format json | grep -q '\"total\":30'"
same "generations: one more" $((generations + 1)) "$("$ripen" rules list --db r.db --format json | grep -o '"generation":' | wc -l)"
run 0 experiment list --db r.db
said "$out" 'prices +promoted .*"challenger" was promoted'
run 1 experiment stop prices --db r.db
said "$err" 'no experiment "prices" runs'
stop
run 0 verify --db r.db
said "$out" ' 0 differ'

# Numbers that come from weights.lua stay there; the folder that cannot be written keeps its experiment.
cp -r rules weighed
sed -i 's/^model "champion".*/model "champion" { }/; s/pricing = 30/pricing = 40/' weighed/rules.lua
printf -- '-- Our numbers.\nreturn {\n  pricing = 12, -- by the list\n}\n' >weighed/weights.lua
chmod 640 weighed/weights.lua
serve weighed --db w.db --no-deliver
run 0 experiment start prices --db w.db
mkdir -p weighed/tests
cat >weighed/tests/prices.lua <<'LUA'
test "a look is worth 12" { play = { after("0s") { page { path = "/pricing" } }, after("1s") { expect { engagement = 12 } } } }
LUA
holds "the tests act" wait_until 20 sh -c "'$ripen' rules list --db w.db | grep -q '^\* *2 '"
run 0 experiment promote prices --arm challenger --force --rules weighed --db w.db
said "$out" '^1 of the rules. tests fails with it; the first: tests/prices.lua:1 "a look is worth 12"'
sed -i 's/engagement = 12/engagement = 40/; s/worth 12/worth 40/' weighed/tests/prices.lua
holds "the tests hold the rules" wait_until 20 sh -c "'$ripen' rules list --db w.db | grep -q held"
run 0 experiment promote prices --arm challenger --force --rules weighed --db w.db
holds "no word of tests that pass" sh -c "! grep -q tests '$out'"
said "$out" '^@@ -3,1 \+3,1 @@'
said "$out" '^-  pricing = 12, -- by the list'
said "$out" '^\+  pricing = 40, -- by the list'
said weighed/weights.lua 'pricing = 12'
cp weighed/rules.lua before.lua
mkdir weighed/weights.lua~
run 2 experiment promote prices --arm challenger --force --act --rules weighed --db w.db
said "$err" 'could not be written'
run 0 experiment list --db w.db
said "$out" 'prices +running'
rmdir weighed/weights.lua~
generations=$("$ripen" rules list --db w.db --format json | grep -o '"generation":' | wc -l)
run 0 experiment promote prices --arm challenger --force --act --rules weighed --db w.db
printf -- '-- Our numbers.\nreturn {\n  pricing = 40, -- by the list\n}\n' >wanted
holds "weights.lua has the number, and its comments" cmp wanted weighed/weights.lua
holds "the rules are as they were" cmp before.lua weighed/rules.lua
same "its rights" 640 "$(stat -c %a weighed/weights.lua)"
same "generations: one more" $((generations + 1)) "$("$ripen" rules list --db w.db --format json | grep -o '"generation":' | wc -l)"
run 0 experiment list --db w.db
said "$out" 'prices +promoted'
stop

# Without a server.
run 0 experiment start prices --db r.db
run 0 experiment stop prices --reason "enough" --db r.db
run 0 report experiment prices --db r.db
said "$out" 'ended: enough'
finish
