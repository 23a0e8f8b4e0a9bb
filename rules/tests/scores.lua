-- Single rules, one worry a test: that it gives its points, and when it does not.

-- ---- The web site

test "the web site alone gives at most 40 points in a week" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { page { path = "/pricing" } },
    after("1h") { page { path = "/pricing" } },
    after("2h") { page { path = "/pricing" } },
    after("3h") { page { path = "/customers/globex" } },
    after("3h") { page { path = "/customers/hooli" } },
    after("3h") { page { path = "/customers/umbrella" } },
    after("3h") { expect { engagement = between(39, 40), fired = { read_case = 2 } } },     -- the third one found no room left
  },
}

test "reloading the prices does not count twice, nor more than three times a week" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0m")  { page { path = "/tarifs" }, page { path = "/tarifs" } },
    after("10m") { page { path = "/tarifs" }, expect { fired = { viewed_pricing = 1, page_view = 3 } } },
    after("1h")  { page { path = "/tarifs" } },
    after("2h")  { page { path = "/tarifs" } },
    after("3h")  { page { path = "/tarifs" }, expect { fired = { viewed_pricing = 3 } } },
  },
}

test "ten pages count in a day, each case study and each article once" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0m") { page { path = "/" }, page { path = "/blog/scoring" }, page { path = "/blog/scoring" } },
    after("1m") { page { path = "/cas-clients/stark" }, page { path = "/cas-clients/stark" }, page { path = "/guides/mql" } },
    after("2m") { page { path = "/a" }, page { path = "/b" }, page { path = "/c" }, screen {}, page { path = "/d" } },
    after("2m") { expect { fired = { page_view = 10, read_article = 2, read_case = 1 }, engagement = between(15.9, 16) } },
  },
}

test "somebody who looks for a job is worth less, once a week" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { page { path = "/recrutement" }, page { path = "/jobs/sales" } },
    after("0h") { expect { engagement = 0, fired = { job_seeker = 1, page_view = 2 } } },
  },
}

-- ---- Content

test "an e-book and a webinar count once each" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { track("Whitepaper Downloaded", { title = "lead scoring" }), track("Ebook Downloaded", { title = "Lead Scoring" }) },
    after("1h") { track("Webinar Registered", { webinar = "live" }), track("Webinar Registered", { webinar = "live" }) },
    after("2h") { track("Webinar Attended", { webinar = "live" }), track("Webinar Attended", { webinar = "live" }) },
    after("2h") { expect { fired = exactly { ebook = 1, webinar_registered = 1, webinar_attended = 1 }, engagement = between(31.8, 32) } },
  },
}

-- ---- E-mail

test "open and click of one mail score the open once" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0s") { track("Email Opened", { email_id = "nl-1" }) },
    after("0s") { track("Email Link Clicked", { email_id = "nl-1" }) },
    after("0s") { track("Email Opened", { email_id = "nl-1" }), track("Email Clicked", { email_id = "nl-1" }) },
    after("0s") { expect { engagement = 6, fired = { opened_mail = 1, clicked_mail = 1 } } },
  },
}

test "a mail that nobody wants takes points, each reason once" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { track("Webinar Attended", { webinar = "a" }), track("Webinar Attended", { webinar = "b" }), track("Webinar Attended", { webinar = "c" }) },
    after("0h") { track("Unsubscribed"), track("Unsubscribed"), expect { engagement = 34 } },
    after("0h") { track("Email Marked as Spam"), track("Email Marked as Spam"), expect { engagement = 14 } },   -- the mail takes 40 in a week at most
    after("0h") { track("Email Bounced"), track("Email Bounced") },
    after("0h") { expect { fired = { unsubscribed = 1, bounced = 1, marked_spam = 1 }, engagement = 4 } },
  },
}

-- ---- Other signs of life

test "newsletter, follow, chat and trial have their limits" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { track("inscription_newsletter"), track("Newsletter Subscribed") },
    after("1h") { track("Social Followed"), track("LinkedIn Followed"), track("Social Followed") },
    after("2h") { track("Live Chat Conversation Started"), track("Live Chat Conversation Started"), track("Live Chat Conversation Started") },
    after("3h") { track("Feature Used"), track("Feature Used") },
    after("4h") { track("Feature Used") },
    after("4h") { expect { fired = exactly { newsletter = 1, social_follow = 2, chat = 2, product_used = 2 }, engagement = between(43.7, 44) } },
  },
}

-- ---- Intent

test "a raised hand counts for both scores, and once" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { track("demande_demo"), track("Demo Requested"), expect { intent = 40, engagement = 20 } },
    after("1h") { track("demande_devis"), track("Quote Requested") },
    after("2h") { track("rdv_pris"), track("Meeting Booked") },
    after("3h") { track("essai_demarre"), track("Trial Started") },
    after("3h") { expect { fired = exactly { asked_for_demo = 1, asked_for_quote = 1, booked_meeting = 1, started_trial = 1 }, intent = 100, engagement = between(74.5, 75) } },
  },
}

test "a form is a demo, a quote or a meeting by its name" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { track("Form Submitted", { form = "Devis" }), track("Form Submitted", { form = "contact" }) },
    after("0h") { expect { fired = exactly { asked_for_quote = 1 }, stage = "sql" } },
  },
}

test "quiet signs: prices again, comparisons, a basket" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h")  { page { path = "/pricing" }, page { path = "/compare/hooli" }, page { path = "/compare/hooli" } },
    after("1h")  { page { path = "/pricing" }, expect { intent = between(10.9, 11), fired = { pricing_intent = 1, compares = 1 } } },
    after("2h")  { track("Product Added", { price = 250 }), track("Product Added", { price = 40 }) },     -- below 100: nothing
    after("2h")  { expect { fired = { basket = 1 }, intent = between(14.8, 15) } },
    after("3h")  { track("Product Removed"), track("Product Removed"), track("Product Removed"), track("Product Removed") },
    after("4h")  { track("Checkout Started"), track("Checkout Started") },
    after("4h")  { expect { fired = { basket_emptied = 3, checkout = 1 }, intent = between(20.6, 21), stage = "sql" } },
  },
}
