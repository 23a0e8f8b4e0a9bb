#!/bin/sh
# What the program refuses, with what status and in which words: broken rules, databases that are not its
# own, addresses; and what a server refuses once it has keys.
. "$(dirname "$0")/../support/kit.sh"
cp -r "$root/rules" rules
cat >rules/ripen.lua <<'TXT'
endpoint "crm" { url = "http://127.0.0.1:9/", allow_private = true }
endpoint "sales_channel" { url = "http://127.0.0.1:9/", allow_private = true }
TXT
serve_refused() { # STATUS ARGUMENT…
    wanted_status=$1
    shift
    run "$wanted_status" serve --listen 127.0.0.1:0 "$@" && same "data of a refused serve" '' "$(cat "$out")"
}

# ---- Broken rules: all errors, each with its place
cp -r rules broken
echo 'score "one" { why = "x", on = "page", point = 3 }' >broken/90-one.lua
printf -- '-- A comment.\nscore "two" { why = "x", on = "page",\n  points = "three" }\n' >broken/91-two.lua
printf 'local x = 1\n\nscore "three" { why = "x", on = "page", points = 3, colour = x }\n' >broken/92-three.lua
for command in "check broken" "serve broken --db new.db --listen 127.0.0.1:0" "try broken $root/examples/sample-interactions.ndjson"; do
    run 1 $command
    cat "$out" "$err" >words
    same "errors of $command" 3 "$(grep -c ': error E' words)"
    for wanted in '90-one.lua:1:39: error E011' "did you mean 'points'\?" '91-two.lua:3:[0-9]+: error E013' '92-three.lua:3:53: error E011'; do
        said words "$wanted"
    done
    same "carets of $command" 3 "$(grep -A 2 ': error E' words | grep -c '^ *| *\^^*')"
    ! grep -q 'attempt to\|\[string' words || fail "a raw message of Lua: $(cat words)"
done
run 1 check broken --format json && same "ok" false "$(value "$out" ok)" && same "errors" 3 "$(value "$out" errors)"
for wanted in '0 90-one.lua 1 39' '1 91-two.lua 3 12' '2 92-three.lua 3 53'; do
    set -- $wanted
    same "place $1" "$2 $3 $4 error" "$(for key in file line column severity; do value "$out" "findings.$1.$key"; done | paste -sd' ')"
done
holds "a refused serve makes no database" [ ! -e new.db ]
run 2 import "$root/examples/sample-interactions.ndjson" --rules broken --db new.db && said "$err" '90-one.lua:1'
holds "a refused import makes no database" [ ! -e new.db ]
cp -r rules unfinished
printf 'score "four" { why = "x", on = "page", points = 3\n' >unfinished/93-four.lua
run 1 check unfinished && said "$out" '^unfinished/93-four.lua:[12](:[0-9]+)?: error E001'
cp -r rules lost
echo 'score "five" { why = "x", on = "page", points = 3, group = "wep" }' >lost/94-five.lua
run 1 check lost && said "$out" '94-five.lua:1:[0-9]+: error E022' && said "$out" "did you mean 'web'"
echo 'endpoint "crm" { url = "ftp://x" }' >rules/bad.config
run 1 check rules --config rules/bad.config && cat "$out" "$err" >words && said words ':1:[0-9]+: error E067'
rm rules/bad.config

# ---- Databases
echo 'This is a text and has never been a database, as anybody can read.' >text.db
sqlite3 other.db 'CREATE TABLE notes(text)'
run 0 import "$root/examples/sample-interactions.ndjson" --rules rules --db good.db
cp good.db newer.db
sqlite3 newer.db 'PRAGMA user_version = 99'
for db in text other newer; do
    case $db in
    text) words='text.db is damaged or not a database .*; restore the last backup, or name another file' ;;
    other) words='other.db is a database of another program; name another file' ;;
    newer) words='newer.db was made by a newer Ripen \(schema 99, .*\); install that version or name another file' ;;
    esac
    sum=$(cksum <$db.db)
    serve_refused 2 rules --db $db.db && said "$err" "$words"
    for command in leads verify "key list" "key create --scope ingest" "outbox list" "outbox retry 1" "lead x"; do
        run 2 $command --db $db.db && said "$err" "$words"
    done
    run 2 import "$root/examples/sample-interactions.ndjson" --rules rules --db $db.db && said "$err" "$words"
    same "$db.db" "$sum" "$(cksum <$db.db)"
done
serve_refused 2 rules --db missing/new.db && said "$err" 'missing/new.db could not be made: .*; check the folder'

# ---- Addresses
for words in 'nonsense|ADDR:PORT' '127.0.0.1:70000|from 0 to 65535' '127.0.0.1:http|from 0 to 65535' ':80|ADDR:PORT'; do
    run 2 serve rules --db a.db --listen "${words%%|*}" && said "$err" "${words#*|}"
done
run 2 serve rules --db a.db --listen 0.0.0.0:0
said "$err" '0.0.0.0 is not a loopback address and no key exists.*ripen key create --scope ingest.*--insecure'
run 2 serve rules --db a.db --listen 192.0.2.1:0 --insecure && said "$err" 'cannot listen on 192.0.2.1 .*; choose'

# ---- Beside a running server
serve rules --db good.db
port=${url##*:}
serve_refused 2 rules --db good.db && said "$err" 'good.db is in use by another `ripen serve` or `ripen import`; stop it first, or name another'
run 2 import "$root/examples/sample-interactions.ndjson" --rules rules --db good.db && said "$err" 'good.db is in use'
run 2 serve rules --db a.db --listen "127.0.0.1:$port" && said "$err" "cannot listen on 127.0.0.1 port $port: .*; stop what uses it, or choose another port"
run 0 leads --db good.db && run 0 verify --db good.db

# ---- Keys: open until the first one is made, which a running server notices
event='{"userId":"ana","event":"Demo Requested"}'
track() { # USER: status of a track call
    ask -u "$1" -H 'Content-Type: application/json' -d "$event" "$url/v1/track"
}
is_status() { # STATUS COMMAND…
    is=$1
    shift
    [ "$("$@")" = "$is" ]
}
same "any key" 200 "$(track any:)"
same "the API without keys" 200 "$(ask "$url/api/leads")"
make_key() { # ARGUMENT…
    timeout 60 "$ripen" key create --db good.db "$@" 2>"$err" || fail "key create $*: $(cat "$err")"
}
ingest=$(make_key --scope ingest)
holds "a first key closes the door within two seconds" wait_until 2 is_status 401 track any:
same "code" unknown_key "$(value body error.code)"
read=$(make_key --scope read)
public=$(make_key --scope ingest --public)
holds "a new key works within two seconds" wait_until 2 is_status 200 track "$public:"
same "ingest" 200 "$(track "$ingest:")"
same "Bearer" 200 "$(ask -H "Authorization: Bearer $ingest" -H 'Content-Type: application/json' -d "$event" "$url/v1/track")"
same "read on ingest" 403 "$(track "$read:")"
same "no key" 401 "$(ask -H 'Content-Type: application/json' -d "$event" "$url/v1/track")"
same "almost the key" 401 "$(track "${ingest%?}:")"
same "API, no key" 401 "$(ask "$url/api/leads")"
same "API, read" 200 "$(ask -H "Authorization: Bearer $read" "$url/api/leads")"
same "API, ingest" 403 "$(ask -H "Authorization: Bearer $ingest" "$url/api/leads")"
same "alive without a key" 200 "$(ask "$url/healthz")"
same "ready without a key" 200 "$(ask "$url/readyz")"
same "unreadable JSON" 400 "$(ask -u "$ingest:" -H 'Content-Type: application/json' -d '{"userId":' "$url/v1/track")"
same "an unknown encoding" 415 "$(ask -u "$ingest:" -H 'Content-Encoding: br' -d "$event" "$url/v1/track")"
head -c 3000000 /dev/zero | tr '\0' ' ' >large
same "a large body" 413 "$(ask -u "$ingest:" -H 'Content-Type: application/json' -H 'Expect:' --data-binary @large "$url/v1/batch")"
id=$("$ripen" key list --db good.db --format json | "$json" rows - prefix id | while IFS='|' read -r prefix id; do case $ingest in *"$prefix"*) echo "$id" ;; esac; done)
run 0 key revoke "$id" --db good.db
holds "a revoked key ends within two seconds" wait_until 2 is_status 401 track "$ingest:"
for id in 1 2 3; do "$ripen" key revoke $id --db good.db >"$out" 2>&1; done
holds "the others too" wait_until 2 is_status 401 track "$public:"
same "with all keys revoked the door stays closed" 401 "$(track any:)"
stop
said serve.err 'stop'
! grep -qF -e "$ingest" -e "$read" -e "$public" serve.err || fail "a key stands in the log"

# With a key, a server may listen anywhere.
serve rules --db good.db --listen 0.0.0.0:0
stop
finish
