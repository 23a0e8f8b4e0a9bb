#!/bin/sh
# The command line: help, refusals and exit statuses of every command, JSON that is JSON, colours for
# terminals only, and what each command says and does.
. "$(dirname "$0")/../support/kit.sh"
esc=$(printf '\033')
at=2026-10-15T12:00:00Z
commands=$("$ripen" --help | sed -n 's/^  \([a-z-]\{1,\}\) .*/\1/p')
holds "many commands" [ "$(echo "$commands" | wc -l)" -ge 17 ]

# ---- Every command
for command in $commands; do
    run 0 "$command" --help
    said "$out" "^ripen $command" && said "$out" '  --help ' && same "talk of $command --help" '' "$(cat "$err")"
    run 2 "$command" --nonsense
    said "$err" "^ripen: $command has no option --nonsense; see .ripen $command --help" && same "data of a refusal" '' "$(cat "$out")"
    run 2 "$command" a b c d e f g h i j k l
    said "$err" "^ripen: usage: ripen $command"
done
for command in try import lead explain why-not outbox key init; do
    run 2 "$command"
    said "$err" "^ripen: usage: ripen $command"
done
run 2 why-not somebody && said "$err" 'usage'
run 2 && said "$err" '^Commands:'
run 0 --help && said "$out" '^Commands:'
run 0 --version && said "$out" '^ripen [0-9]+\.[0-9]+'
run 2 nonsense && said "$err" 'no command "nonsense"; see `ripen --help`'
for command in leads verify; do run 2 "$command" --db && said "$err" '--db needs a value'; done
run 2 leads --db=none.db && said "$err" 'no store at none.db'
holds "a question makes no database" [ ! -e none.db ]
run 2 check nowhere && said "$err" 'nowhere.*ripen init'
run 2 import missing.ndjson --rules "$root/rules" && said "$err" 'missing.ndjson'
run 2 try "$root/rules" missing.ndjson && said "$err" 'missing.ndjson'
run 2 check "$root/rules" --config missing.lua && said "$err" 'missing.lua'
run 2 check "$root/rules" --plan=yes && said "$err" '--plan takes no value'

# ---- init, check, import
run 0 init my-rules && said "$out" 'ripen check my-rules'
sum=$(cat $(find my-rules -type f | sort) | cksum)
run 2 init my-rules && said "$err" 'nothing was written.*there already; name another directory'
same "the files that were there" "$sum" "$(cat $(find my-rules -type f | sort) | cksum)"
mkdir partly && echo mine >partly/20-fit.lua
run 2 init partly && same "files of partly" 20-fit.lua "$(ls partly)" && same "20-fit.lua" mine "$(cat partly/20-fit.lua)"
run 0 check my-rules && said "$out" 'all well'
run 0 check my-rules --format json && same "findings" 0 "$(value "$out" 'findings.#')"
run 0 check my-rules --plan && said "$out" 'Demo Requested'
run 0 check my-rules --strict
cp my-rules/ripen.lua kept.lua && rm my-rules/ripen.lua
run 0 check my-rules && said "$out" 'warning W101' && run 1 check my-rules --strict
cp kept.lua my-rules/ripen.lua
{ cat kept.lua; echo 'server { rules = "my-rules" }'; } >place.lua
run 0 check --config place.lua && said "$out" '^my-rules: .*all well'
export RIPEN_RULES=elsewhere
run 2 check --config place.lua && said "$err" 'no rules directory elsewhere'
unset RIPEN_RULES
run 0 import "$root/examples/sample-interactions.ndjson" --db s.db --rules my-rules --format json
rows=$(wc -l <"$root/examples/sample-interactions.ndjson" | tr -d ' ')
same "imported" "$rows 0 0" "$(value "$out" accepted) $(value "$out" duplicates) $(value "$out" rejected)"
run 0 import "$root/examples/sample-interactions.ndjson" --db s.db --rules my-rules
said "$out" "^$rows rows: 0 accepted, $rows duplicates, 0 rejected"
echo '{"type":"track","userId":"x"}' >bad.ndjson
run 1 import bad.ndjson --db bad.db --rules my-rules && said "$err" 'line 1 rejected'

# ---- leads, lead, explain, why-not, verify
ask_db() { # STATUS COMMAND…
    wanted_status=$1
    shift
    run "$wanted_status" "$@" --db s.db
}
ask_db 0 leads --at $at --limit 3 --format json && same "leads" 3 "$(value "$out" '#')"
best=$(value "$out" 0.email)
total=$(value "$out" 0.total)
holds "sorted by score" awk -v a="$total" -v b="$(value "$out" 1.total)" -v c="$(value "$out" 2.total)" 'BEGIN { exit !(a >= b && b >= c) }'
ask_db 0 leads --at $at --limit 10000 --format json && same "all leads" "$(sqlite3 s.db 'SELECT count(*) FROM leads')" "$(value "$out" '#')"
ask_db 0 leads --stage mql --format json --limit 10000
same "leads of a stage" mql "$("$json" rows "$out" stage | sort -u)"
same "number in mql" "$(sqlite3 s.db "SELECT count(*) FROM leads WHERE stage = 'mql'")" "$(value "$out" '#')"
for sort in score recent created; do ask_db 0 leads --sort $sort; done
ask_db 2 leads --sort nonsense && said "$err" '"nonsense".*score, recent or created'
ask_db 2 leads --limit few && said "$err" '"few"'
ask_db 2 leads --limit 0 && said "$err" '"0"'
ask_db 1 leads --stage nonsense && said "$err" 'no stage "nonsense"' && same "data" '' "$(cat "$out")"
ask_db 2 leads --at yesterday && said "$err" '"yesterday" is no time; write it like'
ask_db 2 leads --format xml && said "$err" 'text or json, not "xml"'
ask_db 0 lead "$best" --at $at --format json && same "lead" "$best $total" "$(value "$out" email) $(value "$out" total)"
id=$(value "$out" id)
user=$(value "$out" userId)
holds "traits" value "$out" traits.email >"$place/.ignored"
anonymous=$(value "$out" anonymousIds.0)
for name in "$id" "$user" "$anonymous"; do
    ask_db 0 lead "$name" --format json && same "lead $name" "$best" "$(value "$out" email)"
done
ask_db 0 lead "$best" && said "$out" "$best" && said "$out" '^  {"email":'
echo '{"type":"track","userId":"bare","messageId":"b1","event":"Demo Requested"}' >bare.ndjson
run 0 import bare.ndjson --db bare.db --rules my-rules && run 0 lead bare --db bare.db
said "$out" '^bare ' && same "no traits, no line of them" 0 "$(grep -c '{}' "$out")"
rm bare.*
ask_db 1 lead nobody && said "$err" 'nobody is known as nobody; a lead is named by'
ask_db 1 explain nobody && ask_db 1 why-not nobody mql && ask_db 1 why-not "$best" nonsense
said "$err" 'no score rule, stage or action is named "nonsense"'
explained=0
for lead in $("$ripen" leads --db s.db --limit 10000 --format json | "$json" rows - id); do
    for moment in $at 2027-03-01T00:00:00Z; do
        ask_db 0 explain "$lead" --at $moment --format json
        holds "rows of $lead sum" "$json" sums "$out" >rows && explained=$((explained + $(cat rows)))
        cp "$out" explained.json
    done
    ask_db 0 lead "$lead" --at $moment --format json
    same "total of $lead, twice" "$(value "$out" total)" "$(value explained.json total)"
done
holds "rows of explanations" [ "$explained" -gt 500 ]
ask_db 0 explain "$best" --at $at && said "$out" "^total  $total$"
ask_db 1 why-not "$best" customer --at $at && said "$out" 'Deal Won' && same "lines of why-not" 1 "$(wc -l <"$out")"
ask_db 1 why-not "$best" customer --at $at --format json && same "fires" false "$(value "$out" fires)"
ask_db 0 verify --sample 7 && said "$out" '^7 leads verified, 0 differ'
ask_db 0 verify && said "$out" '^[0-9]+ leads verified, 0 differ, 0 '
ask_db 0 verify --format json
same "verified" "$(sqlite3 s.db 'SELECT count(*) FROM leads') 0 0" "$(value "$out" verified) $(value "$out" different) $(value "$out" skipped)"

sqlite3 s.db "VACUUM INTO 'tampered.db'"
sqlite3 tampered.db "UPDATE event_rows SET effective_lag = effective_lag + 86400000
    WHERE id = (SELECT event FROM contributions WHERE rule = 'viewed_pricing' AND points > 0 LIMIT 1)"
run 1 verify --db tampered.db && said "$out" ': its state is not the fold' && said "$out" ', 1 differ,'
run 1 verify --db tampered.db --format json
same "differences" "1 1" "$(value "$out" different) $(value "$out" 'differences.#')"

# ---- outbox
ask_db 0 outbox list --format json --limit 1000
same "rows of the outbox" "$(sqlite3 s.db 'SELECT count(*) FROM actions')" "$(value "$out" '#')"
pending=$("$json" rows "$out" status id | sed -n 's/^pending|//p' | head -n 1)
open=$("$json" rows "$out" status id | sed -n 's/^open|//p' | head -n 1)
ask_db 0 outbox list --limit 2 --format json && same "limited rows" 2 "$(value "$out" '#')"
ask_db 2 outbox list --limit x && said "$err" '"x"'
ask_db 0 outbox dead && said "$out" 'nothing there'
ask_db 0 outbox dead --format json && same "dead letters" '[]' "$(cat "$out")"
ask_db 0 outbox retry "$pending" && said "$out" "^$pending: is due now"
ask_db 0 outbox cancel "$pending" && said "$out" "^$pending: cancelled"
same "row $pending" cancelled "$("$ripen" outbox list --limit 1000 --db s.db --format json | "$json" rows - id status | sed -n "s/^$pending|//p")"
ask_db 1 outbox cancel "$pending" && said "$err" "action $pending is cancelled; only"
ask_db 1 outbox retry "$pending" && said "$err" "action $pending is cancelled; only"
ask_db 1 outbox retry "$open" && said "$err" "action $open is open"
ask_db 1 outbox retry 999999 && said "$err" 'no action 999999 in the outbox; `ripen outbox list` shows them'
ask_db 2 outbox retry nonsense && said "$err" '"nonsense"'
ask_db 2 outbox retry && ask_db 2 outbox list 1 && ask_db 2 outbox nonsense && said "$err" 'usage: ripen outbox'

# ---- key
ask_db 0 key list && said "$out" 'no keys'
ask_db 2 key create && said "$err" '--scope is ingest, read, edit or admin'
ask_db 2 key create --scope all && ask_db 2 key create --scope admin --public && said "$err" 'only be ingest'
ask_db 0 key create --scope read --label reports && key=$(cat "$out") && said "$err" 'shown this once'
same "lines of key create" 1 "$(wc -l <"$out")"
ask_db 0 key list --format json && same "key" "read reports false null" \
    "$(value "$out" 0.scope) $(value "$out" 0.label) $(value "$out" 0.public) $(value "$out" 0.revokedAt)"
holds "the key itself is not kept" [ -z "$(grep -l -F "$key" s.db s.db-wal "$out" 2>/dev/null)" ]
ask_db 0 key revoke "$(value "$out" 0.id)" && ask_db 0 key list && said "$out" 'revoked'
ask_db 1 key revoke 99 && ask_db 2 key revoke nonsense && ask_db 2 key revoke && ask_db 2 key list 1

# ---- Data on stdout, in the form that was asked for; colours on terminals alone
for question in "leads" "lead $best" "explain $best" "why-not $best customer" "outbox list" "outbox dead" "key list" "verify"; do
    timeout 60 "$ripen" $question --db s.db --format json >"$out" 2>"$err"
    holds "JSON of $question" "$json" valid "$out" && same "talk of $question" '' "$(cat "$err")"
done
cd my-rules/.. || exit 2
for question in "leads" "lead $best" "explain $best" "check my-rules" "check my-rules --config $root/rules/10-model.lua"; do
    db="--db s.db"
    [ "${question#check}" = "$question" ] || db=
    timeout 60 "$ripen" $question $db >"$out" 2>&1
    same "colours of $question in a pipe" 0 "$(grep -c "$esc" "$out")"
done
if command -v script >/dev/null 2>&1; then
    on_terminal() { # what a terminal gets
        script -qec "$*" /dev/null </dev/null 2>&1
    }
    holds "colours on a terminal" [ "$(on_terminal "$ripen" leads --db s.db | grep -c "$esc\[")" -gt 0 ]
    same "colours with NO_COLOR" 0 "$(NO_COLOR=1 on_terminal "$ripen" leads --db s.db | grep -c "$esc\[")"
else
    echo "not checked: colours on a terminal (there is no \`script\`)"
fi

# ---- Secrets are the server's: who asks needs none
mkdir -p asked/rules && echo 'stages { "visitor", "lead" } stage "lead" { enter = known(), terminal = true }' >asked/rules/rules.lua
echo 'endpoint "hub" { preset = "hubspot", token = env "RIPEN_HUB_TOKEN" }' >asked/rules/ripen.lua
cd asked && run 0 leads --db ../s.db && same "talk of a missing secret" '' "$(cat "$err")"
run 0 rules list --db ../s.db
run 1 check rules && said "$err" 'RIPEN_HUB_TOKEN is not set'
run 1 serve rules --db none.db && said "$err" 'RIPEN_HUB_TOKEN is not set'
echo 'endpoint "crm" { url = 7 }' >>rules/ripen.lua
run 1 leads --db ../s.db && said "$err" 'E012|E013|url'
cd .. || exit 2

# ---- An answer that nobody gets is no success
for command in "leads --db s.db" "outbox list --db s.db" "key create --scope read --db s.db" "check my-rules" "--help" "leads --help" "--version"; do
    timeout 60 "$ripen" $command >/dev/full 2>"$err"
    same "status of $command on a full disk" 2 $? && said "$err" '^ripen: the answer could not be written'
done

# ---- try
cp "$root/examples/situations/01-newsletter-visits-follow/events.ndjson" .
rules=$root/examples/situations/01-newsletter-visits-follow
run 0 try "$rules" events.ndjson --at 2026-03-10T12:00:00Z && said "$out" 'ana@globex.test'
printf '%s\n' '{"type":"page","userId":"ana"}' 'no JSON' '{"type":"dance","userId":"ana"}' >mixed.ndjson
run 1 try "$rules" mixed.ndjson && said "$out" '^1 accepted, 0 duplicates, 2 rejected$' && said "$out" '^  event 2 \(not_json\): ' &&
    said "$out" '^  event 3 \(unknown_type\): type is "dance"'
run 0 try "$rules" events.ndjson --at 2026-03-10T12:00:00Z --format json && cp "$out" first
timeout 60 "$ripen" try "$rules" - --at 2026-03-10T12:00:00Z --format json <events.ndjson >second 2>"$err"
same "try of standard input" "$(cat first)" "$(cat second)"
same "try leaves nothing" '' "$(ls | grep -v -e '^s\.db' -e '^bad\.db' -e '^tampered\.db' | grep '\.db')"
finish
