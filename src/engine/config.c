/* SPDX-License-Identifier: MIT */
/* ripen.lua. The same sandbox, schema and messages as rules; then the tree's values go into the
 * struct, secrets are fetched, and the environment stands over the file. Secrets appear in no
 * message. */
#include "engine/config.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/check.h"
#include "engine/config_doors.h"
#include "engine/config_smtp.h"
#include "engine/declare.h"
#include "engine/scan.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAP_BYTES ((size_t)16 << 20)
#define STEPS      1000000
#define SECRET_MAX 4096
#define FILE_MAX   ((size_t)256 * 1024)

struct configuring {
    struct rp_arena *arena; /* of the configuration */
    struct rp_arena scratch;
    struct rp_config *config;
    struct rp_diagnosis diagnosis;
    struct rp_recorder recorder;
    struct rp_scope scope;
    struct rp_str folder; /* of the file, with '/': paths of secrets are relative to it */
};

static struct rp_str keep(struct configuring *c, struct rp_str text)
{
    return text.len > 0 ? rp_arena_str(c->arena, text) : RP_STR("");
}

/* ---- Files and secrets ----------------------------------------------------------------------- */

static int read_whole(const char *path, size_t most, struct rp_buf *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int status = 0;

    if (fd < 0)
        return -errno;
    for (;;) {
        ssize_t got;

        rp_buf_reserve(bytes, 4096);
        got = read(fd, bytes->ptr + bytes->len, 4096);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            status = got < 0 ? -errno : 0;
            break;
        }
        bytes->len += (size_t)got;
        if (bytes->len > most) {
            status = -EFBIG;
            break;
        }
    }
    close(fd);
    return status;
}

static void report(struct configuring *c, enum rp_code code, const struct rp_node *node,
                   const char *hint, struct rp_str message)
{
    rp_diagnose(&c->diagnosis, code, node->place, rp_node_width(node), rp_str_from(hint), "%.*s",
                RP_STR_ARG(message));
}

/* The first line of a file. */
static struct rp_str secret_file(struct configuring *c, const struct rp_node *node,
                                 struct rp_str path)
{
    struct rp_str full =
        path.len > 0 && path.ptr[0] == '/'
            ? rp_arena_str(&c->scratch, path)
            : rp_arena_printf(&c->scratch, "%.*s%.*s", RP_STR_ARG(c->folder), RP_STR_ARG(path));
    struct rp_buf bytes = {0};
    struct rp_str text = RP_STR("");
    int status = read_whole(full.ptr, SECRET_MAX, &bytes);

    if (status < 0) {
        report(c, RP_CODE_NO_ENV, node, "correct the path, or the file's permissions",
               rp_arena_printf(&c->scratch, "the file %.*s cannot be read: %s", RP_STR_ARG(full),
                               strerror(-status)));
    } else {
        const char *end = bytes.len > 0 ? memchr(bytes.ptr, '\n', bytes.len) : NULL;

        text = (struct rp_str){bytes.ptr, end ? (size_t)(end - bytes.ptr) : bytes.len};
        while (text.len > 0 && isspace((unsigned char)text.ptr[text.len - 1]))
            text.len--;
        text = keep(c, text);
    }
    rp_buf_fini(&bytes);
    return text;
}

/* A text, env "NAME" or file "PATH". */
static struct rp_str value_of(struct configuring *c, const struct rp_node *node)
{
    const char *value;

    if (node == NULL)
        return RP_STR("");
    if (node->type == RP_NODE_TEXT)
        return keep(c, node->text);
    if (rp_node_is_call(node, "file"))
        return secret_file(c, node, node->items[0].text);
    value = getenv(rp_arena_str(&c->scratch, node->items[0].text).ptr);
    if (value == NULL || value[0] == '\0') {
        report(c, RP_CODE_NO_ENV, node, "set it for the server",
               rp_arena_printf(&c->scratch, "the environment variable %.*s is not set",
                               RP_STR_ARG(node->items[0].text)));
        return RP_STR("");
    }
    return keep(c, rp_str_from(value));
}

/* ---- Declarations ---------------------------------------------------------------------------- */

static bool has_scheme(struct rp_str url, const char *a, const char *b)
{
    return rp_str_starts(url, rp_str_from(a)) || rp_str_starts(url, rp_str_from(b));
}

static void take_server(struct configuring *c, const struct rp_node *body)
{
    c->config->listen = keep(c, rp_node_text(body, "listen"));
    c->config->db = keep(c, rp_node_text(body, "db"));
    c->config->rules = keep(c, rp_node_text(body, "rules"));
    c->config->url = keep(c, rp_node_text(body, "url"));
    if (c->config->url.len > 0 && !has_scheme(c->config->url, "https://", "http://"))
        report(c, RP_CODE_URL, rp_node_get(body, "url"), "write https://ripen.acme.test",
               RP_STR("the url of the server is no web address"));
    c->config->body_bytes_max = (size_t)rp_node_number(body, "body_bytes_max", RP_BODY_MAX);
    c->config->queue_events_max =
        (size_t)rp_node_number(body, "queue_events_max", RP_QUEUE_EVENTS_MAX);
}

static enum rp_preset preset_of(const struct rp_node *body)
{
    static const struct {
        const char *name;
        enum rp_preset preset;
    } presets[] = {{"hubspot", RP_PRESET_HUBSPOT},
                   {"salesforce", RP_PRESET_SALESFORCE},
                   {"pipedrive", RP_PRESET_PIPEDRIVE},
                   {"rest", RP_PRESET_REST}};
    struct rp_str name = rp_node_text(body, "preset");

    for (size_t i = 0; i < RP_COUNT(presets); i++) {
        if (rp_str_is(name, presets[i].name))
            return presets[i].preset;
    }
    return RP_PRESET_NONE;
}

static void lacks(struct configuring *c, const struct rp_declared *declared, const char *field,
                  const char *hint)
{
    rp_diagnose(&c->diagnosis, RP_CODE_MISSING_FIELD, declared->place,
                (int)strlen(declared->decl->name), rp_str_from(hint),
                "endpoint \"%.*s\" needs '%s'", RP_STR_ARG(declared->name), field);
}

static void take_crm(struct configuring *c, const struct rp_declared *declared,
                     struct rp_endpoint *endpoint)
{
    const struct rp_node *body = &declared->body;
    struct rp_str path = rp_node_text(body, "path"), method = rp_node_text(body, "method"),
                  version = rp_node_text(body, "version");

    endpoint->crm = (struct rp_endpoint_crm){
        .preset = preset_of(body),
        .token = value_of(c, rp_node_get(body, "token")),
        .client_id = value_of(c, rp_node_get(body, "client_id")),
        .client_secret = value_of(c, rp_node_get(body, "client_secret")),
        .version = keep(c, version.len > 0 ? version : RP_STR("v59.0")),
        .header = keep(c, rp_node_text(body, "header")),
        .method = keep(c, method.len > 0 ? method : RP_STR("PUT")),
        .path = keep(c, path.len > 0 ? path : RP_STR("/{match}")),
        .read = rp_node_flag(body, "read", true),
        .rate = (uint32_t)rp_node_number(body, "rate", 0),
    };
    if (rp_node_get(body, "url") == NULL && endpoint->crm.preset != RP_PRESET_HUBSPOT &&
        endpoint->crm.preset != RP_PRESET_PIPEDRIVE)
        lacks(c, declared, "url", "add url = \"https://…\", or env \"NAME\"");
    if (endpoint->crm.preset != RP_PRESET_NONE && endpoint->crm.preset != RP_PRESET_REST &&
        rp_node_get(body, "token") == NULL && rp_node_get(body, "client_id") == NULL)
        lacks(c, declared, "token", "add token = env \"NAME\", or file \"PATH\"");
    if ((rp_node_get(body, "client_id") == NULL) != (rp_node_get(body, "client_secret") == NULL))
        lacks(c, declared, rp_node_get(body, "client_id") ? "client_secret" : "client_id",
              "client_id and client_secret belong together");
}

static void take_endpoint(struct configuring *c, const struct rp_declared *declared,
                          struct rp_endpoint *endpoint)
{
    const struct rp_node *url = rp_node_get(&declared->body, "url");
    const struct rp_node *timeout = rp_node_get(&declared->body, "timeout");

    *endpoint =
        (struct rp_endpoint){.name = keep(c, declared->name),
                             .url = value_of(c, url),
                             .secret = value_of(c, rp_node_get(&declared->body, "secret")),
                             .timeout_ms = rp_node_span(&declared->body, "timeout", 15 * RP_SECOND),
                             .parallel = (uint32_t)rp_node_number(&declared->body, "parallel", 8),
                             .allow_private = rp_node_flag(&declared->body, "allow_private", false),
                             .place = declared->place};
    take_crm(c, declared, endpoint);
    if (endpoint->url.len > 0 && !has_scheme(endpoint->url, "https://", "http://"))
        report(c, RP_CODE_URL, url, "write https://…",
               rp_arena_printf(&c->scratch, "the url of endpoint \"%.*s\" is no web address",
                               RP_STR_ARG(declared->name)));
    if (timeout && (endpoint->timeout_ms < 100 || endpoint->timeout_ms > 10 * RP_MINUTE))
        report(c, RP_CODE_RANGE, timeout, "from 100ms to 10m",
               rp_arena_printf(&c->scratch, "the timeout of endpoint \"%.*s\" is out of bounds",
                               RP_STR_ARG(declared->name)));
}

static void take_smtp(struct configuring *c, const struct rp_node *body)
{
    const struct rp_node *url = rp_node_get(body, "url"), *node;
    struct rp_smtp *smtp = &c->config->smtp;
    struct rp_str problem;
    const char *field;

    rp_smtp_take(c->arena, body, smtp);
    smtp->url = value_of(c, url);
    smtp->password = value_of(c, rp_node_get(body, "password"));
    if (smtp->url.len > 0 && !has_scheme(smtp->url, "smtp://", "smtps://"))
        report(c, RP_CODE_URL, url, "write smtp://HOST:PORT or smtps://HOST:PORT",
               RP_STR("the url of smtp is no mail server's address"));
    problem = rp_smtp_problem(&c->scratch, smtp, &field);
    node = rp_node_get(body, field);
    if (problem.len > 0)
        report(c, strcmp(field, "from") == 0 ? RP_CODE_URL : RP_CODE_RANGE, node ? node : url,
               strcmp(field, "from") == 0  ? "write Ana <ana@acme.test>"
               : strcmp(field, "tls") == 0 ? "write tls = \"required\""
                                           : "from 1s to 10m",
               problem);
}

static void take_source(struct configuring *c, const struct rp_declared *declared)
{
    struct rp_doors *doors = &c->config->doors;
    const struct rp_node *url = rp_node_get(&declared->body, "url");
    struct rp_source_door *source = &doors->sources[doors->source_count++];

    rp_doors_take_source(c->arena, declared, source);
    source->secret = value_of(c, rp_node_get(&declared->body, "secret"));
    if (url && !has_scheme(source->url, "https://", "http://"))
        report(c, RP_CODE_URL, url, "write https://…",
               rp_arena_printf(&c->scratch, "the url of source \"%.*s\" is no web address",
                               RP_STR_ARG(declared->name)));
}

static void take_form(struct configuring *c, const struct rp_declared *declared)
{
    struct rp_doors *doors = &c->config->doors;
    struct rp_form_door *form = &doors->forms[doors->form_count++];
    const struct rp_node *bad;

    rp_doors_take_form(c->arena, declared, form);
    bad = rp_doors_bad_address(&declared->body);
    if (bad)
        report(c, RP_CODE_URL, bad, "write https://…, or a path such as /thanks",
               rp_arena_printf(&c->scratch, "form \"%.*s\" leads to \"%.*s\", which is no address",
                               RP_STR_ARG(declared->name), RP_STR_ARG(bad->text)));
}

static void take_declared(struct configuring *c)
{
    struct rp_config *config = c->config;

    config->endpoints = RP_ARENA_ARRAY(c->arena, struct rp_endpoint, c->recorder.count);
    config->doors.sources = RP_ARENA_ARRAY(c->arena, struct rp_source_door, c->recorder.count);
    config->doors.forms = RP_ARENA_ARRAY(c->arena, struct rp_form_door, c->recorder.count);
    for (uint32_t i = 0; i < c->recorder.count; i++) {
        const struct rp_declared *one = &c->recorder.declared[i];

        if (one->broken || !one->complete)
            continue;
        if (strcmp(one->decl->name, "server") == 0)
            take_server(c, &one->body);
        else if (strcmp(one->decl->name, "endpoint") == 0)
            take_endpoint(c, one, &config->endpoints[config->endpoint_count++]);
        else if (strcmp(one->decl->name, "smtp") == 0)
            take_smtp(c, &one->body);
        else if (strcmp(one->decl->name, "source") == 0)
            take_source(c, one);
        else if (strcmp(one->decl->name, "form") == 0)
            take_form(c, one);
        else if (strcmp(one->decl->name, "cloudevents") == 0)
            rp_doors_take_cloud(c->arena, one, &config->doors);
        else if (strcmp(one->decl->name, "retention") == 0)
            config->retention_ms = rp_node_span(&one->body, "events", 0);
    }
}

/* ---- Environment ----------------------------------------------------------------------------- */

static void from_env(struct configuring *c, const char *name, struct rp_str *value)
{
    const char *text = getenv(name);

    if (text && text[0] != '\0')
        *value = keep(c, rp_str_from(text));
}

static int size_from_env(const char *name, double min, double max, size_t *value,
                         struct rp_err *err)
{
    const char *text = getenv(name);
    double number;

    if (text == NULL || text[0] == '\0')
        return 0;
    if (!rp_number_parse(rp_str_from(text), &number) || number < min || number > max ||
        number != floor(number))
        return rp_err_set(err, RIPEN_EINPUT,
                          "%s is \"%s\"; it must be a whole number from %.0f to "
                          "%.0f",
                          name, text, min, max);
    *value = (size_t)number;
    return 0;
}

/* RIPEN_ENDPOINT_SALES_CHANNEL_URL for the endpoint "sales_channel". */
static void endpoint_from_env(struct configuring *c, const struct rp_endpoint *endpoint,
                              const char *field, struct rp_str *value)
{
    struct rp_buf name = {0};

    rp_buf_text(&name, "RIPEN_ENDPOINT_");
    for (size_t i = 0; i < endpoint->name.len; i++) {
        unsigned char ch = (unsigned char)endpoint->name.ptr[i];

        rp_buf_char(&name, isalnum(ch) ? (char)toupper(ch) : '_');
    }
    rp_buf_text(&name, field);
    from_env(c, name.ptr, value);
    rp_buf_fini(&name);
}

/* What the file alone would not have, such as a password without TLS for another server than its
 * own. Mails may name their sender themselves. */
static int check_smtp(struct configuring *c, struct rp_err *err)
{
    const struct rp_smtp *smtp = &c->config->smtp;
    struct rp_str problem;
    const char *field;

    if (smtp->url.len == 0 || c->diagnosis.findings->errors > 0)
        return 0;
    if (!has_scheme(smtp->url, "smtp://", "smtps://"))
        return rp_err_set(err, RIPEN_EINPUT,
                          "RIPEN_SMTP_URL is no mail server's address; write smtp://HOST:PORT or "
                          "smtps://HOST:PORT");
    problem = rp_smtp_problem(&c->scratch, smtp, &field);
    if (problem.len == 0 || (smtp->from.len == 0 && strcmp(field, "from") == 0))
        return 0;
    return rp_err_set(err, RIPEN_EINPUT, "with the RIPEN_SMTP_… variables: %.*s; %s",
                      RP_STR_ARG(problem),
                      strcmp(field, "from") == 0 ? "write RIPEN_SMTP_FROM=\"Ana <ana@acme.test>\""
                                                 : "write tls = \"required\" in ripen.lua");
}

static int take_environment(struct configuring *c, struct rp_err *err)
{
    struct rp_config *config = c->config;
    const char *retention = getenv("RIPEN_RETENTION_EVENTS");
    int status;

    from_env(c, "RIPEN_LISTEN", &config->listen);
    from_env(c, "RIPEN_DB", &config->db);
    from_env(c, "RIPEN_RULES", &config->rules);
    from_env(c, "RIPEN_URL", &config->url);
    from_env(c, "RIPEN_SMTP_URL", &config->smtp.url);
    from_env(c, "RIPEN_SMTP_FROM", &config->smtp.from);
    from_env(c, "RIPEN_SMTP_USER", &config->smtp.user);
    from_env(c, "RIPEN_SMTP_PASSWORD", &config->smtp.password);
    rp_smtp_settle(&config->smtp);
    while (config->url.len > 0 && config->url.ptr[config->url.len - 1] == '/')
        config->url.len--;
    for (size_t i = 0; i < config->endpoint_count; i++) {
        endpoint_from_env(c, &config->endpoints[i], "_URL", &config->endpoints[i].url);
        endpoint_from_env(c, &config->endpoints[i], "_SECRET", &config->endpoints[i].secret);
        endpoint_from_env(c, &config->endpoints[i], "_TOKEN", &config->endpoints[i].crm.token);
    }
    if (retention && retention[0] != '\0' &&
        !rp_duration_parse(rp_str_from(retention), &config->retention_ms))
        return rp_err_set(
            err, RIPEN_EINPUT,
            "RIPEN_RETENTION_EVENTS is \"%s\"; write a duration such as \"25 months\"", retention);
    status = check_smtp(c, err);
    if (status < 0)
        return status;
    status = size_from_env("RIPEN_BODY_BYTES_MAX", 1024, 64 << 20, &config->body_bytes_max, err);
    if (status < 0)
        return status;
    return size_from_env("RIPEN_QUEUE_EVENTS_MAX", 100, 1e7, &config->queue_events_max, err);
}

/* ---- The file -------------------------------------------------------------------------------- */

static int run_file(struct configuring *c, const struct rp_source *source, struct rp_err *err)
{
    struct rp_sandbox *sandbox;
    struct rp_outline *outline;

    c->recorder = (struct rp_recorder){.arena = &c->scratch,
                                       .diagnosis = &c->diagnosis,
                                       .decls = rp_schema_config_decls,
                                       .calls = rp_schema_config_calls};
    sandbox = rp_recorder_sandbox(&c->recorder, HEAP_BYTES, err);
    if (sandbox == NULL)
        return RIPEN_EBUDGET;
    rp_sandbox_begin(sandbox, RP_PHASE_DECLARE, STEPS);
    (void)rp_recorder_run(&c->recorder, sandbox, 0, source);
    rp_sandbox_free(sandbox);
    outline = rp_outline_new(&c->scratch, source->text);
    rp_place_declared(c->recorder.declared, c->recorder.count, 0, outline);
    rp_place_duplicates(&c->diagnosis, 0, outline);
    for (uint32_t i = 0; i < c->recorder.count; i++) {
        const struct rp_declared *one = &c->recorder.declared[i];

        if (!one->complete)
            rp_diagnose(&c->diagnosis, RP_CODE_UNFINISHED, one->place, (int)strlen(one->decl->name),
                        rp_str_from(one->decl->example), "%s \"%.*s\" has no {…} behind it",
                        one->decl->name, RP_STR_ARG(one->name));
    }
    return 0;
}

static int read_config(struct configuring *c, const char *path, struct rp_err *err)
{
    struct rp_source source = {.path = rp_arena_str(c->arena, rp_str_from(path))};
    struct rp_files files = {.items = &source, .count = 1};
    const char *slash = strrchr(path, '/');
    struct rp_buf bytes = {0};
    int status = read_whole(path, FILE_MAX, &bytes);

    if (status == -ENOENT) {
        status = 0;
        goto out;
    }
    if (status < 0) {
        status = rp_err_set(err, RIPEN_EIO, "%s: %s", path, strerror(-status));
        goto out;
    }
    c->config->path = source.path;
    c->folder = slash ? (struct rp_str){path, (size_t)(slash - path) + 1} : RP_STR("");
    source.text = rp_buf_view(&bytes);
    c->diagnosis.files = &files;
    status = run_file(c, &source, err);
    if (status < 0)
        goto out;
    c->scope = (struct rp_scope){.arena = &c->scratch, .diagnosis = &c->diagnosis};
    rp_scope_collect(&c->scope, &files, c->recorder.declared, c->recorder.count);
    rp_check_declared(&c->scope, c->recorder.declared, c->recorder.count);
    take_declared(c);
out:
    rp_buf_fini(&bytes);
    return status;
}

int rp_config_load(struct rp_arena *arena, const char *path, struct rp_config *ret_config,
                   struct rp_findings *findings, struct rp_err *err)
{
    struct rp_config config = {.listen = RP_STR(""),
                               .smtp = {.timeout_ms = RP_MINUTE,
                                        .parallel = RP_SMTP_PARALLEL,
                                        .per_minute = RP_SMTP_PER_MINUTE},
                               .body_bytes_max = RP_BODY_MAX,
                               .queue_events_max = RP_QUEUE_EVENTS_MAX,
                               .rule_steps_max = RP_RULE_STEPS_MAX};
    struct configuring c = {.arena = arena, .config = &config};
    int status = 0;

    *findings = (struct rp_findings){0};
    c.diagnosis = (struct rp_diagnosis){.arena = arena, .findings = findings};
    rp_arena_init(&c.scratch);
    if (path)
        status = read_config(&c, path, err);
    rp_findings_sort(findings);
    if (status == 0)
        status = take_environment(&c, err);
    if (status == 0 && findings->errors > 0)
        status = rp_err_at(err, RIPEN_ERULE, rp_str_from(path), findings->items[0].line, "%.*s",
                           RP_STR_ARG(findings->items[0].message));
    if (status == 0 || status == RIPEN_ERULE)
        *ret_config = config;
    rp_arena_fini(&c.scratch);
    return status;
}

void rp_config_endpoints(struct rp_arena *arena, const struct rp_config *config,
                         struct rp_load_options *options)
{
    struct rp_load_endpoint *known;

    if (config->path.len == 0)
        return;
    known = RP_ARENA_ARRAY(arena, struct rp_load_endpoint, config->endpoint_count + 1);
    for (size_t i = 0; i < config->endpoint_count; i++)
        known[i] =
            (struct rp_load_endpoint){.name = config->endpoints[i].name,
                                      .crm = config->endpoints[i].crm.preset != RP_PRESET_NONE};
    options->endpoints = known;
    options->endpoint_count = config->endpoint_count;
    options->no_smtp = config->smtp.url.len == 0;
    options->no_url = config->url.len == 0;
}
