/* SPDX-License-Identifier: MIT */
/* The 1x1 picture for mails and pages without script. Its query is turned into the JSON of an
 * event: either data=<base64 of the JSON>, or one parameter a value with dots for nesting, such as
 * event=Email%20Opened&userId=u1&properties.email_id=7. All values are texts. */
#include "base/json_write.h"
#include "ingest/ingest_priv.h"
#include "net/url.h"

#include <sodium.h>

#define PARAMS_MAX 200
#define NEST_MAX   8

struct param {
    struct rp_str name, value;
};

struct params {
    struct param list[PARAMS_MAX];
    size_t count;
};

static const unsigned char gif[] = {
    'G', 'I', 'F', '8', '9', 'a',  1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21, 0xf9, 4,
    1,   0,   0,   0,   0,   0x2c, 0, 0, 0, 0, 1,    0, 1, 0, 0, 2, 2,    0x44, 1,    0,    0x3b,
};

struct rp_str rp_pixel_gif(void)
{
    return (struct rp_str){(const char *)gif, sizeof(gif)};
}

static int read_params(struct rp_http_request *request, struct params *params, struct rp_err *err)
{
    struct rp_str name, value;
    size_t at = 0;

    while (rp_url_param(request->query, &at, &name, &value)) {
        struct param *param = &params->list[params->count];
        if (params->count == PARAMS_MAX)
            return rp_err_set(err, RIPEN_EINPUT, "a pixel takes at most %d parameters", PARAMS_MAX);
        if (!rp_url_decode(request->arena, name, true, &param->name) ||
            !rp_url_decode(request->arena, value, true, &param->value))
            return rp_err_set(err, RIPEN_EINPUT, "\"%.*s\" is not well encoded", RP_STR_ARG(name));
        if (param->name.len > 0 && !rp_str_is(param->name, "writeKey"))
            params->count++;
    }
    return 0;
}

static int decode_data(struct rp_http_request *request, struct rp_str data, struct rp_str *ret_json,
                       struct rp_err *err)
{
    char *text = rp_arena_alloc(request->arena, data.len);
    size_t len = 0;

    while (data.len > 0 && data.ptr[data.len - 1] == '=')
        data.len--;
    /* A '+' that was not encoded has become a space. Both alphabets are in use. */
    char *clean = rp_arena_alloc(request->arena, data.len);
    for (size_t i = 0; i < data.len; i++) {
        char c = data.ptr[i];
        clean[i] = (char)(c == ' ' || c == '-' ? '+' : c == '_' ? '/' : c);
    }
    if (sodium_base642bin((unsigned char *)text, data.len, clean, data.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return rp_err_set(err, RIPEN_EINPUT, "data is not base64");
    *ret_json = (struct rp_str){text, len};
    return 0;
}

/* The part of a parameter's name behind the prefix and up to the next dot; "" when it is elsewhere.
 */
static struct rp_str segment_of(const struct param *param, struct rp_str prefix, bool *ret_leaf)
{
    struct rp_str name = param->name;

    if (!rp_str_starts(name, prefix))
        return RP_STR("");
    name.ptr += prefix.len;
    name.len -= prefix.len;
    const char *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
    *ret_leaf = dot == NULL;
    if (dot)
        name.len = (size_t)(dot - name.ptr);
    return name;
}

static bool seen_before(const struct params *params, size_t index, struct rp_str prefix,
                        struct rp_str segment)
{
    bool leaf;

    for (size_t i = 0; i < index; i++) {
        if (rp_str_eq(segment_of(&params->list[i], prefix, &leaf), segment))
            return true;
    }
    return false;
}

/* The object of all parameters under a prefix; of two that clash the first counts. */
static void write_object(struct rp_jw *jw, const struct params *params, struct rp_str prefix,
                         int depth)
{
    rp_jw_object(jw);
    for (size_t i = 0; i < params->count; i++) {
        const struct param *param = &params->list[i];
        bool leaf = true;
        struct rp_str segment = segment_of(param, prefix, &leaf);
        if (segment.len == 0 || seen_before(params, i, prefix, segment))
            continue;
        rp_jw_key_str(jw, segment);
        if (leaf || depth == NEST_MAX)
            rp_jw_str(jw, param->value);
        else
            write_object(jw, params, (struct rp_str){param->name.ptr, prefix.len + segment.len + 1},
                         depth + 1);
    }
    rp_jw_object_end(jw);
}

int rp_pixel_event(struct rp_http_request *request, struct rp_str *ret_json, struct rp_err *err)
{
    struct params *params = RP_ARENA_NEW(request->arena, struct params);
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_str data = rp_http_query(request, "data");

    if (data.len > 0)
        return decode_data(request, data, ret_json, err);
    int status = read_params(request, params, err);
    if (status)
        return status;
    write_object(&jw, params, RP_STR(""), 1);
    *ret_json = rp_arena_str(request->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return 0;
}
