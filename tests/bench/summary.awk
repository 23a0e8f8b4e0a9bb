# The figures of run.sh beside the floors and goals.
function field(name,   i, t) { for (i = 1; i <= NF; i++) if (index($i, name "=") == 1) { t = substr($i, length(name) + 2); return t + 0 } return "" }
function median(list, n,   i, j, x, v) {
    for (i = 1; i <= n; i++) { x = list[i]; for (j = i - 1; j > 0 && v[j] > x; j--) v[j + 1] = v[j]; v[j + 1] = x }
    return n == 0 ? 0 : n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function row(goal, what, value, floor, aim, less,   word) {
    if (value == "") return
    word = less ? (value <= aim ? "goal" : value <= floor ? "floor" : "BELOW FLOOR") : (value >= aim ? "goal" : value >= floor ? "floor" : "BELOW FLOOR")
    printf "%-4s %-62s %10.2f %10s %10s  %s\n", goal, what, value, floor, aim, word
}
/^ratios ripen \/ peer/ { part = "peer"; next }
/^ratios ripen \/ ceiling/ { part = "ceiling"; next }
part == "peer" && NF >= 7 { single[$1] = $2; batch[$1] = $3 }
part == "ceiling" && /b=32/ { r2 = $NF }
part == "ceiling" && /b=400/ { r1 = $NF }
part == "ceiling" && /p50 and p99/ { p50 = $(NF - 2); p99 = $NF }
/^fdatasync +overwrite +-/ { sync = $4 }
/^alone / { alone50[++na] = field("p50"); alone99[na] = field("p99") }
/ns\/ev/ { match($0, /ns\/ev=? *[0-9]+/); x = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", x); if (x > 0) lua[++nl] = 1e9 / x }
/^replay / { rep[++nr] = field("ev/s") }
/^goal 9/ { two[++n2] = substr($0, index($0, "=") + 1) + 0 }
/^rules=20 / { d20[++n20] = field("ns/event") }
/^rules=1000 / { d1k[++n1k] = field("ns/event") }
/^rules=10000 / { d10k[++n10k] = field("ns/event") }
/^memory / { rss = field("rss_10k_mb"); lead = field("bytes_a_further_lead") }
/^deliver / { ratio14 = field("ratio") }
/^size / { bytes = field("bytes_an_event") }
END {
    printf "\n%-4s %-62s %10s %10s %10s\n", "#", "measure", "here", "floor", "goal"
    row(1, "batches over HTTP, events/s / raw SQLite (groups of 400)", r1, 0.6, 1.3)
    row(2, "single events over HTTP, events/s / raw SQLite (groups of 32)", r2, 0.5, 0.75)
    if (na && sync) {
        row(3, "single event, one after the other, p50 / fdatasync p50", median(alone50, na) / sync, 12, 6, 1)
        row(3, "single event, one after the other, p99 / fdatasync p50", median(alone99, na) / sync, 60, 25, 1)
    }
    row(3, "single event, 64 under way, p50 / fdatasync p50", p50, 12, 6, 1)
    row(3, "single event, 64 under way, p99 / fdatasync p50", p99, 60, 25, 1)
    row(4, "single / fastify with plain JavaScript", single["fastify-plain"], 10, 20)
    row(4, "batch / fastify with plain JavaScript", batch["fastify-plain"], 3, 6)
    row(5, "batch / json-rules-engine", batch["fastify-jre"], 20, 50)
    row(5, "batch / GoRules zen", batch["fastify-zen"], 8, 20)
    row(6, "single / Redis FUNCTION, always", single["redis-always"], 1.5, 2.5)
    row(6, "batch / Redis FUNCTION, always", batch["redis-always"], 3, 7)
    row(7, "single / PostgreSQL, 64 clients", single["pg"], 5, 10)
    row(7, "batch / PostgreSQL", batch["pg"], 6, 15)
    if (nl && nr) row(8, "replay from the file, one thread / bare Lua on ready objects", median(rep, nr) / median(lua, nl), 0.6, 1.0)
    if (n2) row(9, "replay on two threads / one", median(two, n2), 1.5, 1.8)
    if (n20) {
        row(10, "decision core, 1,000 rules / 20 rules", median(d1k, n1k) / median(d20, n20), 1.5, 1.1, 1)
        row(10, "decision core, 10,000 rules / 20 rules", median(d10k, n10k) / median(d20, n20), 3, 1.5, 1)
    }
    row(12, "bytes on disk for a 417-byte event", bytes, 500, 250, 1)
    row(12, "RSS with 10,000 leads, MB", rss, 100, 40, 1)
    row(12, "RSS a further lead, bytes", lead, 300, 120, 1)
    row(14, "webhooks/s with one dead endpoint / without", ratio14, 0.9, 0.99)
}
