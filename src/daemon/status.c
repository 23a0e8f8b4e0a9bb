/* SPDX-License-Identifier: MIT */
/* One JSON object from what the loop knows, a few indexed counts of the store, and the file system.
 */
#include "daemon/status.h"

#include "base/json_write.h"
#include "core/outgoing.h"
#include "deliver/crm.h"
#include "store/outbox.h"

#include <ripen/ripen.h>

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static void put_rules(const struct rp_health *s, struct rp_jw *jw)
{
    rp_jw_key(jw, "rules");
    rp_jw_object(jw);
    rp_jw_put_int(jw, "generation", s->active->number);
    rp_jw_put_text(jw, "hash", s->active->hash);
    rp_jw_put_int(jw, "count", (int64_t)s->active->rules);
    rp_jw_put_bool(jw, "loading", s->reload->busy);
    rp_jw_put_bool(jw, "watching", !s->reload->blind);
    rp_jw_put_int(jw, "swapUs", s->reload->swap_us);
    rp_jw_put_int(jw, "editToEffectMs", s->reload->edit_us / 1000);
    rp_jw_key(jw, "last");
    if (s->last_reload.len > 0) {
        rp_jw_raw(jw, s->last_reload);
    } else {
        rp_jw_null(jw);
    }
    rp_jw_object_end(jw);
}

static void put_events(const struct rp_health *s, struct rp_jw *jw)
{
    int64_t lag = s->core->newest_event - s->core->watermark;

    rp_jw_key(jw, "events");
    rp_jw_object(jw);
    rp_jw_put_int(jw, "queued", (int64_t)s->queued);
    rp_jw_put_int(jw, "accepted", (int64_t)s->core->events);
    rp_jw_put_int(jw, "newest", s->core->newest_event);
    rp_jw_put_int(jw, "watermark", s->core->watermark);
    rp_jw_put_int(jw, "flushLag", lag > 0 ? lag : 0);
    rp_jw_object_end(jw);
}

static void put_leads(const struct rp_health *s, struct rp_jw *jw)
{
    rp_jw_key(jw, "leads");
    rp_jw_object(jw);
    rp_jw_put_int(jw, "cached", (int64_t)s->core->leads_cached);
    rp_jw_put_int(jw, "dirty", (int64_t)s->core->leads_dirty);
    rp_jw_put_int(jw, "setAside", (int64_t)s->core->leads_aside);
    rp_jw_put_int(jw, "compacted", (int64_t)s->core->leads_compacted);
    rp_jw_object_end(jw);
    rp_jw_key(jw, "rebuild");
    rp_jw_object(jw);
    rp_jw_put_bool(jw, "active", s->core->sweep.active);
    rp_jw_put_int(jw, "generation", s->core->sweep.generation);
    rp_jw_put_int(jw, "leads", s->core->sweep.leads);
    rp_jw_put_int(jw, "done", s->core->sweep.leads_done);
    rp_jw_put_int(jw, "rebuilt", (int64_t)s->core->sweep.rebuilt);
    rp_jw_object_end(jw);
    rp_jw_key(jw, "sequences");
    rp_jw_object(jw);
    rp_jw_put_int(jw, "started", (int64_t)s->core->sequences_started);
    rp_jw_put_int(jw, "steps", (int64_t)s->core->sequence_steps);
    rp_jw_put_int(jw, "stuck", (int64_t)s->core->sequences_stuck);
    rp_jw_object_end(jw);
    rp_jw_key(jw, "timers");
    rp_jw_object(jw);
    rp_jw_put_int(jw, "pending", (int64_t)s->core->timers_pending);
    rp_jw_put_int(jw, "judged", (int64_t)s->core->timers_judged);
    rp_jw_object_end(jw);
}

static void put_outbox(const struct rp_health *s, struct rp_jw *jw)
{
    static const struct {
        const char *name;
        enum rp_outbox_state state;
    } states[] = {{"pending", RP_OUTBOX_PENDING},
                  {"leased", RP_OUTBOX_LEASED},
                  {"dead", RP_OUTBOX_DEAD},
                  {"held", RP_OUTBOX_HELD},
                  {"open", RP_OUTBOX_OPEN}};
    int64_t oldest_ms = rp_outbox_oldest(s->store);

    rp_jw_key(jw, "outbox");
    rp_jw_object(jw);
    for (size_t i = 0; i < RP_COUNT(states); i++) {
        rp_jw_put_int(jw, states[i].name, rp_outbox_count(s->store, states[i].state));
    }
    rp_jw_put_time(jw, "oldestUndelivered", oldest_ms);
    rp_jw_put_int(jw, "oldestAgeMs", oldest_ms == RP_NEVER ? 0 : s->now_ms - oldest_ms);
    rp_jw_object_end(jw);
}

static void put_endpoint(const struct rp_endpoint_stats *e, struct rp_jw *jw)
{
    rp_jw_object(jw);
    rp_jw_put_str(jw, "name", e->name);
    rp_jw_put_text(jw, "preset", rp_preset_name(e->crm));
    rp_jw_put_text(jw, "state",
                   e->disabled  ? "off"
                   : e->limited ? "limited"
                                : rp_breaker_state_name(e->state));
    rp_jw_put_int(jw, "waitMs", e->wait_ms);
    rp_jw_put_int(jw, "queued", (int64_t)e->queued);
    rp_jw_put_int(jw, "inFlight", (int64_t)e->in_flight);
    rp_jw_put_int(jw, "delivered", (int64_t)e->delivered);
    rp_jw_put_int(jw, "failed", (int64_t)e->failed);
    rp_jw_put_int(jw, "dead", (int64_t)e->dead);
    rp_jw_put_int(jw, "opened", (int64_t)e->opened);
    rp_jw_put_str(jw, "trouble", e->trouble);
    rp_jw_object_end(jw);
}

static void put_deliveries(const struct rp_health *s, struct rp_jw *jw)
{
    struct rp_pauses pauses = {0};

    if (rp_pauses_read(s->store, &pauses, NULL) != 0) {
        pauses.count = 0;
    }
    rp_jw_key(jw, "deliveries");
    rp_jw_object(jw);
    rp_jw_put_bool(jw, "dryRun", s->dry_run);
    rp_jw_key(jw, "paused");
    rp_pauses_json(&pauses, jw);
    rp_jw_key(jw, "endpoints");
    rp_jw_array(jw);
    for (size_t i = 0; i < s->endpoint_count; i++) {
        put_endpoint(&s->endpoints[i], jw);
    }
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}

static int64_t size_of(const char *path, const char *ending)
{
    char name[4096];
    struct stat info;

    (void)snprintf(name, sizeof(name), "%s%s", path, ending);
    return stat(name, &info) == 0 ? (int64_t)info.st_size : 0;
}

static void put_disk(const struct rp_health *s, struct rp_jw *jw)
{
    struct statvfs room;
    bool known = statvfs(s->db_path, &room) == 0;

    rp_jw_key(jw, "disk");
    rp_jw_object(jw);
    rp_jw_put_text(jw, "database", s->db_path);
    rp_jw_put_int(jw, "bytes", size_of(s->db_path, ""));
    rp_jw_put_int(jw, "walBytes", size_of(s->db_path, "-wal"));
    rp_jw_put_int(jw, "freeBytes", known ? (int64_t)(room.f_bavail * room.f_frsize) : -1);
    rp_jw_object_end(jw);
}

void rp_health_print(const struct rp_health *s, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "version", ripen_version());
    rp_jw_put_bool(&jw, "running", s->running);
    rp_jw_put_bool(&jw, "ready", s->running && s->trouble.len == 0);
    rp_jw_put_str(&jw, "trouble", s->trouble);
    rp_jw_put_time(&jw, "startedAt", s->started_ms);
    put_events(s, &jw);
    put_leads(s, &jw);
    put_outbox(s, &jw);
    put_deliveries(s, &jw);
    put_rules(s, &jw);
    put_disk(s, &jw);
    rp_jw_object_end(&jw);
}
