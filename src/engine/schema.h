/* SPDX-License-Identifier: MIT */
/* The rules language as one table: every declaration and constructor, their fields, what may stand
 * there, defaults and meanings. Checks, messages, help, editor types and reference pages read this
 * and nothing else; there is no second copy. */
#ifndef RP_ENGINE_SCHEMA_H
#define RP_ENGINE_SCHEMA_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What may stand in a field; bits join alternatives. */
enum rp_want {
    RP_WANT_TEXT = 1u << 0,
    RP_WANT_NUMBER = 1u << 1,
    RP_WANT_BOOL = 1u << 2,
    RP_WANT_DURATION = 1u << 3, /* "30m" */
    RP_WANT_DATE = 1u << 4,     /* "2026-01-01", "2026-03-02T09:00:00Z" */
    RP_WANT_TEXTS = 1u << 5,    /* { "a", "b" } */
    RP_WANT_TABLE = 1u << 6,    /* of `shape` */
    RP_WANT_MATCH = 1u << 7,    /* a value or a matcher */
    RP_WANT_FIELDS = 1u << 8,   /* { field = value or matcher, … } */
    RP_WANT_WHEN = 1u << 9,     /* fields, or a condition */
    RP_WANT_COUNT = 1u << 10,   /* visits {…}, count("page") … */
    RP_WANT_TRIGGER = 1u << 11, /* entered "mql" … */
    RP_WANT_CALL = 1u << 12,    /* a constructor of `makes` */
    RP_WANT_VALUE = 1u << 13,   /* any value; texts with placeholders */
    RP_WANT_FUNCTION = 1u << 14,
    RP_WANT_SAME = 1u << 15, /* a list of what the surrounding place wants: any {…} */
};

/* A kind of value in the words of messages and in those of LuaCATS; NULL: its own rule there. */
struct rp_schema_want {
    uint32_t want;
    const char *text, *lua;
};
extern const struct rp_schema_want rp_schema_wants[]; /* want 0 ends */

/* What a text names; checked against what is declared. */
enum rp_ref {
    RP_REF_NONE,
    RP_REF_DIMENSION,
    RP_REF_DIMENSION_OR_TOTAL,
    RP_REF_GROUP,
    RP_REF_STAGE,
    RP_REF_SCORE,
    RP_REF_RULE, /* score or fit */
    RP_REF_LIST,
    RP_REF_ENDPOINT,
    RP_REF_TEMPLATE,
    RP_REF_SEGMENT,
    RP_REF_TEAM,
    RP_REF_CALENDAR,
    RP_REF_MODEL,
    RP_REF_STATUS, /* "stage.status", or the status alone */
    RP_REF_FILE,   /* a path in the rules directory */
    RP_REF_COUNT,
};

extern const char *const rp_schema_nouns[]; /* [enum rp_ref]: "stage" */

/* What a constructor makes. */
enum rp_makes {
    RP_MAKES_MATCH = 1u << 0,
    RP_MAKES_COND = 1u << 1,
    RP_MAKES_COUNT = 1u << 2,
    RP_MAKES_TRIGGER = 1u << 3,
    RP_MAKES_PART = 1u << 4,    /* of an action */
    RP_MAKES_STEP = 1u << 5,    /* of a sequence */
    RP_MAKES_IN_STEP = 1u << 6, /* stands in a step */
    RP_MAKES_PLAY = 1u << 7,    /* of a test */
    RP_MAKES_MOMENT = 1u << 8,  /* stands in after(…) {…} */
    RP_MAKES_ENDPOINT = 1u << 9,
    RP_MAKES_SECRET = 1u << 10,   /* env, file of the configuration */
    RP_MAKES_EXPECTED = 1u << 11, /* exactly {…} */
};

struct rp_schema_shape;

struct rp_schema_field {
    const char *name;                    /* NULL ends an array */
    uint32_t wants;                      /* enum rp_want */
    const char *doc;                     /* one sentence */
    const char *fallback;                /* default as rules would write it; NULL: none */
    const struct rp_schema_shape *shape; /* TABLE */
    const char *choices;                 /* TEXT: "first|best" */
    double min, max;                     /* NUMBER; both 0: any */
    uint32_t makes;                      /* CALL: enum rp_makes */
    enum rp_ref ref;                     /* TEXT, TEXTS */
    bool required, whole;                /* whole: NUMBER without fraction */
    bool placeholders;                   /* TEXT may hold {lead.email} */
    bool lead;                           /* WHEN, FIELDS: a bare key is a field of the lead */
    bool context;                        /* FIELDS: a bare key is a field of the context */
};

/* What a table may hold. */
struct rp_schema_shape {
    const struct rp_schema_field *fields; /* NULL: none */
    const struct rp_schema_field *item;   /* elements without a key; NULL: none */
    const struct rp_schema_field *entry;  /* under any other key; NULL: unknown keys are errors */
    enum rp_ref key;                      /* what those keys name */
    uint32_t item_min;
};

struct rp_schema_decl {
    const char *name; /* NULL ends an array */
    const char *doc, *example;
    struct rp_schema_shape shape;
    bool named;      /* score "x" {…}; else total {…} */
    bool once;       /* at most one in a directory */
    enum rp_ref ref; /* what its name is, for references */
};

#define RP_SCHEMA_PARAMS 3
struct rp_schema_call {
    const char *name; /* NULL ends an array */
    uint32_t makes;   /* enum rp_makes; 0: nothing that rules use */
    const char *doc, *example;
    struct rp_schema_field params[RP_SCHEMA_PARAMS]; /* name NULL: no further one */
    bool curried;                                    /* step "x" {…} */
    bool texts; /* in `test`: called with (text, pattern) it answers true or false */
};

/* The two languages. */
extern const struct rp_schema_decl rp_schema_decls[];        /* of rule files */
extern const struct rp_schema_call rp_schema_calls[];        /* of rule files */
extern const struct rp_schema_decl rp_schema_config_decls[]; /* of ripen.lua */
extern const struct rp_schema_call rp_schema_config_calls[];

/* What constructors of a kind make, in the words of help: "a matcher". */
struct rp_schema_made {
    uint32_t makes;
    const char *text, *lua;
};
extern const struct rp_schema_made rp_schema_mades[]; /* makes 0 ends */

/* The default of a field as a value; false when there is none, or when it is a sentence. */
struct rp_schema_value {
    enum rp_want want; /* TEXT, NUMBER, BOOL */
    struct rp_str text;
    double number; /* NUMBER, BOOL */
};
bool rp_schema_fallback(const struct rp_schema_field *field, struct rp_schema_value *ret_value);
/* A text where a list is meant too: on = "page" for on = { "page" }. */
bool rp_schema_wraps(const struct rp_schema_field *field);

const struct rp_schema_decl *rp_schema_decl(const char *name);
const struct rp_schema_call *rp_schema_call(const char *name);

/* Names that several modules use. */
extern const char *const rp_touch_names[];    /* first_touch …; NULL ends */
extern const char *const rp_touch_fields[];   /* source …; NULL ends */
extern const char *const rp_page_fallbacks[]; /* path url title referrer search; NULL ends */

#endif
