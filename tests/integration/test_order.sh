#!/bin/sh
# The fold does not depend on how events arrive: the sample interactions in any order, at once, one by
# one, or with the server restarted or killed in the middle, give the same profile and scores.
. "$(dirname "$0")/../support/kit.sh"
sample=$root/examples/sample-interactions.ndjson
rules=$root/rules
total=$(wc -l <"$sample" | tr -d ' ')
table() { # DB: one line a lead
    run 0 leads --db "$1" --at 2026-10-15T12:00:00Z --limit 10000 --format json || return
    "$json" rows "$out" userId email total grade scores fired | sort
}
shuffled() { # SEED
    awk -v seed="$1" 'BEGIN { srand(seed) } { printf "%.9f\t%s\n", rand(), $0 }' "$sample" | sort | cut -f 2-
}
import() { # FILE DB
    run 0 import "$1" --rules "$rules" --db "$2" --format json && same "accepted of $1" "$total" "$(value "$out" accepted)"
}
import "$sample" straight.db
table straight.db >straight
holds "leads" [ "$(wc -l <straight)" -gt 30 ]
holds "points" grep -q '|A1|' straight
tac "$sample" >reversed
shuffled 1 >one
shuffled 2 >two
for order in reversed one two; do
    holds "$order is another order" [ "$(cksum <$order)" != "$(cksum <"$sample")" ]
    import $order $order.db
    table $order.db >got
    same "$order" "$(cat straight)" "$(cat got)"
    run 0 verify --db $order.db && said "$out" ' 0 differ, 0 '
done

# In parts, with other imports between: late events meet leads that were folded before.
split -n l/3 one part.
run 0 import part.ac --rules "$rules" --db parts.db
run 0 import part.aa --rules "$rules" --db parts.db
import_rest=$(cat part.aa part.ab part.ac | wc -l)
same "lines of the parts" "$total" "$import_rest"
run 0 import part.ab --rules "$rules" --db parts.db
table parts.db >got
same "in three parts" "$(cat straight)" "$(cat got)"
run 0 verify --db parts.db && said "$out" ' 0 differ, 0 '

# Through the HTTP door: straight, and with the server stopped and killed between batches.
split -l 60 "$sample" http.
post() { # FILE: its lines as one batch
    { printf '{"batch":['; paste -sd, "$1"; printf ']}'; } >batch
    same "batch $1" 200 "$(ask -u any: -H 'Content-Type: application/json' --data-binary @batch "$url/v1/batch")"
    same "accepted of $1" "$(wc -l <"$1" | tr -d ' ')" "$(value body accepted)"
}
serve "$rules" --db through.db --no-deliver
for part in http.*; do post "$part"; done
stop
serve "$rules" --db again.db --no-deliver
n=0
for part in http.*; do
    post "$part"
    n=$((n + 1))
    case $n in
    3 | 9)
        stop
        serve "$rules" --db again.db --no-deliver
        ;;
    6)
        kill -9 "$server"
        wait "$server" 2>/dev/null
        serve "$rules" --db again.db --no-deliver
        ;;
    esac
done
holds "parts" [ "$n" -gt 9 ]
stop
table through.db >through
table again.db >again
same "with restarts" "$(cat through)" "$(cat again)"
same "over HTTP and imported" "$(cat straight)" "$(cat through)"
for db in through again; do
    sqlite3 $db.db "SELECT a.action, a.kind, a.body ->> '$.email', l.user_id FROM actions a LEFT JOIN leads l ON l.id = a.lead ORDER BY 1, 2, 3, 4" >"actions.$db" 2>"$err" || fail "actions: $(cat "$err")"
    run 0 verify --db $db.db && said "$out" ' 0 differ'
done
same "actions" "$(cat actions.through)" "$(cat actions.again)"
holds "actions" [ "$(wc -l <actions.through)" -gt 10 ]
finish
