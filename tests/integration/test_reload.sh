#!/bin/sh
# Rules and configuration change while the server runs: what editors, version control and people do to
# the files, each with exactly one new generation and never a half of one; guards, broken edits, signals,
# roll-back, and what a start makes of all that.
. "$(dirname "$0")/../support/kit.sh"
mkdir rules
rule() { # NAME POINTS
    printf 'score "%s" { why = "Did %s", on = "%s", points = %s }\n' "$1" "$1" "$1" "$2"
}
base() { # POINTS: the whole file
    echo 'dimension "engagement" { range = { 0, 1000 }, decay = "none" }'
    rule one "$1" && rule two 2 && rule three 3 && rule four 4 && rule five 5
    echo 'stages { "visitor", "lead", "mql" }'
    echo 'stage "lead" { enter = known() }'
    echo 'stage "mql" { from = "lead", enter = at_least { engagement = 100 }, terminal = true }'
}
metric() { # NAME
    ask "$url/metrics" >/dev/null && sed -n "s/^$1 //p" body
}
number() { metric 'ripen_rules_generation_info{.*' >/dev/null; sed -n 's/^ripen_rules_generation_info{number="\([0-9]*\)".*/\1/p' body; }
rows() { sqlite3 "$db" 'SELECT count(*) FROM generations'; }
result() { sqlite3 "$db" "SELECT result FROM generations WHERE number = $1"; }
source_of() { sqlite3 "$db" "SELECT CAST(sources AS TEXT) FROM generations WHERE number = $1"; }
in_force() { [ "$(number)" = "$1" ]; }
settled() { ask "$url/metrics" >/dev/null; sleep 0.35; } # longer than the debounce and a load
one_more() { # WHAT POINTS: since `before` rows there is exactly one generation more, in force, whole
    holds "$1: in force" wait_until 6 in_force $((before + 1))
    settled
    same "$1: generations" $((before + 1)) "$(rows)"
    same "$1: all is in it" 1 "$(source_of $((before + 1)) | grep -c "\"one\", points = $2 }")"
    before=$(rows)
}
score() { # EVENT ID: sends it and prints what it gave
    ask -u k: -H 'Content-Type: application/json' "$url/v1/track" \
        -d "{\"userId\":\"$2\",\"messageId\":\"$2-$(date +%s%N)\",\"event\":\"$1\"}" >/dev/null
    ask "$url/api/leads/$2" >/dev/null && value body scores.engagement
}

# ---- Editors, one server after the other's edits
base 10 >rules/a.lua
db=t.db
serve rules --db t.db --no-deliver
before=$(rows)
same "the first generation" 1 "$before"
same "points before" 10 "$(score one ana)"

sed -i 's/"one", points = 10/"one", points = 11/' rules/a.lua
one_more "sed -i" 11
same "points after, of both events" 22 "$(score one ana)"
said serve.err 'about_to=activate .*effect="'
base 12 >rules/a.lua
one_more "a write in place" 12
for copy in no yes; do # by renaming, and in place
    points=$((before + 10))
    if command -v vim >/dev/null; then
        vim -es -u NONE -i NONE -c "set nobackup writebackup backupcopy=$copy" \
            -c "%s/\"one\", points = [0-9]*/\"one\", points = $points/" -c wq rules/a.lua </dev/null
    else # what it does: a probe, the old file aside, the new one written, the old one gone
        : >rules/4913 && rm rules/4913
        mv rules/a.lua rules/a.lua~ && base "$points" >rules/a.lua && rm rules/a.lua~
    fi
    one_more "vim with backupcopy=$copy" "$points"
done
base 30 >rules/a.lua.tmp && mv rules/a.lua.tmp rules/a.lua
one_more "a file renamed over the old one" 30
{
    base 31 | while IFS= read -r line; do # each prefix of it is valid
        printf '%s\n' "$line"
        sleep 0.12
    done
} >rules/a.lua
one_more "a slow write of over a second" 31
{
    base 32 | head -n 4
    sleep 0.9 # longer than the debounce: the file is open all the while
    base 32 | tail -n +5
} >rules/a.lua
one_more "a write that pauses half-way" 32
mkdir rules/more && rule six 6 >rules/more/six.lua
one_more "a new folder" 32
rule six 7 >rules/more/six.lua
one_more "a file in the new folder" 32
touch rules/a.lua && echo '-- notes' >rules/README && : >rules/.a.lua.swp
settled
same "a touch and files that are none are no edit" "$before" "$(rows)"
edit=$(metric ripen_reload_edit_to_effect_seconds)
pause=$(metric ripen_reload_swap_max_seconds)
echo "edit to effect ${edit}s, longest pause of the writer ${pause}s"
holds "edit to effect within a second" awk "BEGIN { exit !($edit < 1) }"

# ---- Errors and guards
cp rules/a.lua good
echo 'score "broken" {' >>rules/a.lua
refused() { [ "$(result $((before + 1)))" = refused ]; }
holds "a broken edit is kept as refused" wait_until 6 refused
same "the old rules go on" "$before" "$(number)"
same "and score" 32 "$(score one bob)"
said serve.err 'a.lua:[0-9]+.*error'
same "POST /api/reload says it" 422 "$(ask -X POST "$url/api/reload")"
said body '"result":"refused"'
said body '"findings":\[\{"code":"E'
run 0 rules list --db t.db
said "$out" "^ +[0-9]+  refused " && said "$out" "^        1 error in the rules; the first: "
same "widest line" "" "$(awk 'length > 80' "$out")"
run 0 status --db t.db
said "$out" "the last edit, generation $((before + 1)), was refused"
cp good rules/a.lua
settled
same "taken back: what was in force" "$before" "$(number)"
same "nothing new" $((before + 1)) "$(rows)"

head -n 3 good >rules/a.lua # valid, and most rules are gone
tail -n 3 good >>rules/a.lua
held() { [ "$(result $((before + 2)))" = held ]; }
holds "an edit that drops rules is held" wait_until 6 held
same "held over HTTP" 409 "$(ask -X POST "$url/api/reload")"
said body 'would go away'
run 1 rules activate $((before + 2)) --db t.db
said "$err" "force"
run 0 rules activate $((before + 2)) --force --author ana --db t.db
said "$out" "generation $((before + 2)) is in force"
same "by hand" $((before + 2)) "$(number)"
run 0 rules rollback --db t.db
same "and back" "$before" "$(number)"
run 1 rules activate 99 --db t.db
said "$err" "no generation 99"
run 0 rules diff $((before + 2)) "$before" --db t.db
said "$out" '\+ score "five"'
run 0 rules diff 1 2 --db t.db
said "$out" '~ score "one": points 10 → 11'
stop

# ---- The next start: files that were superseded by hand, files with errors, files that were mended
serve rules --db t.db --no-deliver
same "a start goes on with what was in force" "$before" "$(number)"
said serve.err "goes on"
kill -HUP "$server" # a person asks for what is on disk: the guard holds it again
settled
same "held again" "$before" "$(number)"
stop
echo 'score "broken" {' >rules/a.lua
run 1 serve rules --db t.db --strict
said "$err" "not valid"
serve rules --db t.db --no-deliver
same "the last good generation" "$before" "$(number)"
said serve.err "NOT USED"
base 77 >rules/a.lua
mended() { [ "$(score one "eve$(date +%s%N)")" = 77 ]; }
holds "mended files are taken" wait_until 6 mended
base 78 >rules/a.lua && kill -HUP "$server"
hurried() { [ "$(score one "eve$(date +%s%N)")" = 78 ]; }
holds "SIGHUP" wait_until 3 hurried
stop
base 79 >rules/a.lua
: >serve.err
serve rules --db t.db --no-deliver
said serve.err "changed while no server ran.*ripen rules diff [0-9]+ active"
stop
run 2 serve nowhere --db none.db
run 1 serve rules/more --db none.db --strict

# ---- Links: a deployment by an atomic swap, and a mounted volume
mkdir -p releases/1 releases/2 volume/v1 volume/v2 mounted
base 1 >releases/1/a.lua
base 2 >releases/2/a.lua
ln -s releases/1 current
db=links.db
serve current --db links.db --no-deliver
before=1
ln -s releases/2 next && mv -T next current
one_more "an atomic swap of a link" 2
base 3 >releases/2/a.lua
one_more "a write behind the new link" 3
stop
base 1 >volume/v1/a.lua
base 2 >volume/v2/a.lua
ln -s v1 volume/..data
ln -s ../volume/..data/a.lua mounted/a.lua
db=volume.db
serve mounted --db volume.db --no-deliver
before=1
ln -s v2 volume/next && mv -T volume/next volume/..data
one_more "a mounted volume" 2
stop

# ---- Version control
if command -v git >/dev/null; then
    git init -q repository && cd repository || exit 2
    git config user.email t@t.test && git config user.name t
    mkdir rules rules/sub
    base 1 >rules/a.lua && rule six 1 >rules/sub/b.lua && rule seven 1 >rules/sub/c.lua
    git add . && git commit -q -m one
    git checkout -q -b other
    base 2 >rules/a.lua && rule six 2 >rules/sub/b.lua && rm rules/sub/c.lua && rule seven 2 >rules/d.lua
    git add -A . && git commit -q -m two && git checkout -q -
    cd ..
    db=git.db
    serve repository/rules --db git.db --no-deliver
    before=1
    git -C repository checkout -q other
    one_more "git checkout" 2
    same "all of it" 1 "$(source_of 2 | grep -c '"six", points = 2 }')"
    stop
fi

# ---- The effect guard, and the configuration
mkdir leads && base 10 >leads/a.lua
awk 'BEGIN { printf "{\"batch\":["; for (i = 0; i < 50; i++) printf "%s{\"type\":\"track\",\"userId\":\"p%d\",\"event\":\"one\"}", i ? "," : "", i; print "]}" }' >people
db=leads.db
serve leads --db leads.db --no-deliver
same "people" 200 "$(ask -u k: -H 'Content-Type: application/json' "$url/v1/batch" --data-binary @people)"
written() { [ "$(sqlite3 leads.db "SELECT count(*) FROM leads WHERE stage = 'lead'")" = 50 ]; }
holds "their states are written" wait_until 6 written
base 100 >leads/a.lua
moving() { [ "$(result 2)" = held ]; }
holds "an edit that moves everybody is held" wait_until 6 moving
run 0 rules list --db leads.db
said "$out" "50 of 50 leads would move: \+50 mql, -50 lead"
same "forced over HTTP" 200 "$(ask -X POST "$url/api/reload?force=1&author=eva")"
same "in force" 2 "$(number)"
same "its author" eva "$(sqlite3 leads.db 'SELECT author FROM generations WHERE number = 2')"
same "no stage moved by itself" 50 "$(sqlite3 leads.db "SELECT count(*) FROM leads WHERE stage = 'lead'")"
settled_in() { "$ripen" verify --db leads.db >verified && grep -q '50 leads verified, 0 differ, 0 ' verified; }
holds "all states are rebuilt" wait_until 10 settled_in
cat >leads/ripen.lua <<'TXT'
server { queue_events_max = 500 }
endpoint "crm" { url = "http://127.0.0.1:9/", allow_private = true }
TXT
noticed() { grep -q 'configuration=changed' serve.err; }
holds "another configuration is taken" wait_until 6 noticed
said serve.err 'queue_events_max: changed only by a restart'
echo 'endpoint "crm" { url = 7 }' >leads/ripen.lua
sleep 1
same "a broken configuration is refused" 422 "$(ask -X POST "$url/api/reload")"
same "the rules stay" 2 "$(number)"
stop

finish
