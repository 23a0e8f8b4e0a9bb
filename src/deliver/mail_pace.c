/* SPDX-License-Identifier: MIT */
/* One clock a domain: the moment up to which its messages are paid for (GCRA, in microseconds).
 * Domains are few at a time; those that have nothing waiting and are paid for are forgotten when
 * there is no room for a new one. */
#include "deliver/mail_pace.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/when.h"

#include <stdlib.h>
#include <strings.h>

enum { KEPT_MS = 30000, RETURN_MAX_MS = 600000, KEPT_MIN = 4, BURST_SHARE = 20 };

struct rp_mail_domain {
    char *name;
    size_t len;
    int64_t interval_us, burst_us, paid_us;
    size_t kept, waiting;
    int64_t promised_ms; /* due time of the row that was sent back last */
};

void rp_mail_pace_init(struct rp_mail_pace *pace, const struct rp_smtp *smtp)
{
    *pace = (struct rp_mail_pace){.smtp = smtp};
}

void rp_mail_pace_fini(struct rp_mail_pace *pace)
{
    for (size_t i = 0; i < pace->count; i++)
        free(pace->domains[i].name);
    free(pace->domains);
}

static uint32_t number_of(const struct rp_smtp *smtp, struct rp_str domain)
{
    for (size_t i = 0; i < smtp->domain_count; i++)
        if (smtp->domains[i].domain.len == domain.len &&
            strncasecmp(smtp->domains[i].domain.ptr, domain.ptr, domain.len) == 0)
            return smtp->domains[i].per_minute;
    return smtp->per_minute;
}

/* A place for one more: the table may grow, or somebody idle goes. */
static struct rp_mail_domain *place_for(struct rp_mail_pace *pace, int64_t now_ms)
{
    if (pace->count >= RP_MAIL_DOMAINS_MAX) {
        for (size_t i = 0; i < pace->count; i++) {
            if (pace->domains[i].waiting == 0 && pace->domains[i].paid_us <= now_ms * 1000) {
                free(pace->domains[i].name);
                return &pace->domains[i];
            }
        }
    }
    if (pace->count == pace->cap)
        pace->domains = rp_grow(pace->domains, &pace->cap, pace->count + 1, sizeof(*pace->domains));
    return &pace->domains[pace->count++];
}

static struct rp_mail_domain *find(struct rp_mail_pace *pace, struct rp_str domain, int64_t now_ms)
{
    struct rp_mail_domain *made;
    uint32_t per_minute;

    for (size_t i = 0; i < pace->count; i++)
        if (pace->domains[i].len == domain.len &&
            strncasecmp(pace->domains[i].name, domain.ptr, domain.len) == 0)
            return &pace->domains[i];
    per_minute = number_of(pace->smtp, domain);
    made = place_for(pace, now_ms);
    *made = (struct rp_mail_domain){
        .name = rp_strndup(domain.len > 0 ? domain.ptr : "", domain.len),
        .len = domain.len,
        .interval_us = RP_MINUTE * 1000 / per_minute,
        .burst_us = (per_minute / BURST_SHARE) * (RP_MINUTE * 1000 / per_minute),
        .kept = per_minute / (RP_MINUTE / KEPT_MS) > KEPT_MIN
                    ? (size_t)(per_minute / (RP_MINUTE / KEPT_MS))
                    : KEPT_MIN,
    };
    return made;
}

bool rp_mail_pace_enter(struct rp_mail_pace *pace, struct rp_str domain, int64_t now_ms,
                        double random, size_t *ret_domain, int64_t *ret_due_ms)
{
    struct rp_mail_domain *d = find(pace, domain, now_ms);
    int64_t due_ms = d->promised_ms > now_ms + KEPT_MS ? d->promised_ms : now_ms + KEPT_MS;

    if (d->waiting < d->kept) {
        d->waiting++;
        *ret_domain = (size_t)(d - pace->domains);
        return true;
    }
    due_ms += (d->interval_us + 999) / 1000;
    if (due_ms > now_ms + RETURN_MAX_MS)
        due_ms = now_ms + RETURN_MAX_MS / 2 + (int64_t)(random * RETURN_MAX_MS / 2);
    else
        d->promised_ms = due_ms;
    *ret_due_ms = due_ms;
    return false;
}

int64_t rp_mail_pace_wait(const struct rp_mail_pace *pace, size_t domain, int64_t now_ms)
{
    const struct rp_mail_domain *d = &pace->domains[domain];
    int64_t over_us = d->paid_us - d->burst_us - now_ms * 1000;

    return over_us <= 0 ? 0 : (over_us + 999) / 1000;
}

void rp_mail_pace_start(struct rp_mail_pace *pace, size_t domain, int64_t now_ms)
{
    struct rp_mail_domain *d = &pace->domains[domain];

    if (d->paid_us < now_ms * 1000)
        d->paid_us = now_ms * 1000;
    d->paid_us += d->interval_us;
    rp_mail_pace_leave(pace, domain);
}

void rp_mail_pace_leave(struct rp_mail_pace *pace, size_t domain)
{
    RP_ASSERT(pace->domains[domain].waiting > 0);
    pace->domains[domain].waiting--;
}
