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
stop

# On Tuesdays from 9 to 10 by the lead's clock: a customer gets no mail, what one waits for comes, the other's wait ends.
mkdir -p days/templates && printf 'Subject: t\n\nhi\n' >days/templates/t.txt
cat >days/rules.lua <<'TXT'
dimension "engagement" { range = { 0, 100 }, decay = "none" }
score "x" { why = "x", on = "X", points = 1 }
stages { "visitor", "lead" }
stage "lead" { enter = known(), terminal = true }
sequence "s" { start = did "Go", purpose = "transactional",
  send = { days = { "tue" }, from = "09:00", to = "10:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "one"   { email { template = "t", unless = did "Customer" } },
    step "two"   { wait_until { did "Y", timeout = "2d" } },
    step "three" { branch { { when = did "Y", go = "four" }, otherwise = "five" } },
    step "four"  { email { template = "t" }, stop() },
    step "five"  { task { to = "owner", note = "five" } },
  } }
TXT
event() { # WHO NAME TIME
    echo "{\"type\":\"track\",\"userId\":\"$1\",\"event\":\"$2\",\"messageId\":\"$1$2\",\"timestamp\":\"$3\",\"receivedAt\":\"$3\"}"
}
for who in ana bob; do
    zone=Europe/Paris
    [ $who = ana ] && zone=America/New_York
    echo "{\"type\":\"identify\",\"userId\":\"$who\",\"messageId\":\"$who\",\"traits\":{\"email\":\"$who@x.test\",\"timezone\":\"$zone\"},\"timestamp\":\"2026-03-02T09:00:00Z\",\"receivedAt\":\"2026-03-02T09:00:00Z\"}"
done >days.ndjson
{
    event ana Go 2026-03-02T10:00:00Z # a Monday
    event bob Go 2026-03-02T10:00:01Z
    event bob Customer 2026-03-02T11:00:00Z # after it began, before the mail
    event bob Y 2026-03-04T09:00:00Z
} >>days.ndjson
run 0 try days days.ndjson --at 2026-03-25
for line in '2026-03-03 14:00  s.one: email' '2026-03-05 14:00  three' '2026-03-10 13:00  s.five: task' \
    '2026-03-04 09:00  four' '2026-03-10 08:00  s.four: email'; do said "$out" "^ +$line"; done
same "mails and tasks" 3 "$(grep -cE ' s\.(one|four|five): ' "$out")"
same "done" 2 "$(grep -c '  s  done ' "$out")"
finish
