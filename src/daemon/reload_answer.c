/* SPDX-License-Identifier: MIT */
/* How a reload ended: one table from results to words and HTTP statuses, the JSON object that
 * whoever asked gets, and the lines of the log. Decides nothing. */
#include "base/json_write.h"
#include "base/log.h"
#include "daemon/reload_priv.h"

#include <stdio.h>

static const struct {
    const char *word;
    int http;
} results[] = {
    [RP_CANDIDATE_UNCHANGED] = {"unchanged", 200}, [RP_CANDIDATE_READY] = {"active", 200},
    [RP_CANDIDATE_HELD] = {"held", 409},           [RP_CANDIDATE_REFUSED] = {"refused", 422},
    [RP_CANDIDATE_UNSETTLED] = {"unsettled", 503}, [RP_CANDIDATE_FAILED] = {"failed", 503},
};

static void put_findings(struct rp_jw *jw, struct rp_str findings)
{
    static const char key[] = "\"findings\":";
    const char *at =
        findings.len > 0 ? memmem(findings.ptr, findings.len, key, sizeof(key) - 1) : NULL;

    while (findings.len > 0 && findings.ptr[findings.len - 1] == '\n') {
        findings.len--;
    }
    rp_jw_key(jw, "findings");
    if (at && findings.ptr[findings.len - 1] == '}') {
        at += sizeof(key) - 1;
        rp_jw_raw(jw, (struct rp_str){at, (size_t)(findings.ptr + findings.len - 1 - at)});
    } else {
        rp_jw_array(jw);
        rp_jw_array_end(jw);
    }
}

void rp_attempt_answer(const struct rp_attempt *attempt, struct rp_buf *out)
{
    const struct rp_candidate *c = &attempt->candidate;
    const struct rp_in_force *active = &attempt->reload->active;
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "result", results[c->result].word);
    rp_jw_put_int(&jw, "generation", attempt->number ? attempt->number : active->number);
    rp_jw_put_text(&jw, "hash", c->hash[0] ? c->hash : active->hash);
    rp_jw_put_int(&jw, "active", active->number);
    rp_jw_put_int(&jw, "rules", (int64_t)(c->rules ? c->rules : active->rules));
    rp_jw_put_str(&jw, "author", c->said_author);
    rp_jw_put_str(&jw, "reason", c->reason);
    rp_jw_put_str(&jw, "effect", c->effect);
    rp_jw_key(&jw, "tests");
    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "passed", (int64_t)c->tests_passed);
    rp_jw_put_int(&jw, "failed", (int64_t)c->tests_failed);
    rp_jw_object_end(&jw);
    rp_jw_put_text(&jw, "configuration", c->config ? "changed" : "unchanged");
    rp_jw_put_str(&jw, "restart", c->restart);
    put_findings(&jw, c->findings);
    rp_jw_put_int(&jw, "ms", (rp_mono_us() - attempt->began_us) / 1000);
    rp_jw_object_end(&jw);
}

int rp_attempt_status(const struct rp_candidate *c)
{
    return c->result == RP_CANDIDATE_FAILED && c->status == RIPEN_ENOTFOUND
               ? 404
               : results[c->result].http;
}

void rp_attempt_log(const struct rp_attempt *attempt)
{
    const struct rp_candidate *c = &attempt->candidate;
    bool bad = (c->result != RP_CANDIDATE_READY && c->result != RP_CANDIDATE_UNCHANGED) ||
               c->disable.len > 0;

    struct rp_str why = c->reason.len > 0 ? c->reason : c->disable_reason;

    if (c->result == RP_CANDIDATE_UNCHANGED && !c->config && c->restart.len == 0) {
        return;
    }
    if (bad && c->told.len > 0) {
        (void)fwrite(c->told.ptr, 1, c->told.len, stderr);
    }
    rp_log(bad ? RP_LOG_ERROR : RP_LOG_INFO, "rules",
           "result=%s generation=%u in_force=%u author=\"%.*s\" reason=\"%.*s\" effect=\"%.*s\" "
           "configuration=%s",
           results[c->result].word, attempt->number, attempt->reload->active.number,
           RP_STR_ARG(c->said_author), RP_STR_ARG(why), RP_STR_ARG(c->effect),
           c->config ? "changed" : "unchanged");
    if (c->restart.len > 0) {
        rp_log(RP_LOG_WARN, "configuration", "problem=\"%.*s: changed only by a restart\"",
               RP_STR_ARG(c->restart));
    }
}
