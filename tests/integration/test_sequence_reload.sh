#!/bin/sh
# Rules are edited while a lead is in the middle of a sequence: a wait that gets longer or shorter, a
# step that is gone, and back. Nobody starts anew, nobody is lost, and what cannot go on is told.
. "$(dirname "$0")/../support/kit.sh"
mkdir rules
rules() { # WAIT NAME: the file, with that wait in the step of that name
    cat >rules.tmp <<TXT
-- edit $generation: texts that were in force before would be that generation again
dimension "engagement" { range = {0, 200}, half_life = "21d" }
score "seen" { why = "Saw a page", on = "page", points = 5 }
stages { "visitor", "mql" }
stage "mql" { enter = did "Ready" }
sequence "care" {
  start = entered "mql",
  steps = {
    step "call"  { task { to = "owner", note = "Call" } },
    step "$2"  { wait "$1" },
    step "again" { task { to = "owner", note = "Call again" } },
  },
}
TXT
    mv rules.tmp rules/rules.lua
}
metric() { # NAME
    ask "$url/metrics" >/dev/null && sed -n "s/^$1 //p" body
}
in_force() { # GENERATION
    metric 'x' >/dev/null
    grep -q "^ripen_rules_generation_info{number=\"$1\"" body
}
edit() { # WAIT NAME: and it is in force
    generation=$((generation + 1))
    rules "$1" "$2"
    holds "generation $generation is in force" wait_until 30 in_force "$generation"
}
now_at() { # STATE STEP: what `sequence show` says
    run 0 sequence show ana --db a.db --format json
    same "state" "$1" "$(value "$out" 0.state)"
    same "step" "$2" "$(value "$out" 0.step)"
    same "instances" "" "$(value "$out" 1.state 2>/dev/null)"
}
tasks() { sqlite3 a.db 'SELECT count(*) FROM outbox'; }

stuck() { # HOW-MANY: the metric says so
    [ "$(metric ripen_sequences_stuck)" = "$1" ]
}

generation=1
rules 30d rest
serve rules --db a.db --no-deliver
same "Ready" 200 "$(ask -u k: -H 'Content-Type: application/json' "$url/v1/track" \
    -d '{"userId":"ana","event":"Ready","messageId":"1"}')"
now_at running rest
started=$(value "$out" 0.started)
due=$(value "$out" 0.due)

# The wait that it is in ends when it was to end; the next lead waits as the new rules say.
for wait in 90d 1d; do
    edit "$wait" rest
    now_at running rest
    same "started" "$started" "$(value "$out" 0.started)"
    same "due" "$due" "$(value "$out" 0.due)"
done
same "tasks" 1 "$(tasks)"
holds "stuck: 0" wait_until 30 stuck 0

# The step is gone: it rests, which three places tell.
edit 1d pause
now_at paused rest
run 0 sequence show ana --db a.db && said "$out" 'the rules do not have this step any more'
holds "stuck: 1" wait_until 30 stuck 1
same "told in the log" 1 "$(grep -c 'sequence="care" step="rest" leads=1' serve.err)"
run 1 sequence resume ana --db a.db
now_at paused rest
same "tasks" 1 "$(tasks)"

# The same over a restart, which tells of it again.
stop
serve rules --db a.db --no-deliver
holds "stuck: 1" wait_until 30 stuck 1
now_at paused rest

# It is back, and so is the lead where it was; a person lets it go on.
edit 1d rest
now_at running rest
same "due as before" "$due" "$(value "$out" 0.due)"
holds "stuck: 0" wait_until 30 stuck 0
run 0 sequence pause ana --db a.db && said "$out" 'paused'
edit 2d rest
now_at paused rest
run 0 sequence resume ana --db a.db && said "$out" 'resumed'
now_at running rest
run 0 sequence resume ana care --step again --db a.db && said "$out" 'resumed'
now_at done again
same "tasks" 2 "$(tasks)"
same "tasks of one key" 0 "$(sqlite3 a.db 'SELECT count(*) - count(DISTINCT key) FROM outbox')"
stop
finish
