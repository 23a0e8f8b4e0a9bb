/* SPDX-License-Identifier: MIT */
/* Every bound of the program, with its reason. Each has a test at it and past it. Bytes unless the
 * name says otherwise; the ones marked * can be changed in ripen.lua. */
#ifndef RP_BASE_LIMITS_H
#define RP_BASE_LIMITS_H

/* What a client may send (Segment's documented limits). */
#define RP_BODY_MAX          (512 * 1024) /* * one request, also after gunzip */
#define RP_ITEM_MAX          (32 * 1024)  /* one event */
#define RP_BATCH_ITEMS_MAX   2500
#define RP_BATCH_CONTEXT_MAX (8 * 1024) /* context of a batch, which each item inherits */
#define RP_JSON_DEPTH_MAX    64
#define RP_PROPERTIES_MAX    1000 /* values in one event */
#define RP_STRING_MAX        (8 * 1024)
#define RP_ID_MAX            255 /* userId, anonymousId, messageId, event name */

#define RP_FORM_FIELDS_MAX    200  /* fields of one form, empty ones as well */
#define RP_FORM_PEERS_MAX     4096 /* network addresses whose posts are counted at a time */
#define RP_HITS_PER_MINUTE    600 /* links of mails that one network follows; more is not counted */
#define RP_WEBHOOK_AGE_MAX_MS (5 * 60 * 1000) /* of a signed request, and as much ahead of us */

/* What an import may hold. */
#define RP_CSV_RECORD_MAX     (1024 * 1024) /* one record; more means that a quote is missing */
#define RP_IMPORT_EVENTS_MAX  200000        /* sorted at a time */
#define RP_IMPORT_BYTES_MAX   (256 * 1024 * 1024) /* they take; then fewer at a time */
#define RP_IMPORT_REASONS_MAX 10 /* rejected rows that are shown; the rest is counted */

/* What waits in memory. */
#define RP_QUEUE_EVENTS_MAX 20000 /* then 503: an acceptance is never in memory only */
#define RP_GROUP_EVENTS_MAX 1000  /* events in one transaction */
#define RP_LEADS_CACHED_MAX 2000000
#define RP_LEADS_HOT_MAX    16384 /* of them as the engine takes them; others in a third of it */
#define RP_CONNECTIONS_MAX  4096
#define RP_NODES_CACHED_MAX 1048576 /* identifiers of the store, some 90 bytes each */
#define RP_NAMES_MAX        65536 /* names interned for events; further ones stand in their rows */
#define RP_TAILS_MAX        16384 /* ends of bodies that many events share */

/* Rule sets. */
#define RP_GENERATIONS_KEPT   1000         /* newest ones that keep their sources */
#define RP_EFFECT_LEADS_MIN   20           /* fewer moves hold no edit, whatever share they are */
#define RP_REQUEST_ANSWER_MAX (256 * 1024) /* of a server to a command beside it */

/* What a rule may use. */
#define RP_RULE_STEPS_MAX  50000    /* instructions of one test */
#define RP_LOAD_STEPS_MAX  20000000 /* instructions of a whole load */
#define RP_RULE_BYTES_MAX  (16 * 1024 * 1024)
#define RP_RULE_STRING_MAX (1024 * 1024)
#define RP_PATTERN_MAX     256
#define RP_EVIDENCE_MAX    200
#define RP_RULE_FILE_MAX   (1024 * 1024)
#define RP_RULE_FILES_MAX  2000
#define RP_FINDINGS_MAX    20      /* shown of one load */
#define RP_POINTS_MAX      1000000 /* of one rule, in points */

/* What reading rules may use as a process; behind the budgets above, for what they do not see. */
#define RP_CHILD_MEMORY_MAX (1ULL << 30)
#define RP_CHILD_OUTPUT_MAX (64 * 1024 * 1024) /* findings, results of tests */
#define RP_CHECK_CPU_S      20
#define RP_CHECK_WALL_MS    (60 * 1000)
#define RP_TEST_CPU_S       120
#define RP_TEST_WALL_MS     (600 * 1000)

#define RP_TRACE_EVENTS_MAX 100 /* newest events that a failed test shows */

/* What a lead may hold. */
#define RP_VOIDS_MAX          256 /* events of a lead that people may void */
#define RP_WINDOW_ENTRIES_MAX 256 /* newest entries of a counter */
#define RP_ONCE_KEYS_MAX      256 /* keys of once_per a rule */
#define RP_BY_KEYS_MAX        256 /* values of a dimension `by` a field */
#define RP_METRIC_RULES_MAX   200 /* rules that /metrics tells of, each with seven rows */
#define RP_TEAM_MEMBERS_MAX   500
#define RP_MODELS_MAX         32     /* that score every lead; cells have room for no more */
#define RP_LEAD_EVENTS_MAX    100000 /* then its history is folded in the background */
#define RP_REFOLD_EVENTS_MAX  10000  /* folded again for late events of one lead within a minute */
#define RP_VERIFY_TOLD_MAX    20     /* differences that verify prints of each thread */
#define RP_TRAILS_BYTES_MAX   (64 * 1024 * 1024) /* checkpoints of leads with late events */

/* History played again. */
#define RP_REPLAY_REFOLD_MAX 2000000 /* events of one family folded again for late ones */

/* Reports. */
#define RP_REPORT_GROUPS_MAX 100 /* values of --by that are told apart; the rest are one group */

#define RP_INSTANCES_MAX                                                                           \
    64 /* sequences that a lead is in or was: the oldest that ended is forgotten */

#define RP_BULK_PORTION_MAX 100     /* leads that one bulk decision is for */
#define RP_BULK_LEADS_MAX   100000  /* leads that `ripen bulk` decides for in portions */
#define RP_EXPORT_LEADS_MAX 2000000 /* rows of one list or CSV */
#define RP_TASK_NOTES_MAX   200     /* of one task */

/* Delivery. */
#define RP_WEBHOOK_ANSWER_MAX (64 * 1024)
#define RP_ACTION_BODY_MAX    (64 * 1024)
#define RP_PAUSES_MAX         32 /* things that may be paused at a time */
#define RP_PAUSE_SCOPE_MAX    120
#define RP_PAUSE_REASON_MAX   200
#define RP_CRM_STEPS_MAX      8            /* requests that one row into a CRM may take */
#define RP_EMAIL_BODY_MAX     (256 * 1024) /* the row of an e-mail: subject, text and HTML */
#define RP_EMAIL_SUBJECT_MAX  512          /* longer ones are cut */
#define RP_MAILBOX_MAX        512          /* a name and an address */
#define RP_MAIL_QUEUE_MAX     1024         /* e-mails in memory; the rest wait in the outbox */
#define RP_MAIL_DOMAINS_MAX   4096         /* recipients' domains whose pace is remembered */
#define RP_MAIL_LINKS_MAX     500          /* links of a message that are followed; the rest stay */
#define RP_ENDPOINT_QUEUE_MAX 4096         /* rows in memory; the rest wait in the outbox */
#define RP_RETRY_STEP_MS      (5 * 1000)   /* ceiling of the first back-off; doubles */
#define RP_RETRY_STEP_MAX_MS  (5 * 3600 * 1000) /* ceiling of later ones and of Retry-After */
#define RP_RETRY_ATTEMPTS_MAX 23                /* 22 waits, 27.8 hours on average; then dead */

#endif
