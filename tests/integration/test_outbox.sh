#!/bin/sh
# What people do with deliveries: exports of CRMs imported as they are, the outbox looked at, tried again and
# cancelled, deliveries paused without a server, beside one and over HTTP.
#   test_outbox.sh RIPEN
set -eu
ripen=$1
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
fail() { echo "FAIL: $*" >&2; exit 1; }
has() { case $1 in *"$2"*) ;; *) fail "no \"$2\" in: $1" ;; esac; }
narrow() { ! awk '{ if (length($0) > 80) { print; bad = 1 } } END { exit !bad }' "$1" || fail "wider than 80 columns: $1"; }

mkdir rules
cat >rules/rules.lua <<'RULES'
stages { "visitor", "lead", "mql", "sql" }
dimension "engagement" { }
stage "lead" { enter = known() }
action "tell" { on = did "Demo Requested", webhook { to = endpoint "crm", body = { email = "{lead.email}" } } }
action "tell_stage" { on = entered "mql", webhook { to = endpoint "crm", body = { email = "{lead.email}" } } }
RULES
cat >ripen.lua <<'CONFIG'
endpoint "crm" { url = "http://127.0.0.1:9/none", allow_private = true }
CONFIG

# ---- HubSpot's export ----
cat >hubspot.csv <<'CSV'
"Record ID","First Name","Email","Company Name","Number of Employees","Lifecycle Stage","Contact owner","Create Date","Unsubscribed from all email","Legal basis for processing contact's data","Favourite colour"
"512","Mark","mark.s@lumon.industries","Lumon",900,"Marketing Qualified Lead","lea@acme.test","2024-01-30 03:30","false","Freely given consent from contact","blue"
"513","Helly","helly.r@lumon.industries","Lumon",900,"Lead","","2024-02-01 09:00","true","","red"
"514","Irving","","Lumon",900,"Lead","","2024-02-01 09:00","","","red"
"515","Dylan","dylan.g@lumon.industries","Lumon",,"Evangelist","","2/3/2024","","","red"
CSV
printf '\357\273\277"DYLAN.G@lumon.industries"\r\n' >objected.csv # as spreadsheets write it
set -- import hubspot.csv --preset hubspot --rules rules --db i.db --history --suppress objected.csv
status=0; "$ripen" "$@" --dry-run >dry 2>remarks || status=$?
[ "$status" = 1 ] || fail "a row was rejected, and the status is $status"
has "$(cat dry)" "line 2: create mark.s@lumon.industries: stage mql, consent Freely given consent from contact"
has "$(cat dry)" "line 3: create helly.r@lumon.industries: stage lead, no consent opted out in the export"
has "$(cat dry)" "line 4: reject: the row has no e-mail address"
has "$(cat dry)" "unsubscribed on the list of those who objected"
has "$(cat dry)" "3 leads would be created, 0 updated, 0 rows are known already, 1 rejected"
has "$(cat remarks)" "left out: Favourite colour"
has "$(cat remarks)" '"Evangelist" is no stage of the rules'
[ ! -e i.db ] || fail "a dry run made a database"
status=0; "$ripen" "$@" >done 2>/dev/null || status=$?
has "$(cat done)" "8 accepted, 0 duplicates, 1 rejected; 3 leads"
list=$("$ripen" suppress list --db i.db)
has "$list" "import           dylan.g@lumon.industries  by objected.csv"
has "$list" "import           helly.r@lumon.industries  by hubspot.csv"
[ "$(echo "$list" | wc -l)" = 2 ] || fail "suppressed: $list"
"$ripen" suppress remove dylan.g@lumon.industries --reason "a mistake" --db i.db >/dev/null
status=0; "$ripen" "$@" >done 2>/dev/null || status=$?
has "$(cat done)" "0 accepted, 8 duplicates"
has "$("$ripen" suppress list --db i.db)" "dylan.g@lumon.industries" # the list says so again
status=0; "$ripen" "$@" --dry-run >dry 2>/dev/null || status=$?
has "$(cat dry)" "line 2: known mark.s@lumon.industries"
mark=$("$ripen" lead mark.s@lumon.industries --db i.db --format json)
has "$mark" '"stage":"mql"'
has "$mark" '"employees":900'
has "$mark" '"owner":"lea@acme.test"'
has "$mark" '"created_at":"2024-01-30T03:30:00.000Z"'
has "$("$ripen" lead helly.r@lumon.industries --db i.db)" "Consent Withdrawn"
has "$("$ripen" lead dylan.g@lumon.industries --db i.db)" "Unsubscribed"

# ---- A list of objections goes with every kind of import ----
long=$(printf '%2000s' x | tr ' ' y)
printf 'Adresse;Grund\nmax@acme.test;"call, mail\nno@mail.test"\nnobody;%s,never@list.test\n' "$long" >objected.csv
echo '{"type":"track","userId":"max","event":"Demo Requested","context":{"traits":{"email":"max@acme.test"}}}' >event.ndjson
"$ripen" import event.ndjson --rules rules --db m.db --history --suppress objected.csv >/dev/null 2>remarks || fail "with a list: $(cat remarks)"
has "$(cat remarks)" "1 line of objected.csv begins with no address, and is passed over"
has "$(cat remarks)" "1 address of objected.csv gets no e-mail"
has "$("$ripen" lead max --db m.db --format json)" '"suppressed":"import"'
[ "$("$ripen" suppress list --db m.db | wc -l)" = 1 ] || fail "suppressed: $("$ripen" suppress list --db m.db)"
refuse() { # FILE WORDS: nothing is imported with a list that cannot be read
    "$ripen" import event.ndjson --rules rules --db n.db --suppress "$1" >/dev/null 2>why && fail "taken: $1"
    has "$(cat why)" "$2"
    [ ! -e n.db ] || fail "$1: a database was made"
}
mkdir folder
printf 'Name,Email\nMax,max@acme.test\n' >second.csv
printf 'a@b.test\n"c@d.test\n' >open.csv
refuse none.csv "none.csv"
refuse folder "folder"
refuse second.csv "no line of second.csv begins with an e-mail address"
refuse open.csv "open.csv: "

# ---- Salesforce's export, and what options refuse ----
printf 'First Name,Last Name,Email,Lead Status,Email Opt Out,Phase\nAna,Lopez,ana@globex.test,Qualified,1,mql\nBo,Li,bo@globex.test,Something,0,\n' >salesforce.csv
"$ripen" import salesforce.csv --preset salesforce --rules rules --db i.db --history --stage lead --owner tom --consent "fair of May" 2>/dev/null >/dev/null
has "$("$ripen" lead ana@globex.test --db i.db --format json)" '"stage":"sql"'
bo=$("$ripen" lead bo@globex.test --db i.db --format json)
has "$bo" '"stage":"lead"'
has "$bo" '"owner":"tom"'
has "$bo" 'Consent Given'
"$ripen" import salesforce.csv --preset salesforce --rules rules --db j.db --history --stage-column phase >/dev/null 2>&1
has "$("$ripen" lead ana@globex.test --db j.db --format json)" '"stage":"mql"'
for wrong in "--preset nobody" "--preset hubspot --stage nowhere" "--preset hubspot --map m.lua" "--owner tom" "--preset hubspot --stage-column nothing"; do
    # shellcheck disable=SC2086
    if "$ripen" import salesforce.csv --rules rules --db j.db $wrong >/dev/null 2>err; then fail "import took $wrong"; fi
    [ -s err ] || fail "$wrong was refused without a word"
done

# ---- The outbox: 8 rows of two actions, none of which can be delivered ----
for i in 1 2 3 4; do
    echo '{"type":"identify","messageId":"i'$i'","userId":"u'$i'","traits":{"email":"u'$i'@globex.test"}}'
    echo '{"type":"track","messageId":"t'$i'","userId":"u'$i'","event":"Demo Requested"}'
    echo '{"type":"track","messageId":"s'$i'","userId":"u'$i'","event":"Stage Set","properties":{"stage":"mql","reason":"test","author":"ana"}}'
done >events.ndjson
"$ripen" import events.ndjson --rules rules --db o.db >/dev/null 2>&1
"$ripen" outbox list --db o.db >list
narrow list
[ "$("$ripen" outbox list --db o.db --state pending --format json | grep -o '"id":' | wc -l)" = 8 ] || fail "not 8 rows: $(cat list)"
[ "$("$ripen" outbox list --db o.db --action tell --format json | grep -o '"id":' | wc -l)" = 4 ] || fail "by action"
[ "$("$ripen" outbox list --db o.db --lead u2@globex.test --format json | grep -o '"id":' | wc -l)" = 2 ] || fail "by lead"
[ "$("$ripen" outbox list --db o.db --endpoint nobody)" = "nothing there" ] || fail "by endpoint"
[ "$("$ripen" outbox list --db o.db --since 2099-01-01)" = "nothing there" ] || fail "by time"
if "$ripen" outbox list --db o.db --state lost 2>err; then fail "an unknown state"; fi
has "$(cat err)" "pending, leased, delivered"
id=$("$ripen" outbox list --db o.db --limit 1 --format json | sed 's/.*"id":\([0-9]*\).*/\1/')
"$ripen" outbox show "$id" --db o.db >shown
narrow shown
has "$(cat shown)" '"email":"u4@globex.test"'
has "$("$ripen" outbox show "$id" --db o.db --format json)" '"failures":[]'
if "$ripen" outbox show 999 --db o.db 2>err; then fail "a row that is not there"; fi
if "$ripen" outbox list --db o.db --since 'two days' 2>err; then fail "a time that is none"; fi
[ "$(wc -l <err)" = 1 ] || fail "told twice: $(cat err)"
[ "$("$ripen" outbox list --db o.db --since 2d)" = "$("$ripen" outbox list --db o.db)" ] || fail "since two days ago"
if "$ripen" outbox cancel --db o.db 2>err; then fail "all were cancelled at a slip"; fi
has "$(cat err)" "say which"
has "$("$ripen" outbox cancel --action tell_stage --db o.db)" "4 rows would be cancelled; --act does it"
[ "$("$ripen" outbox list --db o.db --state cancelled)" = "nothing there" ] || fail "a preview cancelled"
has "$("$ripen" outbox cancel --action tell_stage --db o.db --act --author ana)" "4 rows: cancelled"
has "$("$ripen" outbox cancel "$("$ripen" outbox list --db o.db --state pending --limit 1 --format json | sed 's/.*"id":\([0-9]*\).*/\1/')" --db o.db --format json)" '{"verb":"cancel","rows":1,"done":true}'
[ "$("$ripen" outbox list --db o.db --state cancelled --format json | grep -o '"id":' | wc -l)" = 5 ] || fail "not 5 cancelled"
if "$ripen" outbox endpoints --db o.db 2>err; then fail "endpoints without a server"; fi
has "$(cat err)" "no server runs"

# ---- Pauses: without a server, beside one, over HTTP ----
has "$("$ripen" pause email --db o.db --reason "wrong footer" --author ana)" "from the next start on"
has "$("$ripen" status --db o.db)" "PAUSED: kind:email, by ana since"
has "$("$ripen" status --db o.db)" "B  of database"
case $("$ripen" status --db o.db) in *"timers wait"*) fail "a file tells what only a server knows" ;; esac
if "$ripen" pause everything --db o.db 2>err; then fail "an unknown thing was paused"; fi
has "$(cat err)" "endpoint:NAME"
"$ripen" pause endpoint:crm --db o.db >/dev/null
"$ripen" serve rules --db o.db --config ripen.lua --listen 127.0.0.1:0 >out 2>log &
server=$!
for _ in $(seq 100); do grep -q listening out && break; sleep 0.1; done
address=$(sed -n 's/.*listening on //p' out)
has "$("$ripen" outbox endpoints --db o.db)" "crm (webhook): closed"
has "$(curl -s -d '{"scope":"deliveries","reason":"by HTTP","author":"web"}' "$address/api/corrections/pause")" '"scope":"deliveries","reason":"by HTTP"'
has "$("$ripen" status --db o.db)" "PAUSED: deliveries, by web since"
has "$(curl -s "$address/metrics")" "ripen_deliveries_paused 3"
[ "$(curl -s -o body -w '%{http_code}' -d '{"scope":"nothing"}' "$address/api/corrections/pause")" = 422 ] || fail "$(cat body)"
[ "$("$ripen" outbox list --db o.db --state pending --format json | grep -o '"attempts":0' | wc -l)" = 3 ] || fail "an attempt in a pause"
"$ripen" resume deliveries --db o.db >/dev/null
"$ripen" resume endpoint:crm --db o.db >/dev/null
for _ in $(seq 100); do "$ripen" outbox list --db o.db | grep -q "attempt" && break; sleep 0.1; done
has "$("$ripen" outbox list --db o.db)" "did not answer"
if "$ripen" resume deliveries --db o.db 2>err; then fail "resumed what was not paused"; fi
has "$(cat err)" "is not paused"
echo ok
