#!/bin/sh
# Sequences by the commands: alone on the file, and beside a server that takes what is asked.
. "$(dirname "$0")/../support/kit.sh"
mkdir rules
cat >rules/rules.lua <<'TXT'
dimension "engagement" { range = {0, 200}, half_life = "21d" }
score "seen" { why = "Saw a page", on = "page", points = 5 }
stages { "visitor", "mql" }
stage "mql" { enter = did "Ready" }
sequence "care" {
  start = entered "mql",
  steps = {
    step "call"  { task { to = "owner", note = "Call" } },
    step "rest"  { wait "400d" },
    step "again" { task { to = "owner", note = "Call again" } },
  },
}
TXT
echo '{"type":"track","event":"Ready","userId":"ana","messageId":"1"}' >events.ndjson
run 1 sequence list --db none.db && said "$err" 'none.db'
run 0 import events.ndjson --rules rules --db a.db
run 0 sequence list --db a.db && said "$out" '^care +running +rest +1'
run 0 sequence show ana --db a.db && said "$out" 'care  running at rest, waits until'
run 0 lead ana --db a.db && said "$out" '^Sequences' && said "$out" 'started by entered "mql"'
run 0 lead ana --db a.db --format json && same "state" running "$(value "$out" sequences.0.state)"
run 2 sequence pause --db a.db && said "$err" 'usage: ripen sequence'
run 2 sequence pause ana --step rest --db a.db && said "$err" 'resume'
run 1 sequence pause nobody --db a.db
run 0 sequence pause ana --reason 'asked us to' --db a.db && said "$out" 'paused'
run 0 sequence show ana --db a.db && said "$out" 'paused at rest: asked us to'
run 1 sequence pause ana --db a.db && said "$err" 'sequence show'

# Beside a server, which goes on with it at once.
serve rules --db a.db --no-deliver
run 0 sequence resume ana care --step again --db a.db --author lea && said "$out" 'resumed'
run 0 sequence show ana --db a.db --format json
same "state" done "$(value "$out" 0.state)"
same "last step" again "$(value "$out" 0.steps.2.step)"
run 0 tasks --db a.db && said "$out" 'Call again'
run 1 sequence cancel ana --db a.db && said "$err" 'cancelled'
finish
