#!/bin/sh
# ripen learn as a program: from a CSV file and from the database; leaks, the same bytes twice, rules
# that pass `check` and run as a challenger. The public data sets' bars where they are at hand.
. "$(dirname "$0")/../support/kit.sh"
data=${RIPEN_DATA:-$root/../shared/data}/leads

at_least() { # WHAT BOUND GOT
    checks=$((checks + 1))
    awk -v got="$3" -v bound="$2" 'BEGIN { exit !(got + 0 >= bound + 0) }' && return 0
    fail "$1 is $3, expected at least $2"
}
at_most() { # WHAT BOUND GOT
    checks=$((checks + 1))
    awk -v got="$3" -v bound="$2" 'BEGIN { exit !(got + 0 <= bound + 0) }' && return 0
    fail "$1 is $3, expected at most $2"
}

# ---- A table whose truth is known: size and role tell, weather does not, notes were written later.
awk 'function chance() { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648 }
BEGIN {
    seed = 7
    print "lead,size,role,weather,price_views,note,reference,won"
    split("student,clerk,Manager,director,Director", roles, ",")
    for (i = 1; i <= 3000; i++) {
        size = int(chance() * 500); r = int(chance() * 5) + 1; views = int(chance() * 6)
        z = -2.4 + (size > 200) * 1.2 + (r - 2) * 0.5 + (views == 0 ? -0.8 : views * 0.2)
        won = chance() < 1 / (1 + exp(-z))
        note = won ? (chance() < 0.9 ? "happy" : "") : (chance() < 0.9 ? "sour" : "")
        printf "L%d,%s,%s,w%d,%d,%s,%s,%s\n", i, chance() < 0.15 ? "" : size, roles[r], int(chance() * 3), views,
            note, "R" i * 7, won ? "yes" : "no"
    }
}' >leads.csv
run 0 learn --from leads.csv --target won --id lead -o own.lua
said "$out" '3000 leads'
said "$out" 'left out: note tells too much'
said "$out" 'left out: reference has too many'
said own.lua '^fit "learned_size"'
said own.lua '^fit "learned_role"'
said own.lua '-- [0-9,]+ leads, [0-9,]+ converted: [0-9.]+ % \([0-9.]+ to [0-9.]+\), lift'
same "what says nothing is no rule" 0 "$(grep -c '^fit "learned_weather"' own.lua)"
same "Director and director are one" 1 "$(grep -ci '"director"' own.lua)"
run 0 learn --from leads.csv --target won --id lead --output again.lua --format json
holds "the same data give the same bytes" cmp -s own.lua again.lua
at_least "AUC in folds" 0.7 "$(value "$out" auc)"
at_most "lines" 32 "$(value "$out" lines)"
awk -F, '{ print $0 "," (NR == 1 ? "decided" : sprintf("2026-%02d-%02d", 1 + NR % 10, 1 + NR % 28)) }' leads.csv >timed.csv
run 0 learn --from timed.csv --target won --id lead --time decided --capacity 10 --value 100 --cost 40 -o asked.lua
said "$out" '^within the capacity: from -?[0-9]+ points on, [0-9,]+ leads \([0-9.]+ a week\), of whom [0-9.]+ % convert'
at_most "leads a week" 10 "$(sed -n 's/^within.*(\([0-9.]*\) a week.*/\1/p' "$out")"
said asked.lua '^-- most left of value and cost: from -?[0-9]+ points on, [0-9,]+ leads \([0-9.]+ a week\), of whom [0-9.]+ % convert'
run 2 learn --from leads.csv --target won --capacity 10
said "$err" 'say with --time which column'
run 0 learn --from timed.csv --target won --id lead --time decided --capacity 0.1 --monotone -o asked.lua
said "$out" 'no number of points brings the leads down to the capacity'
run 2 learn --from leads.csv --target won --capacity lots
said "$err" '--capacity is "lots": give a number, 0 or more'
run 0 learn --from leads.csv --target won --allow note -o with.lua
said "$out" 'allowed: note'
said with.lua '^fit "learned_note"'
run 0 learn --from leads.csv --target won --exclude size,note
said "$out" '^fit "learned_role"'
same "an excluded column is no rule" 0 "$(grep -c '^fit "learned_size"' "$out")"

# ---- The file is a rule file like any other, and a challenger.
mkdir -p rules/learned && cp own.lua rules/learned/
cat >rules/rules.lua <<'RULES'
dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "looked" { why = "Looked at prices", on = "page", points = 1 }
stages { "visitor", "lead", "sql" }
stage "lead" { enter = known() }
stage "sql" { enter = did "Meeting Booked", terminal = true }
model "champion" { }
model "learned" { like = "champion", files = "learned/" }
experiment "learned" { mode = "shadow", arms = { { "champion", 50 }, { "learned", 50 } },
  success = { reached = "sql", within = "60d" } }
RULES
run 0 check --strict rules

# What the file says of trying it holds: those lines make an experiment that starts.
sed '/^model/,$d' rules/rules.lua >declared.lua
sed -n '/^-- To try it/,/^$/p' own.lua | sed -n '2,$s/^-- *//p' >>declared.lua
cp declared.lua rules/rules.lua
run 0 check --strict rules
echo '{"type":"identify","userId":"u","messageId":"m","timestamp":"2026-01-01T09:00:00Z"}' >one.ndjson
run 0 import one.ndjson --db one.db --rules rules
run 0 experiment start learned --db one.db
# From so many points on: fewer points, more leads, no number twice.
same "the table of points" 1 "$(sed -n '/^-- Best leads/,/^-- Said/s/^-- *\(-*[0-9]*\) points *\([0-9,]*\) leads .*/\1 \2/p' own.lua | tr -d , |
    awk 'NR > 1 && ($1 >= points || $2 <= leads) { bad = 1 } { points = $1; leads = $2 } END { print (NR > 1 && !bad) }')"

# ---- What cannot be done is told.
run 2 learn --from leads.csv --target bought
said "$err" 'no such column'
run 2 learn --from leads.csv --target role
said "$err" 'say with --is'
run 2 learn --from leads.csv --target won --exclude nothing
said "$err" 'no column'
head -n 150 leads.csv >few.csv
run 2 learn --from few.csv --target won
said "$err" 'needs at least 100'
cut -d, -f6,8 leads.csv >leak.csv
run 2 learn --from leak.csv --target won
said "$err" 'looks like a leak: note tells too much'
run 2 learn --from leads.csv
said "$err" '--target'
run 2 learn --from leads.csv --target won --format json
said "$err" 'say where they go'
wide() { awk -v n="$1" 'BEGIN { for (row = 0; row < 3; row++) for (i = 1; i <= n; i++) printf "%s%s", row ? i % 2 : "c" i, i < n ? "," : "\n" }'; }
wide 400 >wide.csv
run 2 learn --from wide.csv --target c1
said "$err" 'needs at least 100'
wide 401 >wide.csv
run 2 learn --from wide.csv --target c1
said "$err" '401 columns; at most 400'
run 2 learn --from leads.csv --target won --exclude "$(wide 64 | head -n 1)"
said "$err" '"c1", which is no column'
run 2 learn --from leads.csv --target won --exclude "$(wide 65 | head -n 1)"
said "$err" 'more than 64 columns'
for last in abc 0 100 -5; do
    run 2 learn --from leads.csv --target won --last $last
    said "$err" '--last is ".*above 0 and below 100'
done
run 2 learn --db one.db --within 0d
said "$err" '--within is "0d"'
run 2 learn --db one.db --at never
same "lines that tell it" 1 "$(wc -l <"$err" | tr -d ' ')"
printf 'a,b\n1,yes\n2\n' >torn.csv
run 2 learn --from torn.csv --target b
said "$err" 'line 3 has 1 cells'
printf 'a,b\n1,yes\ncaf\351,no\n' >latin.csv
run 2 learn --from latin.csv --target b
said "$err" 'line 3 is not UTF-8'
run 2 learn --db nowhere.db -o x.lua
run 2 learn --from leads.csv --target won -o no/such/place.lua
said "$err" 'cannot be written'

# ---- Public data sets, and a history with a known truth and planted traps.
bar() { # NAME FILE BOUND ARGUMENT…
    name=$1 file=$2 bound=$3
    shift 3
    [ -r "$file" ] || { echo "skipped: there is no $file"; return 0; }
    run 0 learn --from "$file" "$@" -o bar.lua --format json || return
    at_least "$name: AUC in five folds" "$bound" "$(value "$out" auc)"
    at_most "$name: lines" 32 "$(value "$out" lines)"
    echo "$name: AUC $(value "$out" auc), $(value "$out" lines) lines, $(value "$out" seconds) s, $(value "$out" memory_mb) MB"
    mkdir -p barred && cp bar.lua barred/
    run 0 check barred
}
bar "bank marketing" "$data/uci-bank-marketing/bank-full.csv" 0.75 --target y --exclude duration
bar "online shoppers" "$data/uci-online-shoppers/online_shoppers_intention.csv" 0.90 --target Revenue --allow PageValues

truth=$data/ripen-synthetic-truth
if [ -r "$truth/events.csv.gz" ]; then
    for part in events leads outcomes; do gzip -dc "$truth/$part.csv.gz" >"$part.csv"; done
    awk 'function put(when, who, id, rest) {
        printf "%s {\"userId\":\"%s\",\"timestamp\":\"%s\",\"messageId\":\"%s%d\",%s}\n", when, who, when, id, FNR, rest
    }
    BEGIN { FS = "," }
    FNR == 1 { part++; next }
    part == 1 { put($1, $2, "e", "\"type\":\"track\",\"event\":\"" $3 "\"") }
    part == 2 {
        mql[$1] = $2; note[$1] = $7
        put($2, $1, "i", "\"type\":\"identify\",\"traits\":{\"source\":\"" $3 "\",\"company_size\":\"" $4 "\",\"role\":\"" $5 "\",\"country\":\"" $6 "\"}")
        put($2, $1, "m", "\"type\":\"track\",\"event\":\"Qualified\"")
    }
    part == 3 {
        if ($3 != "") put($3, $1, "s", "\"type\":\"track\",\"event\":\"Sales Took Over\"")
        if (note[$1] != "") put($3 != "" ? $3 : "2026-12-31T00:00:00Z", $1, "n", "\"type\":\"identify\",\"traits\":{\"sales_note_sentiment\":\"" note[$1] "\"}")
    }' events.csv leads.csv outcomes.csv | sort -s -k1,1 | cut -d' ' -f2- >history.ndjson
    mkdir -p history
    cat >history/rules.lua <<'RULES'
dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "looked" { why = "Looked at prices", on = "pricing_view", points = 1 }
stages { "visitor", "lead", "mql", "sql" }
stage "lead" { enter = known() }
stage "mql" { enter = did "Qualified" }
stage "sql" { enter = did "Sales Took Over", terminal = true }
RULES
    run 0 import history.ndjson --db history.db --rules history
    run 0 learn --db history.db --at 2026-11-01T00:00:00Z --last 30 -o truth.lua
    said "$out" '^4926 leads, 1269 converted \(25.8 %\), 1074 left out' # not the 28.4 % of those settled early
    said "$out" 'left out: sales_note_sentiment was written after the decision'
    said "$out" 'changed: the lift of webinar'
    same "nothing else changed" 1 "$(grep -c '^changed:' "$out")"
    said truth.lua 'count = count\("demo_request", \{ within = "30d" \}\)'
    same "opens and page views carry no lift of their own" 0 "$(grep -cE '^fit "learned_(email_open|page_view)' truth.lua)"
    cp truth.lua before.lua
    run 0 import history.ndjson --db again.db --rules history
    run 0 learn --db again.db --at 2026-11-01T00:00:00Z --last 30 --outcome sql --decision mql --within 60d -o truth.lua --format json
    holds "the same history gives the same bytes" cmp -s truth.lua before.lua
    at_least "synthetic truth: AUC on the newest leads" 0.76 "$(value "$out" auc_newest)"
    at_most "synthetic truth: lines" 32 "$(value "$out" lines)"
    echo "synthetic truth: AUC $(value "$out" auc_newest) on the newest, $(value "$out" lines) lines, $(value "$out" seconds) s, $(value "$out" memory_mb) MB"
    run 2 learn --db history.db --outcome won -o x.lua
    said "$err" 'no stage "won"'
else
    echo "skipped: there is no $truth (set RIPEN_DATA to the folder of the data sets)"
fi
finish
