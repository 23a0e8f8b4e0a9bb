/* SPDX-License-Identifier: MIT */
/* smtp {…}: the tree becomes a plain struct, and what cannot work is told before a mail is written.
 * The tree was checked against schema_config.c before. */
#include "engine/config_smtp.h"

#include "base/when.h"
#include "model/email.h"

#include <strings.h>

#define TIMEOUT_DEFAULT_MS (60 * RP_SECOND)

static struct rp_str keep(struct rp_arena *arena, struct rp_str text)
{
    return text.len > 0 ? rp_arena_str(arena, text) : RP_STR("");
}

void rp_smtp_take(struct rp_arena *arena, const struct rp_node *body, struct rp_smtp *smtp)
{
    static const char *const levels[] = {"", "required", "offered", "none"};
    const struct rp_node *pace = rp_node_get(body, "per_domain");
    struct rp_str tls = rp_node_text(body, "tls");

    smtp->from = keep(arena, rp_node_text(body, "from"));
    smtp->user = keep(arena, rp_node_text(body, "user"));
    smtp->timeout_ms = rp_node_span(body, "timeout", TIMEOUT_DEFAULT_MS);
    smtp->parallel = (uint32_t)rp_node_number(body, "parallel", RP_SMTP_PARALLEL);
    smtp->per_minute = (uint32_t)rp_node_number(body, "per_minute", RP_SMTP_PER_MINUTE);
    for (size_t i = 0; i < RP_COUNT(levels); i++)
        if (rp_str_is(tls, levels[i]))
            smtp->tls = (enum rp_smtp_tls)i;
    if (pace == NULL || pace->field_count == 0)
        return;
    smtp->domains = RP_ARENA_ARRAY(arena, struct rp_smtp_domain, pace->field_count);
    for (uint32_t i = 0; i < pace->field_count; i++)
        smtp->domains[smtp->domain_count++] = (struct rp_smtp_domain){
            keep(arena, pace->fields[i].key), (uint32_t)pace->fields[i].value.number};
}

bool rp_smtp_is_local(struct rp_str url)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *slash = url.len > 0 ? memmem(url.ptr, url.len, "://", 3) : NULL;
    struct rp_str rest;

    if (slash == NULL)
        return false;
    rest = (struct rp_str){slash + 3, (size_t)(rp_str_end(url) - slash) - 3};
    for (size_t i = 0; i < RP_COUNT(hosts); i++) {
        size_t len = strlen(hosts[i]);

        if (rest.len >= len && strncasecmp(rest.ptr, hosts[i], len) == 0 &&
            (rest.len == len || rest.ptr[len] == ':' || rest.ptr[len] == '/'))
            return true;
    }
    return false;
}

void rp_smtp_settle(struct rp_smtp *smtp)
{
    struct rp_mailbox box;

    if (smtp->tls == RP_SMTP_TLS_DEFAULT)
        smtp->tls = rp_smtp_is_local(smtp->url) ? RP_SMTP_TLS_NONE : RP_SMTP_TLS_REQUIRED;
    if (smtp->user.len == 0 && rp_mailbox_parse(smtp->from, &box))
        smtp->user = box.address;
}

bool rp_smtp_same(const struct rp_smtp *a, const struct rp_smtp *b)
{
    bool same = rp_str_eq(a->url, b->url) && rp_str_eq(a->from, b->from) &&
                rp_str_eq(a->user, b->user) && rp_str_eq(a->password, b->password) &&
                a->tls == b->tls && a->timeout_ms == b->timeout_ms && a->parallel == b->parallel &&
                a->per_minute == b->per_minute && a->domain_count == b->domain_count;

    for (size_t i = 0; same && i < a->domain_count; i++)
        same = rp_str_eq(a->domains[i].domain, b->domains[i].domain) &&
               a->domains[i].per_minute == b->domains[i].per_minute;
    return same;
}

struct rp_str rp_smtp_problem(struct rp_arena *arena, const struct rp_smtp *smtp,
                              const char **ret_field)
{
    struct rp_mailbox box;

    *ret_field = "from";
    if (!rp_mailbox_parse(smtp->from, &box))
        return rp_arena_printf(arena, "\"%.*s\" is no sender",
                               (int)(smtp->from.len < 100 ? smtp->from.len : 100),
                               smtp->from.ptr ? smtp->from.ptr : "");
    *ret_field = "tls";
    if (smtp->password.len > 0 && smtp->tls == RP_SMTP_TLS_NONE && !rp_smtp_is_local(smtp->url) &&
        !rp_str_starts(smtp->url, RP_STR("smtps://")))
        return RP_STR("without TLS the password would go over the network as it is");
    *ret_field = "timeout";
    if (smtp->timeout_ms < RP_SECOND || smtp->timeout_ms > 10 * RP_MINUTE)
        return RP_STR("the timeout of smtp is out of bounds");
    return RP_STR("");
}
