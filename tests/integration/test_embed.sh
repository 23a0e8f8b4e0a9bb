#!/bin/sh
# examples/embed.c, run with the starter rules: it ingests, explains and finds an action to deliver.
set -eu
out=$("$1" rules)
expect() {
    printf '%s\n' "$out" | grep -q -- "$1" || {
        printf 'missing: %s\nin:\n%s\n' "$1" "$out"
        exit 1
    }
}
expect '^event 1: {"success":true,"accepted":1,"duplicates":0,"rejected":\[\]}'
expect '^event 3: {"success":true,"accepted":1'
expect '^lead: {.*"userId":"ana"'
expect '"stage":"sql"'
expect '^explanation: {.*"rule":"asked_for_demo"'
expect '^action webhook to crm (act_'
expect 'ana@globex.test'
if "$1" /nonexistent >/dev/null 2>&1; then
    echo "rules that are not there were taken"
    exit 1
fi
