#!/bin/sh
# The lua blocks of the written contract, where it lies beside the sources: those of the language are one
# rules directory, those of the interfaces a ripen.lua. Skipped where it does not.
. "$(dirname "$0")/../support/kit.sh"
spec=${RIPEN_DATA:-$root/../shared/data}/../spec
if [ ! -r "$spec/rules-language.md" ]; then
    echo "skipped: there is no $spec/rules-language.md (set RIPEN_DATA)"
    exit 77
fi
blocks() { # FILE DIR
    mkdir -p "$2"
    awk -v dir="$2" '
        /^```lua/ { file = sprintf("%s/%02d.lua", dir, ++n); printf "" > file; next }
        /^```/ { file = ""; next }
        file != "" { print > file }' "$1"
}
blocks "$spec/rules-language.md" rules
blocks "$spec/interfaces.md" configuration
mkdir rules/tests rules/templates rules/lists
for file in rules/*.lua; do
    ! grep -q '^test "' "$file" || mv "$file" rules/tests/
done
holds "blocks of rules" [ "$(ls rules/*.lua | wc -l)" -ge 4 ]
for list in own_domains free_mail_domains; do echo 'example.test' >"rules/lists/$list.txt"; done
echo '192.0.2.7' >rules/lists/monitors.txt
echo '2026-12-25' >rules/lists/holidays_fr.txt
printf 'path,type,topic\n/blog/payroll*,article,payroll\n' >rules/lists/content.csv
printf 'member,from,to\nlea@acme.test,2026-08-01,2026-08-15\n' >rules/lists/away.csv
for template in hello case-study three-tips; do echo 'Hello {lead.first_name|there}' >"rules/templates/$template.txt"; done
cat >rules/ripen.lua <<'TXT'
endpoint "crm" { url = "https://crm.test/in" }
endpoint "sales_channel" { url = "https://chat.test/in" }
TXT
run 0 check rules
run 0 check rules --format json && same "errors" 0 "$(value "$out" errors)"
run 0 check rules --plan && said "$out" 'Demo Requested'

# As data and as a page.
run 0 rules export rules && cp "$out" export.json && run 0 rules export rules
holds "two exports are alike" cmp -s export.json "$out"
for kind in experiment sequence calendar reasons lookup; do said export.json "\"declare\":\"$kind\""; done
run 0 rules doc rules && said "$out" 'Webinar Attended' && said "$out" 'sales are late'
run 0 rules doc rules --format html && said "$out" '</html>'

# Its test passes: its 60 days included, and the sequence that it expects to be started.
run 0 test rules && said "$out" '^1 passed, 0 failed'

# An interaction goes through them.
cat >events.ndjson <<'TXT'
{"messageId":"1","type":"identify","userId":"ana","timestamp":"2026-03-02T09:00:00Z","traits":{"email":"ana@globex.test","title":"VP Sales","effectif":500}}
{"messageId":"2","type":"page","userId":"ana","timestamp":"2026-03-02T09:01:00Z","properties":{"path":"/pricing"}}
{"messageId":"3","type":"track","userId":"ana","timestamp":"2026-03-02T09:02:00Z","event":"Form Submitted","properties":{"form":"Démo"}}
TXT
run 0 try rules events.ndjson --at 2026-03-02T09:02:00Z --format json
for wanted in fired.viewed_pricing=1 fired.asked_for_demo=1 scores.fit=45 stage=sql; do
    same "$wanted" "${wanted#*=}" "$(value "$out" "leads.0.${wanted%%=*}")"
done

# The configuration, with what it names.
echo pw >smtp
for file in configuration/*.lua; do
    sed "s|/run/secrets/smtp|$place/smtp|" "$file" >rules/ripen.lua
    export CRM_URL=https://crm.test CRM_SECRET=whsec_c2VjcmV0 SALES_CHANNEL_URL=https://chat.test HUBSPOT_SECRET=x
    run 0 check rules
done
finish
