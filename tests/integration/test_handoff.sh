#!/bin/sh
# The hand-off to sales as a program: owners in turn, refusals with their cool-down, tasks that two people want at
# once, lists as CSV, one decision for many, the report of answers; without a server, then beside one.
. "$(dirname "$0")/../support/kit.sh"

mkdir rules
cat >rules/rules.lua <<'LUA'
dimension "engagement" { decay = "none" }
score "went" { why = "Went", on = "Went", points = 50 }
stages { "visitor", "lead", "mql", "sal"; side = { "recycled" } }
stage "lead" { enter = known() }
stage "mql" { from = { "lead", "recycled" }, enter = did "Went", status = { "open", "attempting" },
              due = { to = "sal", within = "2h" } }
status "mql.attempting" { enter = did "Contact Attempted" }
stage "sal" { from = "mql", enter = did "Lead Accepted", terminal = true }
stage "recycled" { from = "mql", enter = did "Lead Rejected", stay = "30d" }
reasons "Lead Rejected" { "no_budget", "suspect"; required = true }
team "sdr" { members = { "lea@acme.test", "tom@acme.test" } }
segment "ours" { in_stage("mql") }
action "hand" { on = entered "mql",
  assign { team = "sdr", keep_owner = true, not_to = "last_refuser" },
  task { to = "owner", due = "1h", note = "Call {lead.first_name|this lead}" } }
LUA
yesterday=$(date -u -d '-1 day' +%Y-%m-%d)
for i in 1 2 3 4 5 6; do
    name="Ana $i"
    [ $i = 2 ] && name="=cmd|' /C calc'!A0"
    [ $i = 3 ] && name='Say \"hi\", Inc'
    [ $i = 4 ] && name='+33 1'
    echo "{\"type\":\"identify\",\"userId\":\"u$i\",\"messageId\":\"i$i\",\"traits\":{\"email\":\"p$i@lead.test\",\"first_name\":\"$name\"},\"timestamp\":\"${yesterday}T09:0$i:00Z\",\"receivedAt\":\"${yesterday}T09:0$i:00Z\"}"
    echo "{\"type\":\"track\",\"userId\":\"u$i\",\"messageId\":\"w$i\",\"event\":\"Went\",\"timestamp\":\"${yesterday}T10:0$i:00Z\",\"receivedAt\":\"${yesterday}T10:0$i:00Z\"}"
done >events.ndjson
run 0 import events.ndjson --db r.db --rules rules

# History hands nothing to anybody; what the CRM said of owners is kept.
sed 's/"first_name":"Ana 1"/"owner":"LEA@acme.test"/' events.ndjson >history.ndjson
run 0 import history.ndjson --db h.db --rules rules --history
run 0 lead u1 --db h.db --format json && same "owner in history" lea@acme.test "$(value "$out" owner)" && said "$out" '"because":"trait"'
run 0 lead u2 --db h.db --format json && same "no owner in history" null "$(value "$out" owner)" && same "stage in history" mql "$(value "$out" stage)"
run 0 tasks --db h.db && said "$out" 'no tasks'

owner() { # LEAD
    run 0 lead "$1" --db r.db --format json && value "$out" owner
}
count() { # PATTERN FILE
    grep -o -- "$1" "$2" | wc -l | tr -d ' '
}

# In turn, and the tasks with it.
same "first owner" lea@acme.test "$(owner u1)"
same "second owner" tom@acme.test "$(owner u2)"
same "fifth owner" lea@acme.test "$(owner u5)"
run 0 lead u1 --db r.db && said "$out" 'owner lea@acme.test' && said "$out" 'by its turn in team sdr'
run 0 leads --db r.db --owner LEA@acme.test --format json && same "leads of lea" 3 "$(count '"id":"ld_' "$out")"
run 0 tasks --db r.db --format json && same "open tasks" 6 "$(count '"status":"open"' "$out")" && same "late tasks" 6 "$(count '"late":true' "$out")"
task=$(value "$out" 0.id)
run 0 tasks --db r.db --owner tom@acme.test --late --format json && same "late tasks of tom" 3 "$(count '"id":' "$out")"
run 0 tasks --db r.db && said "$out" '! .*lea@acme.test +p1@lead.test' && said "$out" 'Call Ana 1'
same "widest line" "" "$(awk 'length > 80' "$out")"

# Many want one task: one gets it.
claim() { # WHO
    "$ripen" tasks claim "$task" --as "$1" --db r.db >"claim.$1" 2>&1
    echo $? >"status.$1"
}
claimers=
for who in a b c d e f; do
    claim $who &
    claimers="$claimers $!"
done
wait $claimers
same "claims that won" 1 "$(cat status.? | grep -c '^0$')"
same "claims that lost" 5 "$(cat status.? | grep -c '^1$')"
winner=$(grep -lx 0 status.? | sed 's/status\.//')
for who in a b c d e f; do [ "$who" = "$winner" ] || said "claim.$who" "$winner has task $task"; done
run 0 tasks claim "$task" --as "$winner" --db r.db
run 0 tasks note "$task" "left a message" --as "$winner" --db r.db
run 1 tasks claim 99999 --as a --db r.db && said "$err" 'there is no task 99999'
run 1 tasks claim x --as a --db r.db && said "$err" 'is no task'

# What came of it is an event.
run 0 tasks done "$task" --outcome attempted --note "nobody there" --as "$winner" --db r.db --format json
same "done by" "$winner" "$(value "$out" doneBy)"
same "notes" 2 "$(count '"text":' "$out")"
run 1 tasks done "$task" --as "$winner" --db r.db && said "$err" "task $task was done by $winner"
run 0 lead u1 --db r.db --format json && same "status" attempting "$(value "$out" status)"

# Refused: nobody owns it, and who refused is not given it again while it cools down.
second=$("$ripen" tasks --db r.db --owner tom@acme.test --format json >tasks.json && value tasks.json 0.id)
run 1 tasks done "$second" --outcome postponed --until "next week" --as tom@acme.test --db r.db && said "$err" 'write it like 2026-09-01'
run 1 tasks done "$second" --outcome rejected --as tom@acme.test --db r.db && said "$err" 'no_budget, suspect'
run 0 tasks done "$second" --outcome rejected --reason no_budget --as tom@acme.test --db r.db
run 0 lead u2 --db r.db --format json
same "stage of the refused" recycled "$(value "$out" stage)"
same "owner of the refused" null "$(value "$out" owner)"
said "$out" '"because":"rejected","team":null,"reason":"no_budget"'
run 1 assign u2 tom@acme.test --reason "try again" --db r.db && said "$err" 'rejected this lead and cools down until'
run 0 assign u2 lea@acme.test --reason "knows them" --author boss --db r.db
same "by hand" lea@acme.test "$(owner u2)"
run 0 leads --db r.db --owner - --format json && same "leads without an owner" 0 "$(count '"id":"ld_' "$out")"
run 2 assign u2 lea@acme.test --db r.db && said "$err" 'needs a reason'
run 1 assign u2 "$(head -c 255 /dev/zero | tr '\0' o)" --reason x --db r.db && said "$err" 'at most 254 bytes'

# As a table: quoted, and no cell is a formula.
run 0 leads --db r.db --format csv --output all.csv
same "rows" 7 "$(wc -l <all.csv | tr -d ' ')"
said all.csv '^id,email,user_id,first_name,last_name,company,title,phone,stage,status,owner,score,grade,engagement,'
said all.csv ",u2,\"'=cmd\\|' /C calc'!A0\","
said all.csv ',u3,"Say ""hi"", Inc",'
said all.csv ",u4,\"'\\+33 1\","
run 0 leads --db r.db --segment ours --format csv && same "rows of the segment" 6 "$(wc -l <"$out" | tr -d ' ')"
run 1 leads --db r.db --segment theirs && said "$err" 'no segment "theirs"'

# One decision for many: shown first, done when asked for, not when their number changed.
run 0 bulk points 5 --segment ours --reason "a fair" --db r.db && said "$out" '^5 leads$' && said "$out" 'nothing was done'
run 0 explain u1 --db r.db && ! grep -q "a fair" "$out" || fail "a preview gave points"
run 1 bulk points 5 --segment ours --reason "a fair" --expect 4 --act --db r.db && said "$err" '4 leads were expected and there are 5'
run 0 bulk points 5 --segment ours --reason "a fair" --expect 5 --act --db r.db && said "$out" 'done for 5 leads'
run 0 explain u1 --db r.db && said "$out" 'a fair'
printf '\357\273\277# two and nobody\nu1\np5@lead.test\nnobody\n' >ids.txt
printf '%1100s\n' u1 >long.txt
run 1 bulk note "met" --file long.txt --act --db r.db && said "$err" 'line 1 is too long'
mkdir -p folder
run 2 bulk note "met" --file folder --act --db r.db && said "$err" 'folder cannot be read'
run 1 bulk note "met" --file ids.txt --act --db r.db --format json && same "noted" 2 "$(value "$out" done)" && said "$out" '"lead":"nobody"'
run 2 bulk suppress --segment ours --act --db r.db && said "$err" 'needs a reason'
run 0 bulk suppress --segment ours --reason "a fair" --db r.db && said "$out" 'nothing was done'
run 0 suppress list --db r.db && said "$out" 'nobody is suppressed'
run 0 bulk suppress --segment ours --reason "a fair" --author boss --expect 5 --act --db r.db && said "$out" 'done for 5 leads'
run 0 suppress list --db r.db --format json && same "suppressed by boss" 5 "$(count '"reason":"manual","source":"boss"' "$out")"
run 0 lead u1 --db r.db --format json && same "suppressed" manual "$(value "$out" suppressed)"
run 2 bulk stage mql --segment ours --act --db r.db && said "$err" 'needs a reason'
run 2 bulk stage mql --reason x --act --db r.db && said "$err" 'say for whom'

# How soon they answer.
run 0 report sla --db r.db --format json
same "handed over" 6 "$(value "$out" total.handedOver)"
same "answered" 2 "$(value "$out" total.answered)"
same "rejected" 1 "$(value "$out" total.rejected)"
same "open and late" 4 "$(value "$out" total.late)"
same "in time" 0 "$(value "$out" total.inTime)"
run 0 report sla --db r.db --by team --format json && same "the team" sdr "$(value "$out" groups.0.team)"
run 0 report sla --db r.db && said "$out" '^lea@acme.test' && same "widest line" "" "$(awk 'length > 80' "$out")"

# Beside a server, with keys.
run 0 key create --scope read --label reader --db r.db && read_key=$(grep -o 'rk_[A-Za-z0-9_]*\|rp_[A-Za-z0-9_]*' "$out" | head -n 1)
[ -n "$read_key" ] || read_key=$(head -n 1 "$out")
run 0 key create --scope edit --label lea --db r.db && edit_key=$(head -n 1 "$out")
serve rules --db r.db --no-deliver
third=$("$ripen" tasks --db r.db --format json >tasks.json && value tasks.json 0.id)
same "tasks by the API" 200 "$(ask -H "Authorization: Bearer $read_key" "$url/api/tasks?owner=lea@acme.test")"
same "first of lea" lea@acme.test "$(value body 0.owner)"
same "no key" 401 "$(ask "$url/api/tasks")"
same "a state that is none" 400 "$(ask -H "Authorization: Bearer $read_key" "$url/api/tasks?state=x")"
same "a read key claims" 403 "$(ask -H "Authorization: Bearer $read_key" -d '{}' "$url/api/tasks/$third/claim")"
claimers=
for who in a b c d e f; do
    curl -sS -m 30 -o "body.$who" -w '%{http_code}' -H "Authorization: Bearer $edit_key" -d "{\"as\":\"$who\"}" "$url/api/tasks/$third/claim" >"status.$who" &
    claimers="$claimers $!"
done
wait $claimers
same "API claims that won" 1 "$(for who in a b c d e f; do cat status.$who; echo; done | grep -c '^200$')"
same "API claims that lost" 5 "$(for who in a b c d e f; do cat status.$who; echo; done | grep -c '^409$')"
winner=$(grep -lx 200 status.? | sed 's/status\.//')
for who in a b c d e f; do [ "$who" = "$winner" ] || said "body.$who" "$winner has task $third"; done
same "a note" 200 "$(ask -H "Authorization: Bearer $edit_key" -d '{"text":"on it","task":1}' "$url/api/tasks/$third/note")"
same "whose note" lea "$(value body notes.0.author)"
same "the task of the path" "$third" "$(value body id)"
same "a claim of nothing" 404 "$(ask -H "Authorization: Bearer $edit_key" -d '{}' "$url/api/tasks/999/claim")"
same "not an object" 400 "$(ask -H "Authorization: Bearer $edit_key" -d '[]' "$url/api/tasks/$third/claim")"
same "done over HTTP" 200 "$(ask -H "Authorization: Bearer $edit_key" -d '{"outcome":"accepted"}' "$url/api/tasks/$third/done")"
same "done again" 409 "$(ask -H "Authorization: Bearer $edit_key" -d '{}' "$url/api/tasks/$third/done")"
same "as a table" 200 "$(ask -H "Authorization: Bearer $read_key" "$url/api/leads?segment=ours&format=csv")"
same "its type" "text/csv; charset=utf-8" "$(header Content-Type)"
same "its rows" 5 "$(wc -l <body | tr -d ' ')"
same "assigned over HTTP" 200 "$(ask -H "Authorization: Bearer $edit_key" -d '{"lead":"u4","owner":"lea@acme.test","reason":"swap"}' "$url/api/corrections/assign")"
same "assigned" lea@acme.test "$(owner u4)"
run 0 bulk assign tom@acme.test --segment ours --reason "holidays" --expect 4 --act --db r.db && said "$out" 'done for 4 leads'
same "assigned with many" tom@acme.test "$(owner u4)"
run 0 tasks --owner tom@acme.test --db r.db --format json && said "$out" 'p4@lead.test' # open tasks follow the owner
kill -9 "$server" && wait "$server" 2>/dev/null
same "after a crash" tom@acme.test "$(owner u4)"
run 0 verify --db r.db && said "$out" ' 0 differ'
run 0 forget u4 --db r.db
run 0 tasks --all --db r.db --format json && ! grep -q p4@lead.test "$out" || fail "a forgotten lead has tasks"
finish
