#!/bin/sh
# What comes out of the one table of the language: help, files for editors, exports, pages, and the tables
# of commands as a man page and completion.
. "$(dirname "$0")/../support/kit.sh"

# ---- Help
run 0 help && said "$out" '^  rules '
run 0 help rules && said "$out" '^  score ' && said "$out" '^  glob '
run 0 help rules score && said "$out" 'once_per' && said "$out" 'Example:'
run 2 help rules skore && said "$err" "did you mean 'score'"
run 2 help rules 'no such thing' && said "$err" 'ripen help rules'
run 0 help errors && said "$out" '^W101'
run 0 help E012 && said "$out" 'why:'
run 0 help e012 && said "$out" '^E012 '
run 2 help E999
run 0 help check && said "$out" '^ripen check'
run 0 help rules --format json
run 2 help rules --format xml && said "$err" 'json-schema'
run 2 help errors --format man
run 0 rules --help && said "$out" 'ripen rules export'
run 2 rules && said "$err" 'usage'
run 2 rules exprot && said "$err" 'exprot'
run 2 rules export "$root/rules" --format yaml
run 2 rules doc "$root/rules" --format pdf
helps() { # every text of help that there is
    "$ripen" help && "$ripen" help rules && "$ripen" help errors
    for name in $("$ripen" help rules | sed -n 's/^  \([a-z_]*\) .*/\1/p'); do "$ripen" help rules "$name"; done
    for name in $("$ripen" help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do "$ripen" "$name" --help; done
    for name in rules report experiment; do
        for verb in $("$ripen" "$name" --help | sed -n "s/^  ripen $name \\([a-z]*\\).*/\\1/p"); do "$ripen" "$name" "$verb" --help; done
    done
}
helps >helps.txt 2>&1
holds "they are many" test "$(wc -l <helps.txt)" -gt 2000
same "lines beyond column 80" '' "$(LC_ALL=C.UTF-8 grep -E '^.{81}' helps.txt)"
mkdir bad && echo 'score "x" { point = 1 }' >bad/10.lua
run 1 rules export bad && said "$err" 'did you mean'
run 1 rules doc bad

# ---- Files for editors
run 0 init rules
for file in .ripen/ripen.d.lua .luarc.json .luacheckrc; do
    holds "init writes $file" test -s "rules/$file"
done
rm rules/.luarc.json
echo old >>rules/.ripen/ripen.d.lua
cp rules/.ripen/ripen.d.lua before
echo '-- my own' >rules/.luacheckrc
run 0 check rules && holds "check writes nothing by itself" cmp -s before rules/.ripen/ripen.d.lua
run 0 check rules --write-types && said "$err" 'luacheckrc.*stays'
holds "Ripen's own are written anew" sh -c '! cmp -s before rules/.ripen/ripen.d.lua && test -s rules/.luarc.json'
same "somebody's own stays" '-- my own' "$(cat rules/.luacheckrc)"
rm rules/.luacheckrc
run 0 check rules --write-types
run 0 check rules # they are no rule files
for luac in luac5.4 luac; do ! command -v $luac >/dev/null || break; done
holds "luac reads the types" $luac -p rules/.ripen/ripen.d.lua
holds "luac reads the settings of luacheck" $luac -p rules/.luacheckrc
holds "settings of the editor" grep -q '"runtime.version": "Lua 5.4"' rules/.luarc.json
holds "they are JSON" python3 -m json.tool rules/.luarc.json /dev/null
if command -v luacheck >/dev/null; then
    cp -r "$root/examples" examples
    cp rules/.luacheckrc .
    luacheck --no-color rules >luacheck.txt || fail "luacheck: $(cat luacheck.txt)"
    luacheck --no-color --config .luacheckrc examples >luacheck.txt || fail "luacheck: $(cat luacheck.txt)"
    echo 'score "x" { why = "w", on = "x", points = pints }' >rules/99.lua
    holds "luacheck sees a slip" sh -c '! luacheck --quiet rules >luacheck.txt && grep -q pints luacheck.txt'
    printf 'print(1)\n' >rules/99.lua
    holds "luacheck knows what rules lack" sh -c '! luacheck --quiet rules >luacheck.txt && grep -q print luacheck.txt'
    rm rules/99.lua
else
    fail "luacheck is missing: apt-get install lua-check"
fi

# ---- The forms against one another
set -- "$root/rules" "$root/examples/b2c" "$root/examples/imports/ecom-rules"
for folder in "$root"/examples/situations/*/; do set -- "$@" "$folder"; done
for python in python3 /usr/bin/python3; do
    ! $python -c 'import jsonschema' 2>/dev/null || break
done
$python -W ignore "$root/tests/integration/lang_check.py" "$ripen" "$PWD" "$@" >forms.txt 2>&1 ||
    fail "$(tail -n 20 forms.txt)"
counted=$(sed -n "s/^\([0-9]*\) checks of .*/\1/p" forms.txt)
checks=$((checks + ${counted:-0}))

# ---- Overrides are applied, and told
cp -r "$root/rules" weighed
cat >weighed/weights.lua <<'TXT'
return { ebook = 15, ["stage:mql"] = { enter = { engagement = 55 } } }
TXT
run 0 rules export weighed
same "overrides" 'ebook 8 15' "$(value "$out" overrides.0.name) $(value "$out" overrides.0.was) $(value "$out" overrides.0.value)"
run 0 rules doc weighed && said "$out" 'engagement is at least 55' && said "$out" '\+15'

# ---- Man page and completion
run 0 help --format man && cp "$out" ripen.1
run 0 completion bash && cp "$out" completion.bash
run 2 completion fish
for command in $("$ripen" --help | sed -n 's/^  \([a-z-]\{1,\}\) .*/\1/p'); do
    run 0 "$command" --help
    holds "man page: $command" grep -qF "ripen $(echo "$command" | sed 's/-/\\-/g')" ripen.1
    for option in $(sed -n 's/^  --\([a-z-]*\).*/\1/p' "$out"); do
        [ "$option" = help ] || holds "man page: $command --$option" \
            grep -qF -- "\\-\\-$(echo "$option" | sed 's/-/\\-/g')" ripen.1
        holds "completion: $command --$option" grep -q -- "--$option" completion.bash
    done
done
complete_line() { # WORD…: what bash offers for the last of them
    bash -c '. ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ripen; echo "${COMPREPLY[@]}"' ripen "$@"
}
same "commands" 'check' "$(complete_line ripen ch)"
same "options" '--write-types' "$(complete_line ripen check --wr)"
same "choices" 'json' "$(complete_line ripen check --format j)"
same "verbs" 'export' "$(complete_line ripen rules ex)"
same "options of verbs" '--title' "$(complete_line ripen rules doc --ti)"
same "words of arguments" 'retry' "$(complete_line ripen outbox r)"
finish
