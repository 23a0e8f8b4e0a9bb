/* SPDX-License-Identifier: MIT */
/* Words that gateways, crawlers, chat programs and libraries put into their user agents; a bare
 * "Mozilla/5.0" is Apple's Mail Privacy Protection, which fetches pictures of every mail. Whoever
 * hides better is known by what he does (core/hits.c). */
#include "ingest/track_robot.h"

#include <strings.h>

static const char *const words[] = {
    "barracuda",      "bitdefender",    "cloudmark",
    "crawler",        "curl/",          "facebookexternalhit",
    "fireeye",        "forcepoint",     "fortimail",
    "go-http-client", "headlesschrome", "ironport",
    "java/",          "kaspersky",      "libwww",
    "linkcheck",      "mailguard",      "mimecast",
    "node-fetch",     "phantomjs",      "preview",
    "proofpoint",     "python",         "puppeteer",
    "ruby",           "safelinks",      "scanner",
    "skypeuri",       "sophos",         "spider",
    "symantec",       "trendmicro",     "trustwave",
    "urldefense",     "vadesecure",     "virustotal",
    "wget/",          "whatsapp/",      "zscaler",
    "guzzle",
};

static const struct {
    const char *name, *word;
} ahead[] = {
    {"Purpose", "prefetch"}, {"Sec-Purpose", "prefetch"}, {"X-Purpose", "preview"},
    {"Purpose", "preview"},  {"X-Moz", "prefetch"},       {"Sec-Purpose", "preview"},
};

static bool contains(struct rp_str text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp(text.ptr + i, word, len) == 0)
            return true;
    }
    return false;
}

/* "bot" at the end of a word: Googlebot/2.1, but no phone of Cubot. */
static bool names_a_bot(struct rp_str text)
{
    for (size_t i = 0; i + 3 <= text.len; i++) {
        char next = i + 3 < text.len ? text.ptr[i + 3] : ' ';

        if (strncasecmp(text.ptr + i, "bot", 3) != 0 || (next >= 'a' && next <= 'z') ||
            (next >= 'A' && next <= 'Z'))
            continue;
        if (i < 2 || strncasecmp(text.ptr + i - 2, "cu", 2) != 0)
            return true;
    }
    return false;
}

bool rp_track_is_robot(const struct rp_http_request *request)
{
    struct rp_str agent = rp_http_header(request, "User-Agent");

    if (request->method == RP_HEAD || agent.len == 0 || rp_str_is(agent, "Mozilla/5.0") ||
        names_a_bot(agent))
        return true;
    for (size_t i = 0; i < RP_COUNT(ahead); i++) {
        if (contains(rp_http_header(request, ahead[i].name), ahead[i].word))
            return true;
    }
    for (size_t i = 0; i < RP_COUNT(words); i++) {
        if (contains(agent, words[i]))
            return true;
    }
    return false;
}
