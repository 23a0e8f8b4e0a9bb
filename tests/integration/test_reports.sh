#!/bin/sh
# Reports and the back-test as a program, over synthetic history whose truth is known (leads/ripen-synthetic-truth):
# what was planted is found, what only seems so is not.
#   test_reports.sh RIPEN JSON_TOOL
. "$(dirname "$0")/../support/kit.sh"
truth=${RIPEN_DATA:-$root/../shared/data}/leads/ripen-synthetic-truth

run 2 report
said "$err" 'ripen report --help'
run 2 report funnel --since '30 days' && said "$err" 'is "30 days"; write 30d'
run 2 report rules --window '8 weeks' && said "$err" 'write 8w'
run 2 report trends --within soon && said "$err" 'give a time such as'
run 2 report nonsense
said "$err" 'report has no "nonsense"'
run 0 report --help
said "$out" 'ripen report funnel'
run 2 report funnel --db nowhere.db
run 2 report funnel --since soon
said "$err" '90d'
run 2 backtest
said "$err" 'needs --candidate'
run 2 report thresholds --value much
said "$err" 'give a number'

[ -f "$truth/events.csv.gz" ] || {
    echo "skipped: there is no $truth (set RIPEN_DATA to the folder of the data sets)"
    [ "$failures" -eq 0 ] || finish
    exit 77
}
{
    zcat "$truth/leads.csv.gz" | awk -F, 'NR > 1 { printf "{\"type\":\"track\",\"event\":\"MQL Reached\",\"userId\":\"%s\",\"messageId\":\"q-%s\",\"timestamp\":\"%s\",\"traits\":{\"source\":\"%s\",\"role\":\"%s\"}}\n", $1, $1, $2, $3, $5 }'
    zcat "$truth/events.csv.gz" | awk -F, 'NR > 1 { printf "{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"%s\",\"messageId\":\"e-%d\",\"timestamp\":\"%s\"}\n", $3, $2, NR, $1 }'
    zcat "$truth/outcomes.csv.gz" | awk -F, 'NR > 1 && $3 != "" { printf "{\"type\":\"track\",\"event\":\"Became SQL\",\"userId\":\"%s\",\"messageId\":\"s-%s\",\"timestamp\":\"%s\"}\n", $1, $1, $3 }'
} >history.ndjson
mkdir rules candidate
cat >rules/rules.lua <<'RULES'
dimension "engagement" { range = {0, 500}, half_life = "30d" }
total { engagement = 1 }
score "pricing" { why = "Looked at prices", on = "pricing_view", points = 10 }
score "demo" { why = "Asked for a demo", on = "demo_request", points = 25 }
score "open" { why = "Opened a mail", on = "email_open", points = 3 }
score "careers" { why = "Looked for a job", on = "careers_view", points = -15 }
score "paper" { why = "Read a white paper", on = "White Paper Read", points = 9 }
stages { "visitor", "lead", "mql", "sql" }
stage "lead" { enter = known() }
stage "mql" { enter = did "MQL Reached" }
stage "sql" { from = { "lead", "mql" }, enter = did "Became SQL" }
RULES
sed 's/did "MQL Reached"/at_least { engagement = 30 }/; s/points = 3 /points = 0 /' rules/rules.lua >candidate/rules.lua
run 0 import history.ndjson --db t.db --rules rules --history

# The outcome of those whose 60 days are over: 25.8 %, not the 28.4 % of those that have one already.
run 0 report trends --db t.db --at 2026-11-01 --format json
said "$out" '"leads":4926,"young":1074,"right":1269,"rate":0.257613,'
thing() { # NAME: what is told of it, on a line of its own
    checks=$((checks + 1))
    sed 's/{"what":/\n&/g' "$out" | grep "^{\"what\":\"event $1\"" >thing.txt || fail "nothing is told of $1"
}
thing webinar # it has had an effect since May
said thing.txt '"change":\{"changed":true,"at":"2026-05-01T00:00:00.000Z"'
said thing.txt '"logOdds":0\.[12][0-9]*,.*"logOdds":1\.[23][0-9]*,'
for name in email_open page_view; do # raw lift only, since busy leads do more of everything
    thing "$name"
    said thing.txt '"verdict":"activity"'
    said thing.txt '"change":\{"changed":false'
done
for name in demo_request pricing_view webinar download; do
    thing "$name"
    said thing.txt '"verdict":"lift"'
done
thing careers_view
said thing.txt '"verdict":"loss"'
run 0 report trends --db t.db --at 2026-11-01 --by trait.source
said "$out" 'webinar: lift 1\.[01][0-9]* before 2026-05-01, 1\.[89]'

run 0 report funnel --db t.db --at 2026-11-01
said "$out" '^mql +6000 +24\.2 %'
run 0 report funnel --db t.db --at 2026-11-01 --by trait.source --format json
said "$out" '"group":"purchased_list"'
run 0 report rules --db t.db --at 2026-11-01 --format json
said "$out" '"rule":"paper","fired":0,'
run 0 report thresholds --db t.db --at 2026-11-01 --capacity 20 --value 100 --cost 40
said "$out" 'capacity$'
said "$out" 'above a chance of 40\.0 %'
run 0 report actions --db t.db

# The rules in force against themselves, and against others.
run 0 backtest --candidate rules --db t.db --at 2026-11-01 --format json
said "$out" '"lost":0,"gained":0,"earlier":0,"later":0,"elsewhere":0'
said "$out" '"decisions":6000,"mature":4926,"right":1269,"precision":0.257613,'
run 0 backtest --candidate candidate --db t.db --at 2026-11-01 --html page.html
said "$out" 'never gave points:'
said "$out" '^precision +25\.8 %'
said page.html '<svg '
checks=$((checks + 1))
! grep -qE 'https?:|src=|@import|url\(' page.html || fail "a request would leave the page"
checks=$((checks + 1))
[ "$(awk '{ if (length($0) > m) m = length($0) } END { print m }' "$out")" -le 200 ] || fail "lines are too long"
run 2 backtest --candidate candidate --db t.db --outcome nowhere
said "$err" 'no stage "nowhere"'
finish
