#!/bin/sh
# What hurts people in the systems that they have, each as a test of its own:
#   sh pains.sh RIPEN JSON_TOOL PAIN      (README.md lists them; in ctest each is pain_<name>)
# RIPEN_LEADS, RIPEN_EVENTS and RIPEN_SUBMITS make some of them long.
leads=${RIPEN_LEADS:-300} events=${RIPEN_EVENTS:-4000} submits=${RIPEN_SUBMITS:-40}
. "$(dirname "$0")/../support/kit.sh"
pain=${3:?which pain? README.md lists them}
now=$(date +%s)

# ---- What they share

post() { # ROUTE JSON [CURL-ARGUMENT…]: one call that has to be accepted
    route=$1 body_sent=$2
    shift 2
    same "POST $route $body_sent" 200 \
        "$(ask ${credentials--u any:} -H 'Content-Type: application/json' "$url/v1/$route" -d "$body_sent" "$@")"
}
post_all() { # FILE: its lines as batches of 500
    rm -f batch.part.*
    split -l 500 -a 4 "$1" batch.part.
    for part in batch.part.*; do
        { printf '{"batch":['; paste -sd, "$part"; printf ']}'; } >batch.json
        same "batch" 200 "$(ask -u any: -H 'Content-Type: application/json' "$url/v1/batch" --data-binary @batch.json)"
        same "accepted" "$(wc -l <"$part" | tr -d ' ')" "$(value body accepted)"
    done
}
at_once() { # FILE: each line is the body of a POST /v1/track on a connection of its own, 20 at a time
    split -l 1 -a 4 "$1" once.
    ls once.* | xargs -P 20 -I FILE curl -sS -m 30 -o /dev/null -w '%{http_code}\n' -u any: \
        -H 'Content-Type: application/json' --data-binary @FILE "$url/v1/track" >statuses
    rm -f once.*
    same "answers" "$(wc -l <"$1" | tr -d ' ') 200" "$(sort statuses | uniq -c | sed 's/^ *//')"
}
stamp() { # SECONDS: from now
    date -u -d "@$((now + $1))" +%Y-%m-%dT%H:%M:%SZ
}
lead() { # WHO: from the server, into the file lead
    same "$1 is known" 200 "$(ask "$url/api/leads/$1")" && cp body lead
}
person() { # PATH: of the lead asked for last
    value lead "$1" 2>/dev/null
}
metric() { # NAME
    ask "$url/metrics" >/dev/null && sed -n "s/^$1 //p" body
}
sql() { # DB STATEMENT
    sqlite3 -cmd '.timeout 5000' "$1" "$2"
}
verified() { # DB: all leads are the fold of their events
    run 0 verify --db "$1" && said "$out" ' 0 differ'
}
told() { # DB: who is who and what he comes to, without what is drawn anew for each file
    run 0 leads --db "$1" --at "$(stamp 3600)" --limit 10000 --format json || return
    "$json" rows "$out" userId email anonymousIds total grade scores fired stage | sort
}

# ---- The pains

# Many at once submit one form for one new person: each counts once, in the total and in every group.
parallel_submits() {
    mkdir rules
    cat >rules/all.lua <<'RULES'
dimension "engagement" { range = { 0, 100000 }, decay = "none" }
dimension "intent" { range = { 0, 100000 }, decay = "none" }
total { engagement = 1, intent = 1 }
group "forms" { dimension = "engagement", cap = 100000, per = "7d" }
group "tight" { dimension = "intent", cap = 7, per = "7d" }
score "form" { why = "Sent a form", on = "Form Submitted", points = 5, group = "forms" }
score "first" { why = "Sent the first form", on = "Form Submitted", points = 3, once = true, group = "forms" }
score "warm" { why = "Warms up", on = "Form Submitted", points = 2, dimension = "intent", group = "tight" }
score "plain" { why = "Plain", on = "Form Submitted", points = { engagement = 1, intent = 1 } }
RULES
    serve rules --db t.db --no-deliver
    for n in $(seq "$submits"); do
        printf '{"userId":"ana","anonymousId":"tab-%d","messageId":"m%d","event":"Form Submitted","context":{"traits":{"email":"ana@globex.test"}}}\n' $((n % 3)) "$n"
    done >bodies
    at_once bodies
    lead ana
    same "people" 1 "$("$ripen" leads --db t.db --format json | "$json" get - '#')"
    same "hits" "$submits 1 $submits" "$(person fired.form) $(person fired.first) $(person fired.plain)"
    same "engagement" $((submits * 6 + 3)) "$(person scores.engagement)"
    same "intent: the group's cap, and what is outside it" $((7 + submits)) "$(person scores.intent)"
    same "total" $((submits * 7 + 10)) "$(person total)"
    run 0 explain ana --db t.db --format json && holds "explained" "$json" sums "$out" >rows
    same "granted in the group" $((submits * 5 + 3)) \
        "$(sql t.db "SELECT CAST(sum(points) AS INTEGER) FROM contributions WHERE rule IN ('form', 'first')")"
    verified t.db
    stop
}

# The open of a mail counts once, whether the open, the click or both are told, and in which order.
open_and_click() {
    serve "$root/rules" --db t.db --no-deliver
    mail() { # EVENT MAIL
        post track "{\"userId\":\"ana\",\"event\":\"Email $1\",\"messageId\":\"$1-$2-$(date +%N)\",\"properties\":{\"email_id\":\"$2\"}}"
    }
    mail Opened one && mail "Link Clicked" one && mail Opened one
    lead ana
    same "open, then click" "1 1" "$(person fired.opened_mail) $(person fired.clicked_mail)"
    mail "Link Clicked" two && mail Opened two
    lead ana
    same "click, then open" "2 2" "$(person fired.opened_mail) $(person fired.clicked_mail)"
    mail "Link Clicked" three
    lead ana
    same "a click whose open nobody saw" "3 3" "$(person fired.opened_mail) $(person fired.clicked_mail)"
    mail Opened four
    lead ana
    same "an open without a click" "4 3" "$(person fired.opened_mail) $(person fired.clicked_mail)"
    same "points of the opens" "4 of 2.0" \
        "$(sql t.db "SELECT count(*) || ' of ' || points FROM contributions WHERE rule = 'opened_mail' AND points <> 0 GROUP BY points")"
    verified t.db
    stop
}

# A button that is hit twice, by a stranger, with a browser that sends one of them again: one person, one
# hand-off.
double_click() {
    serve "$root/rules" --db t.db --no-deliver
    for n in 1 2 2 1 2 1; do
        printf '{"anonymousId":"b1","messageId":"click-%d","event":"Demo Requested","context":{"traits":{"email":"bo@globex.test"}}}\n' $n
    done >bodies
    at_once bodies
    lead bo@globex.test
    same "people" 1 "$("$ripen" leads --db t.db --format json | "$json" get - '#')"
    same "events and copies" "2 4" "$(metric ripen_events_total) $(metric ripen_duplicates_total)"
    same "effect" "1 sql" "$(person fired.asked_for_demo) $(person stage)"
    same "entries" 1 "$(sql t.db "SELECT count(*) FROM stages WHERE to_stage = 'sql'")"
    same "actions" "notify task webhook" "$(sql t.db 'SELECT kind FROM actions ORDER BY kind' | paste -sd' ')"
    stop
}

# Rules are replaced while everybody waits for something: nobody restarts, nobody is lost, nobody is told
# twice. Each has a due time and a score that is about to fall for good.
rules_replaced() {
    span=$((4 + leads / 1500)) # seconds; all have to be in before the first is due
    life() { # EDIT: other points, other stages before and behind, the same life
        cat <<RULES
dimension "engagement" { range = { 0, 1000 }, decay = { expire = "${span}s" } }
score "seen" { why = "Saw a page, edit $1", on = "page", points = $((20 + $1)) }
stages { "visitor", $([ $(($1 % 2)) = 0 ] && printf '"early", ')"mql", "sal"$([ $(($1 % 3)) = 0 ] && printf ', "late_one"'); side = { "recycled" } }
stage "mql" { from = "visitor", enter = at_least { engagement = 20 },
  due = { to = "sal", within = "${span}s" },
  leave = below { engagement = 5, held = "1s" }, leave_to = "recycled" }
stage "sal" { from = "mql", enter = did "Lead Accepted", terminal = true }
stage "recycled" { terminal = true }
$([ $(($1 % 2)) = 0 ] && printf 'stage "early" { enter = did "Early" }\n')
$([ $(($1 % 3)) = 0 ] && printf 'stage "late_one" { from = "sal", enter = did "Late", terminal = true }\n')
action "begin" { on = entered "mql", notify { to = endpoint "sales", text = "{lead.email|} begins" } }
action "remind" { on = late "mql", notify { to = endpoint "sales", text = "{lead.email|} waits" } }
action "end" { on = entered "recycled", notify { to = endpoint "sales", text = "{lead.email|} went" } }
RULES
    }
    mkdir rules && life 1 >rules/all.lua
    serve rules --db t.db --no-deliver --effect-guard off
    seq "$leads" | sed 's/.*/{"type":"page","userId":"p&","messageId":"m&"}/' >bodies
    post_all bodies
    counted() { # STATEMENT NUMBER
        [ "$(sql t.db "SELECT count(*) FROM $1")" = "$2" ]
    }
    holds "all are in mid-life" counted "actions WHERE action = 'begin'" "$leads"
    for edit in 2 3 4; do
        life $edit >rules/all.lua.tmp && mv rules/all.lua.tmp rules/all.lua
        replaced() { counted "generations WHERE result IN ('active', 'superseded')" $edit; }
        holds "edit $edit" wait_until 10 replaced
    done
    holds "before anything was due" counted "stages WHERE to_stage = 'recycled'" 0
    holds "all are told" wait_until $((span + 60)) counted "actions WHERE action = 'remind'" "$leads"
    holds "all went on" wait_until $((span + 60)) counted "actions WHERE action = 'end'" "$leads"
    sleep 1
    for action in begin remind end; do
        same "$action: once each" "$leads $leads" \
            "$(sql t.db "SELECT count(*) || ' ' || count(DISTINCT lead) FROM actions WHERE action = '$action'")"
    done
    same "moves" "$((2 * leads)) $leads" "$(sql t.db "SELECT count(*) || ' ' || count(DISTINCT lead) FROM stages")"
    # Nobody's clock began anew: the due times are those of the entry under the first rules.
    same "due times from the entry" "$leads" "$(sql t.db "SELECT count(*) FROM actions AS a JOIN stages AS s
        ON s.lead = a.lead AND s.to_stage = 'mql' WHERE a.action = 'remind'
        AND abs((julianday(a.due_at) - julianday(s.at)) * 86400 - $span) < 0.002")"
    same "from the score's fall" "$leads" "$(sql t.db "SELECT count(*) FROM stages AS e JOIN stages AS s
        ON s.lead = e.lead AND s.to_stage = 'mql' WHERE e.to_stage = 'recycled'
        AND e.at_ms - s.at_ms BETWEEN $((span * 1000)) AND $((span * 1000 + 2000))")"
    stop
    verified t.db
}

# Pages, then a name, then a page that comes late, from a browser with a clock of its own: as in order.
late_page() {
    line() { # SECONDS PATH ID
        printf '{"type":"page","anonymousId":"b1","messageId":"%s","properties":{"path":"%s"},"timestamp":"%s"}\n' "$3" "$2" "$(stamp $1)"
    }
    identify() {
        printf '{"type":"identify","anonymousId":"b1","userId":"ana","messageId":"i","traits":{"email":"ana@globex.test","title":"VP Sales"},"timestamp":"%s"}\n' "$(stamp -600)"
    }
    { line -3600 /pricing a && line -3000 /customers/acme b && line -2400 /pricing c && identify; } >ordered
    run 0 import ordered --rules "$root/rules" --db ordered.db
    told ordered.db >wanted
    run 0 explain ana --db ordered.db --at "$(stamp 3600)" --format json && grep -o '"rows":.*' "$out" >why_wanted

    serve "$root/rules" --db late.db --no-deliver
    for part in "$(line -2400 /pricing c)" "$(line -3600 /pricing a)"; do post page "$part"; done
    post identify "$(identify)"
    post page "$(line -3000 /customers/acme b)"
    stop
    told late.db >got
    same "late" "$(cat wanted)" "$(cat got)"
    run 0 explain ana --db late.db --at "$(stamp 3600)" --format json && grep -o '"rows":.*' "$out" >why_got
    same "for the same reasons" "$(cat why_wanted)" "$(cat why_got)"

    # The browser's clock is two hours slow, and says so by sentAt.
    grep -v '"b"' ordered >slow
    printf '{"type":"page","anonymousId":"b1","messageId":"b","properties":{"path":"/customers/acme"},"originalTimestamp":"%s","sentAt":"%s","receivedAt":"%s"}\n' \
        "$(stamp -10200)" "$(stamp -7500)" "$(stamp -300)" >slow_page
    run 0 import slow --rules "$root/rules" --db slow.db
    run 0 import slow_page --rules "$root/rules" --db slow.db
    told slow.db >got
    same "by a slow clock" "$(cat wanted)" "$(cat got)"
    holds "points were counted" grep -q 'read_case:1' wanted
    verified late.db
    verified slow.db
}

# What an empty form field, a script or a reset browser sends as an id is nobody's name.
blocked_values() {
    serve "$root/rules" --db t.db --no-deliver
    number=0
    for word in undefined null anonymous -1 0 000-000 00000000-0000-0000-0000-000000000000 Anonymous NULL; do
        for browser in a b; do # two browsers of two people say the same word
            number=$((number + 1))
            post page "{\"anonymousId\":\"$browser-$number\",\"messageId\":\"p$number\",\"properties\":{\"path\":\"/pricing\"}}"
            post identify "{\"anonymousId\":\"$browser-$number\",\"userId\":\"$word\",\"messageId\":\"i$number\",\"traits\":{\"title\":\"VP $number\"}}"
        done
        post identify "{\"anonymousId\":\"c-$number\",\"userId\":\"user-$number\",\"messageId\":\"u$number\"}"
        post alias "{\"previousId\":\"$word\",\"userId\":\"user-$number\",\"messageId\":\"l$number\"}"
    done
    for word in null undefined; do # and as an address
        for browser in d e; do
            number=$((number + 1))
            post identify "{\"anonymousId\":\"$browser-$number\",\"messageId\":\"e$number\",\"traits\":{\"email\":\"$word\"}}"
        done
    done
    run 0 leads --db t.db --limit 1000 --format json
    same "people" 31 "$("$json" get "$out" '#')"
    same "names" 9 "$("$json" rows "$out" userId | grep -c '^user-')"
    same "no other names" 22 "$("$json" rows "$out" userId | grep -c '^null$')"
    same "each has one browser" 31 "$("$json" rows "$out" anonymousIds.# anonymousIds | grep -c '^|\[[^,]*\]$')"
    verified t.db
    stop
}

# One browser, two people, one after the other: each has what was his.
shared_browser() {
    serve "$root/rules" --db t.db --no-deliver
    run 0 key create --scope ingest --public --db t.db
    key=$(cat "$out")
    credentials="-u $key:"
    keyed() { [ "$(ask -u "$key:" -d '{}' "$url/v1/batch")" != 401 ]; }
    holds "the key is known" wait_until 5 keyed
    post page '{"anonymousId":"pc","messageId":"m1","properties":{"path":"/pricing"}}'
    post identify '{"anonymousId":"pc","userId":"anna","messageId":"m2","traits":{"email":"anna@globex.test"}}'
    post track '{"anonymousId":"pc","userId":"anna","messageId":"m3","event":"Ebook Downloaded","properties":{"title":"A"}}'
    post identify '{"anonymousId":"pc","userId":"bob","messageId":"m4","traits":{"email":"bob@globex.test"}}'
    post track '{"anonymousId":"pc","userId":"bob","messageId":"m5","event":"Webinar Attended","properties":{"webinar":"W"}}'
    post page '{"anonymousId":"pc","userId":"bob","messageId":"m6","properties":{"path":"/customers/acme"}}'
    unset credentials
    stop
    run 0 lead anna --db t.db --format json && cp "$out" lead
    same "anna" "anna@globex.test {\"page_view\":1,\"viewed_pricing\":1,\"ebook\":1,\"pricing_intent\":1}" \
        "$(person email) $(sed 's/.*"fired":\({[^}]*}\).*/\1/' lead)"
    run 0 lead bob --db t.db --format json && cp "$out" lead
    same "bob" "bob@globex.test {\"page_view\":1,\"read_case\":1,\"webinar_attended\":1}" \
        "$(person email) $(sed 's/.*"fired":\({[^}]*}\).*/\1/' lead)"
    same "nothing was joined, and it is on record" "two_user_ids" "$(sql t.db 'SELECT DISTINCT reason FROM refused_joins')"
    verified t.db
}

# A gateway fetches all links of a mail within seconds from another network: the points are taken back, as if
# it had never been; what was decided by then stays decided, and the reader's own clicks count.
robot_clicks() {
    mkdir rules
    cat >rules/all.lua <<'RULES'
dimension "engagement" { range = { 0, 1000 }, decay = "none" }
group "mail" { dimension = "engagement", cap = 20, per = "7d" }
score "clicked" { why = "Clicked", on = "Email Link Clicked", points = 4, once_per = "link_url", group = "mail" }
score "opened" { why = "Opened", on = { "Email Opened", "Email Link Clicked" }, points = 2, once_per = "email_id", group = "mail" }
stages { "visitor", "lead", "mql" }
stage "lead" { enter = known() }
stage "mql" { from = "lead", enter = at_least { engagement = 18 }, terminal = true }
RULES
    serve rules --db t.db --no-deliver
    click() { # ID LINK IP
        post track "{\"userId\":\"ana\",\"event\":\"Email Link Clicked\",\"messageId\":\"$1\",\"properties\":{\"email_id\":\"nl1\",\"link_url\":\"/l$2\"},\"context\":{\"ip\":\"$3\",\"userAgent\":\"Mozilla/5.0\"}}"
    }
    post track '{"userId":"bob","event":"Email Opened","messageId":"b1","properties":{"email_id":"nl1"}}'
    for n in 1 2 3 4 5 6; do click "robot-$n" $n 203.0.113.9; done
    lead ana
    same "points of a robot" "20 mql" "$(person scores.engagement) $(person stage)"
    for n in 1 2 3; do
        run 0 void "robot-$n" --reason "all links within seconds" --author scanner --db t.db
    done
    lead ana
    same "half of them taken back: the cap has room again" 14 "$(person scores.engagement)"
    # The others by events, the last of them before the click that it is about is known.
    for n in 4 5 6 7; do
        post track "{\"userId\":\"ana\",\"event\":\"Event Voided\",\"messageId\":\"v$n\",\"properties\":{\"messageId\":\"robot-$n\",\"reason\":\"all links within seconds\",\"author\":\"scanner\"}}"
    done
    click robot-7 7 203.0.113.9
    lead ana
    same "as if it had never been" "0 " "$(person scores.engagement) $(person fired.clicked)$(person fired.opened)"
    same "what was decided stays" mql "$(person stage)"
    click own 2 198.51.100.4
    lead ana
    same "her own click counts in full" "6 1 1" "$(person scores.engagement) $(person fired.clicked) $(person fired.opened)"
    run 0 explain ana --db t.db --format json
    same "one row for each rule" 2 "$("$json" get "$out" dimensions.engagement.rows.#)"
    lead bob
    same "others keep theirs" 2 "$(person scores.engagement)"
    verified t.db
    stop
}

# Nobody's job computes it: the score of a later day is the formula's.
closed_form() {
    mkdir rules
    cat >rules/all.lua <<'RULES'
dimension "half" { range = { 0, 1000 }, half_life = "21d" }
dimension "line" { range = { 0, 1000 }, decay = { linear = "60d" } }
dimension "ends" { range = { 0, 1000 }, decay = { expire = "25d" } }
dimension "lasts" { range = { 0, 1000 }, decay = "none" }
total { half = 1, line = 1, ends = 1, lasts = 1 }
score "seen" { why = "Saw", on = "page", points = { half = 37, line = 37, ends = 37, lasts = 37 } }
RULES
    for day in 01 08 20; do
        echo "{\"type\":\"page\",\"userId\":\"ana\",\"messageId\":\"m$day\",\"receivedAt\":\"2026-01-${day}T10:00:00Z\"}"
    done >events
    run 0 import events --rules rules --db t.db
    sqlite3 t.db 'PRAGMA wal_checkpoint(TRUNCATE)' >"$out"
    before=$(cksum <t.db)
    for day in 0 1 19 30 60 365; do
        moment=$(date -u -d "2026-01-20T10:00:00Z + $day days" +%Y-%m-%dT%H:%M:%SZ)
        run 0 lead ana --at "$moment" --db t.db --format json && cp "$out" lead
        awk -v day=$day 'function add(age) {
                half += 37 * exp(-log(2) * age / 21); line += age < 60 ? 37 * (1 - age / 60) : 0
                ends += age < 25 ? 37 : 0; lasts += 37 }
            BEGIN { add(day); add(day + 12); add(day + 19)
                printf "%.3f %.3f %.3f %.3f\n", half, line, ends, lasts }' >formula
        printf '%.3f %.3f %.3f %.3f\n' "$(person scores.half)" "$(person scores.line)" "$(person scores.ends)" \
            "$(person scores.lasts)" >score
        same "after $day days" "$(cat formula)" "$(cat score)"
    done
    same "nothing was written for it" "$before" "$(cksum <t.db)"
}

# Erasing somebody leaves no row, no line of a log and no waiting delivery with the address; the numbers stay.
erase() {
    cat >ripen.lua <<'TXT'
endpoint "crm" { url = "http://127.0.0.1:9/crm", allow_private = true }
endpoint "sales_channel" { url = "http://127.0.0.1:9/sales", allow_private = true }
TXT
    serve "$root/rules" --db t.db --config ripen.lua
    post page '{"anonymousId":"zephyrine-browser","messageId":"z1","properties":{"path":"/pricing","ref":"zephyrine@initech.test"}}'
    post identify '{"anonymousId":"zephyrine-browser","userId":"zephyrine","messageId":"z2","traits":{"email":"zephyrine@initech.test","title":"VP"}}'
    post track '{"userId":"zephyrine","event":"Demo Requested","messageId":"z3","properties":{"text":"I am Zephyrine"}}'
    post track '{"userId":"bob","event":"Demo Requested","messageId":"b1","context":{"traits":{"email":"bob@initech.test"}}}'
    run 0 note zephyrine "zephyrine called" --db t.db
    tried() { [ "$(sql t.db "SELECT count(*) FROM actions WHERE attempts > 0 AND body LIKE '%zephyrine%'")" -gt 0 ]; }
    holds "a delivery waits after an attempt" wait_until 15 tried
    counters() {
        for name in ripen_events_total ripen_stage_moves_total ripen_actions_total 'ripen_rule_hits_total{rule="asked_for_demo"}'; do
            metric "$name"
        done
        sql t.db "SELECT rule, runs, hits, granted FROM rule_counts ORDER BY rule"
    }
    holds "she is there" grep -qai zephyrine t.db t.db-wal
    sleep 1.2 # counts are written behind
    counters >before
    holds "counters of her" grep -q '^asked_for_demo|2|2|' before
    same "forgotten" 0 "$(timeout 20 "$ripen" forget zephyrine@initech.test --author dpo --db t.db >"$out" 2>"$err"; echo $?)"
    sleep 1.2
    counters >after
    same "counters" "$(cat before)" "$(cat after)"
    same "numbers without a name" "1 4 3" "$(sql t.db 'SELECT sum(leads) || " " || sum(events) || " " || sum(actions) FROM forgotten')"
    same "her queue is empty, his is not" "bob@initech.test" \
        "$(sql t.db "SELECT DISTINCT body ->> '$.email' FROM actions WHERE kind = 'webhook'")"
    for file in t.db t.db-wal t.db-shm serve.err serve.out "$out" "$err"; do
        [ ! -f "$file" ] || same "$file" 0 "$(grep -aic zephyrine "$file")"
    done
    same "unknown over HTTP" 404 "$(ask "$url/api/leads/zephyrine")"
    stop
    for file in t.db* serve.err serve.out; do same "$file at the end" 0 "$(grep -aic zephyrine "$file")"; done
    verified t.db
}

# The same events into two databases, then once more into the first: the same to the last byte.
replay_twice() {
    awk -v count="$events" 'BEGIN {
        split("/pricing /blog/a /blog/b /customers/x /compare/y /careers/z", path, " ")
        split("Demo Requested|Ebook Downloaded|Email Opened|Webinar Attended|Newsletter Subscribed|Deal Lost|Lead Rejected|Feature Used", name, "|")
        leads = count / 20 < 10000 ? count / 20 : 10000
        srand(7)
        for (i = 1; i <= count; i++) {
            lead = int(rand() * leads); at = 1767225600 + int(i * 7776000 / count)
            if (rand() < 0.05) at -= int(rand() * 864000)
            printf "{\"messageId\":\"m%d\",\"receivedAt\":%d000,\"timestamp\":%d000,", i, 1767225600 + int(i * 7776000 / count), at
            if (i % 9 == 0) printf "\"type\":\"identify\",\"anonymousId\":\"b%d\",\"userId\":\"u%d\",\"traits\":{\"email\":\"u%d@x%d.test\",\"title\":\"VP %d\"}}\n", lead, lead, lead, lead % 50, i
            else if (i % 4 == 0) printf "\"type\":\"track\",\"userId\":\"u%d\",\"event\":\"%s\",\"properties\":{\"title\":\"t%d\",\"email_id\":\"e%d\",\"webinar\":\"w%d\"}}\n", lead, name[1 + int(rand() * 8)], i % 40, i % 30, i % 20
            else printf "\"type\":\"page\",\"anonymousId\":\"b%d\",\"properties\":{\"path\":\"%s\"}}\n", lead, path[1 + int(rand() * 6)]
        }
    }' >stream
    hash() { # DB: everybody, what each hit gave, every decision and action
        {
            "$ripen" leads --db "$1" --at 2026-04-15T12:00:00Z --limit 10000 --format json |
                "$json" rows - userId anonymousIds email total grade scores fired stage | sort
            sql "$1" "CREATE TEMP TABLE who AS SELECT id, coalesce(user_id, email, profile ->> '$.anonymousIds[0]', '') AS name FROM leads;
                SELECT rule, dimension, count(*), sum(points) FROM contributions GROUP BY 1, 2 ORDER BY 1, 2;
                SELECT w.name, s.to_stage, s.because, s.at_ms FROM stages AS s JOIN who AS w ON w.id = s.lead ORDER BY 1, 4, 2;
                SELECT w.name, a.action, a.kind, a.body FROM actions AS a JOIN who AS w ON w.id = a.lead ORDER BY 1, 2, 3, 4;" |
                sed 's/ld_[a-z0-9]*/LEAD/g'
        } >"$1.told"
        sha256sum <"$1.told" | cut -c 1-16
    }
    timed() { # WORDS COMMAND…
        words=$1 begun=$(date +%s.%N)
        shift
        "$@"
        echo "$words: $(awk -v a="$begun" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f s", b - a }')"
    }
    import() { # FILE DB
        status=0
        "$ripen" import "$1" --rules "$root/rules" --db "$2" >>imported 2>&1 || status=$?
        same "import of $1 into $2" 0 "$status" || show imported
    }
    timed "$events events" import stream one.db
    timed "again" import stream two.db
    same "the same hash" "$(hash one.db)" "$(hash two.db)"
    holds "there is something to compare" [ "$(grep -c "|[ABC][1-4]|" one.db.told)" -gt 20 ]
    timed "and once more into the first" import stream one.db
    same "all of it copies" "$events" "$(sed -n "\$s/.* \([0-9]*\) duplicates.*/\1/p" imported)"
    same "nothing changed" "$(hash two.db)" "$(hash one.db)"
    checks=$((checks + 1))
    for db in one two; do
        status=0
        timed "verify" eval "\"$ripen\" verify --db $db.db >verified.$db 2>&1 || status=\$?"
        same "verify of $db" "0 1" "$status $(grep -c ' 0 differ' verified.$db)" || show verified.$db
    done
    same "one says what the other says" "$(cat verified.one)" "$(cat verified.two)"
}

# README.md names a test for each pain, and each of them is there.
list() {
    for name in $(sed -n 's/^| .* | `pain_\([a-z_]*\)`.*/\1/p' "$root/tests/pains/README.md"); do
        holds "pain_$name" grep -q "^$name() {" "$root/tests/pains/pains.sh"
        holds "pain_$name in ctest" grep -qw "$name" "$root/tests/pains/CMakeLists.txt"
    done
    grep -o '`tests/[^`]*`: `[^`]*`' "$root/tests/pains/README.md" | tr -d '`' >elsewhere
    while IFS= read -r line; do
        holds "$line" grep -qF -- "${line#*: }" "$root/${line%%: *}"
    done <elsewhere
    holds "there are many" [ "$(grep -c '^| ' "$root/tests/pains/README.md")" -gt 15 ]
}

case $pain in
parallel_submits | open_and_click | double_click | rules_replaced | late_page | blocked_values | shared_browser | \
    robot_clicks | closed_form | erase | replay_twice | list) $pain ;;
*) fail "there is no pain \"$pain\"; README.md lists them" ;;
esac
finish
