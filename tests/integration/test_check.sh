#!/bin/sh
# ripen check as a program: paths that open from where one stands, bounds, the plan, what a database
# says, and rules that would never end or take all memory.
. "$(dirname "$0")/../support/kit.sh"

# ---- Paths
mkdir -p a/rules b
cat >a/rules/r.lua <<'END'
dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "x" { why = "x", on = "page", points = 1, coldown = "30m" }
END
run 1 check a/rules && said "$out" '^a/rules/r\.lua:2:49: error E011: ' && said "$out" "did you mean 'cooldown'"
run 1 check a/rules/ && said "$out" '^a/rules/r\.lua:2:49: '
cd a/rules && run 1 check . && said "$out" '^r\.lua:2:49: '
cd ../../b && run 1 check ../a/rules && said "$out" '^\.\./a/rules/r\.lua:2:49: '
cd "$place" && run 1 check a/rules --format json
same "file and path" "r.lua a/rules/r.lua" "$(value "$out" findings.0.file) $(value "$out" findings.0.path)"
same "place" "2 49 7" "$(value "$out" findings.0.line) $(value "$out" findings.0.column) $(value "$out" findings.0.width)"
same "ok" "false 1" "$(value "$out" ok) $(value "$out" errors)"

# ---- 20 of each kind, and all
mkdir many
{ echo 'dimension "engagement" { half_life = "21d" }'
  i=0; while [ $i -lt 30 ]; do i=$((i + 1)); echo "score \"e$i\" { why = \"x\", on = \"page\", points = 1, coldown = \"1d\" }"; done
} >many/r.lua
run 1 check many && said "$out" '^… and 10 more; .ripen check --all. shows them'
same "errors shown" 20 "$(grep -c 'error E011' "$out")"
run 1 check many --all && same "all errors" 30 "$(grep -c 'error E011' "$out")"
run 1 check many --format json && same "findings and more" "20 10 30" "$(value "$out" 'findings.#') $(value "$out" more) $(value "$out" errors)"
run 1 check many --all --format json && same "findings" 30 "$(value "$out" 'findings.#')"
mkdir warned
{ echo 'dimension "engagement" { half_life = "21d" }'
  i=0; while [ $i -lt 21 ]; do i=$((i + 1)); echo "score \"w$i\" { on = \"Event $i\", points = 1 }"; done
} >warned/r.lua
run 0 check warned && same "warnings shown" 20 "$(grep -c 'warning W109' "$out")" && said "$out" '^… and 1 more'
run 0 check warned --all && same "all warnings" 21 "$(grep -c 'warning W109' "$out")"
run 1 check warned --strict

# ---- The plan
run 0 init my && run 0 check my --plan && said "$out" '^page  .* on path'
run 0 check my --plan --format json
same "findings" 0 "$(value "$out" 'findings.#')"
holds "an event of the plan" grep -q '"event":"page","type":"page","rules":' "$out"
same "tests in Lua" 0 "$(value "$out" plan.tests)"

# ---- A database
rm -r my/tests # they name rules that are renamed here
run 0 import "$root/examples/sample-interactions.ndjson" --db s.db --rules my
run 0 check my --db s.db && said "$out" 'known for [0-9]+ % of leads' && said "$out" '^  Demo Requested +came [0-9]+ times'
sed -i 's/score "viewed_pricing"/score "pricing_viewed"/; s/"Feature Used"/"Feature_Usd"/' my/*.lua
sed -i '/viewed_pricing/d' my/weights.lua
run 0 check my --db s.db
said "$out" 'W125: score "pricing_viewed" looks like "viewed_pricing"' && said "$out" 'add was = "viewed_pricing"'
said "$out" 'W127: the event "Feature_Usd" never came' && said "$out" "the database has 'Feature Used' \([0-9]+ times\)"
run 1 check my --db s.db --strict
run 0 check my --db s.db --format json && holds "facts" grep -q '"facts":{"leads":' "$out"
same "whole" true "$(value "$out" facts.whole)"
cat >my/70-new.lua <<'END'
score "nobody" { why = "x", on = "page", when = { path = "/no/such/page" }, points = 1 }
fit "plan" { why = "x", when = { ["customer.plan"] = "gold" }, points = 1 }
END
run 0 check my --db s.db && said "$out" 'W126: none of [0-9]+ events fires score "nobody"' && said "$out" "W128: no lead has 'customer.plan'"
run 2 check my --db none.db && said "$err" 'none.db cannot be read; give another --db' && holds "none was made" [ ! -e none.db ]
echo no database >broken.db
run 2 check my --db broken.db && said "$err" 'broken.db'

# ---- Rules that never end, or take all memory: the sandbox ends them; what it does not see, the process' limits
mkdir loop bomb
echo 'while true do end' >loop/r.lua
run 1 check loop && said "$out" '^loop/r\.lua:1:1: error E003'
echo 'local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end' >bomb/r.lua
run 1 check bomb && said "$out" '^bomb/r\.lua.*: error E00[34]'
run 1 check bomb --format json && holds "a finding" grep -qE '"code":"E00[34]"' "$out"
run 0 check warned --format json && same "talk" '' "$(cat "$err")"
if [ -e /dev/full ]; then
    status=0
    "$ripen" check warned >/dev/full 2>"$err" || status=$?
    same "status of a full disk" 2 "$status"
fi
finish
