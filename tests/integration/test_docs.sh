#!/bin/sh
# What README.md and rules/README.md show is what the program takes and prints: every lua block, and the
# commands of the first ten minutes with what they promise.
. "$(dirname "$0")/../support/kit.sh"
manual=$root/rules/README.md

blocks() { # FILE DIR: each fenced block into DIR/NN.KIND, with spaces of the kind as '-'
    mkdir -p "$2"
    awk -v dir="$2" '
        /^```/ && file == "" { kind = substr($0, 4); gsub(/ /, "-", kind); file = sprintf("%s/%02d.%s", dir, ++n, kind ? kind : "text"); printf "" > file; next }
        /^```/ { close(file); file = ""; next }
        file != "" { print > file }' "$1"
}
no_error() { # DIR WHAT: check takes it
    run 0 check "$1" || { echo "  with $2"; return 1; }
}
blocks "$manual" manual
blocks "$root/README.md" readme
for file in manual/* readme/*; do
    case ${file##*.} in
    lua | lua-base | lua-alone | lua-fragment | lua-test | lua-config | sh | json | text) checks=$((checks + 1)) ;;
    *) fail "$file: no test takes blocks of this kind" ;;
    esac
done

# ---- The reference: each block with the base, alone and then all together
base() { # DIR
    mkdir -p "$1"
    cp -r "$root/rules/lists" "$1/"
    cp manual/*.lua-base "$1/00-base.lua"
    printf 'path,type,topic\n/blog/payroll*,article,payroll\n' >"$1/lists/content.csv"
    mkdir -p "$1/templates"
    echo 'Hello {lead.first_name|there}' >"$1/templates/hello.txt"
}
same "base blocks" 1 "$(ls manual/*.lua-base | wc -l)"
base all
for file in manual/*.lua; do
    name=$(basename "$file")
    base "one-$name"
    cp "$file" "one-$name/$name"
    no_error "one-$name" "$file"
    grep -q '^stage "mql"' "$file" && [ -n "${stages:-}" ] && continue # two ways to write one stage
    ! grep -q '^stage "mql"' "$file" || stages=$file
    cp "$file" "all/$name"
done
holds "many blocks" [ "$(ls all/*.lua | wc -l)" -gt 10 ]
no_error all "all blocks together"
for file in manual/*.lua-alone manual/*.lua-fragment; do
    cp -r "$root/rules" "with-$(basename "$file")"
    cp "$file" "with-$(basename "$file")/weights.lua"
    no_error "with-$(basename "$file")" "$file as weights.lua of rules/"
done
for file in manual/*.lua-test; do
    name=$(basename "$file")
    cp -r "$root/rules" "test-$name"
    sed -n '/^score "read_comparison"/,/^}/p' "$manual" >"test-$name/90-more.lua"
    cp "$file" "test-$name/tests/manual.lua"
    run 0 test "test-$name" --run "$(sed -n 's/^test "\([^"]*\)".*/\1/p' "$file")" &&
        said "$out" '^1 passed, 0 failed'
done
same "tests of the manual" 2 "$(ls manual/*.lua-test | wc -l)"

# ---- What the program writes into the manual
sh "$root/tests/integration/write_docs.sh" "$ripen" renewed.md
same "generated parts" 2 "$(grep -c '^<!-- generated: ripen' "$manual")"
holds "the generated parts are as the program prints them (tests/integration/write_docs.sh renews)" cmp -s renewed.md "$manual"
for code in $("$ripen" help errors | sed -n 's/^\([EW][0-9]*\) .*/\1/p'); do
    run 0 help "$code" && said "$out" 'why:' && said "$out" 'do:'
done

# ---- README.md
base first
echo 'group "web" { dimension = "engagement", cap = 40, per = "7d" }' >first/05-group.lua
for file in readme/*.lua; do cp "$file" "first/10-$(basename "$file")"; done
holds "README.md shows a rule" ls first/10-*.lua >/dev/null
no_error first "the rules of README.md"
for file in readme/*.lua-config manual/*.lua-config; do
    cp "$file" first/ripen.lua
    export CRM_URL=https://crm.test/in CRM_SECRET=whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ= SMTP_PASSWORD=secret
    no_error first "$file"
    ! grep -q '^smtp' "$file" || same "a mail can go out" '' "$(grep -h W130 "$out" "$err")"
    unset CRM_URL CRM_SECRET SMTP_PASSWORD
    run 1 check first && said "$err" 'CRM_(URL|SECRET)|SMTP_PASSWORD'
done
same "configurations that are shown" 4 "$(ls readme/*.lua-config manual/*.lua-config | wc -l)"
commands=$(sed -n 's/^`\(serve check .*\)`; each has .*/\1/p' "$root/README.md")
holds "README.md lists the commands" [ "$(echo "$commands" | wc -w)" -gt 10 ]
for command in $commands; do run 0 "$command" --help && said "$out" "^ripen $command"; done
same "commands of the program" "$(echo "$commands" | tr ' ' '\n' | sort)" \
    "$("$ripen" --help | sed -n 's/^  \([a-z-]\{1,\}\) .*/\1/p' | sort)"

# Its curl line, against a server on another port; `ripen lead` reads the database that it made.
mkdir sending
cd sending || exit 2
cp -r "$root/rules" rules
serve rules --db ripen.db
grep -hA 1 '^curl' ../readme/*.sh | sed "s|http://127.0.0.1:8080|$url|" >curl.sh
holds "README.md shows a curl line" [ -s curl.sh ]
sh curl.sh >answer 2>"$err" || fail "the curl line failed"
same "answer to the curl line" '{"success":true,"accepted":1,"duplicates":0,"rejected":[]}' "$(cat answer)"
run 0 lead ana && said "$out" 'ana'
readme_block() { # PATTERN: the shell block of README.md that has such a line; its commands, one after the other
    file=$(grep -lE "$1" ../readme/*.sh)
    same "block with $1" 1 "$(echo "$file" | wc -l)"
    while IFS= read -r line; do
        line=${line%%#*}
        eval "set -- $line"
        shift
        run 0 "$@" || fail "README.md: $line"
    done <"$file"
}
price_rule=$(grep -l 'Looked at the pricing page' rules/*.lua)
sed 's/Looked at the pricing page/Looked at our prices/' "$price_rule" >edited && mv edited "$price_rule"
n=0
until "$ripen" rules list --format json 2>/dev/null | grep -q '"generation":2,"hash":"[0-9a-f]*","active":true'; do
    n=$((n + 1))
    [ $n -lt 200 ] || { fail "no second generation: $("$ripen" rules list)"; break; }
    sleep 0.1
done
readme_block '^ripen rules rollback'
readme_block '^ripen suppress'
readme_block '^ripen points'
run 1 lead ana
stop
cd ..

# ---- Ten minutes
sed -n '/^## Ten minutes/,/^## The reference/p' "$manual" >ten.md
blocks ten.md ten
engagement() { value "$out" leads.0.scores.engagement; }
a_little_less() { # VALUE WHOLE
    awk -v v="$1" -v w="$2" 'BEGIN { exit !(v < w && v > w - 0.2) }'
}
step() { # FILE…: its commands
    sed 's/^ripen /timeout 60 "$ripen" /' "$1" >commands
    . ./commands
}
cp ten/*.json ana.ndjson
set -- ten/*.sh
same "shell blocks" 3 $#
step "$1" >"$out" 2>"$err" || fail "init and check: $(cat "$err")"
said "$out" 'my-rules'
step "$2" >"$out" 2>"$err" || fail "try: $(cat "$err")"
said "$out" 'ana@globex.test'
try="try my-rules ana.ndjson --at 2026-03-02T10:00:00Z"
same "command of the walk-through" "ripen $try" "$(cat "$2")"
said ten.md 'She has 19 points of engagement'
run 0 $try --format json && holds "19 points" a_little_less "$(engagement)" 19
for rule in page_view viewed_pricing ebook; do same "$rule" 1 "$(value "$out" leads.0.fired.$rule)"; done
cp ten/*.lua-alone my-rules/weights.lua
said ten.md 'Run `try` again: 26\.'
run 0 $try --format json && holds "26 points" a_little_less "$(engagement)" 26
run 0 $try && said "$out" 'ebook .*gave 15$'
cat ten/*.lua >>my-rules/30-engagement.lua
cat >>ana.ndjson <<'TXT'
{"messageId":"4","type":"page","userId":"ana","timestamp":"2026-03-02T09:06:00Z","properties":{"path":"/offers/compare-all"}}
TXT
run 0 $try --format json && same "read_comparison" 1 "$(value "$out" leads.0.fired.read_comparison)"
cp ten/*.lua-test my-rules/tests/mine.lua
step "$3" >"$out" 2>"$err" || fail "test: $(cat "$out" "$err")"
said "$out" '^1 passed, 0 failed'
said ten.md 'two of them fail now'
run 1 test my-rules && said "$out" ', 2 failed$'
grep '^| `tests/.*between' ten.md >corrections # | `FILE` | `OLD` | `NEW` |
same "corrections" 2 "$(wc -l <corrections)"
while IFS='`' read -r _ file _ old _ new _; do
    same "line of $file" 1 "$(grep -cF "$old" "my-rules/$file")"
    sed "s/$old/$new/" "my-rules/$file" >corrected && cp corrected "my-rules/$file"
done <corrections
run 0 test my-rules && said "$out" ', 0 failed$'
run 0 rules doc my-rules --format html && said "$out" 'Read the comparison of offers'
sed 's/points = 6,/point = 6,/' my-rules/30-engagement.lua >broken && cp broken my-rules/30-engagement.lua
run 1 check my-rules
line=$(grep -n 'point = 6' my-rules/30-engagement.lua | cut -d: -f1)
said "$out" "^(.*/)?30-engagement.lua:$line:[0-9]+: error"
said "$out" '\^\^\^\^\^'
said "$out" "did you mean 'points'\?"
sed 's/point = 6,/points = 6,/' broken >my-rules/30-engagement.lua
serve my-rules --db ripen.db --no-deliver
{ printf '{"batch":['; paste -sd, ana.ndjson; printf ']}'; } >batch
same "batch" 200 "$(ask -u any: -H 'Content-Type: application/json' --data-binary @batch "$url/v1/batch")"
run 0 explain ana@globex.test && said "$out" 'read_comparison'
run 1 why-not ana@globex.test mql && same "lines of why-not" 1 "$(wc -l <"$out")"
stop
finish
