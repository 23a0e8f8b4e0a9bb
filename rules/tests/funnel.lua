-- The life cycle, in virtual time: who moves when, and who hears of it. The server never loads tests.

test "the right person who reads, compares prices and comes to a webinar is an MQL without a demo" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test", title = "Directrice marketing", company = { employees = 500 } }, stage = "lead" },
  play = {
    after("0s") { page { path = "/tarifs" } },
    after("10m") { page { path = "/tarifs" } },                                   -- inside the cooldown: a page view, no more
    after("1h") { page { path = "/cas-clients/stark" } },
    after("2h") { track("Webinar Attended", { webinar = "scoring-live" }) },
    after("2h") { expect { stage = "lead", fit = 57, fired = { viewed_pricing = 1, read_case = 1, webinar_attended = 1 }, not_sent = { "hand_to_sales" } } },
    after("1d") { page { path = "/tarifs" } },
    after("1d") { expect { stage = "mql", because = "at_least", engagement = between(44, 46), fired = { viewed_pricing = 2, page_view = 4 }, sent = { "hand_to_sales" } } },
  },
}

test "a visitor who asks for a demo at once is an SQL, and sales hear of it" {
  at = "2026-03-02T09:00:00Z",
  play = {
    after("0s")  { page { path = "/" }, expect { stage = "visitor" } },
    after("40s") { identify { email = "paul@umbrella.test", title = "DSI", company = { employees = 2300 } }, expect { stage = "lead" } },
    after("60s") { track("Form Submitted", { form = "Démo" }) },
    after("60s") { expect { stage = "sql", because = "did", intent = 40, fired = { asked_for_demo = 1 }, sent = exactly { hand_raised = 1 } } },
  },
}

test "newsletter, follow and three visits make an MQL of any size" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "hugo@atelier.test" }, stage = "lead" },
  play = {
    after("0s") { track("Newsletter Subscribed") },
    after("0s") { track("Social Followed", { network = "linkedin" }) },
    after("1d") { page { path = "/" } },
    after("3d") { page { path = "/product" } },
    after("3d") { expect { stage = "lead" } },
    after("5d") { page { path = "/customers/globex" } },
    after("5d") { expect { stage = "mql", because = "visits", habits = 5 } },
  },
}

test "sales say not now: recycled, and left in peace for a month" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "karen@vandelay.test", title = "VP Sales", company = { employees = 300 } }, stage = "lead" },
  play = {
    after("0s")  { track("Webinar Attended", { webinar = "march" }) },
    after("0s")  { page { path = "/pricing" } },
    after("1d")  { page { path = "/pricing" } },
    after("2d")  { page { path = "/pricing" } },
    after("2d")  { expect { stage = "mql" } },
    after("3d")  { track("Lead Rejected", { reason = "no_budget" }) },
    after("3d")  { expect { stage = "recycled", sent = { "taken_back" } } },
    after("4d")  { track("Webinar Attended", { webinar = "april" }) },
    after("4d")  { expect { stage = "recycled" } },
    after("34d") { page { path = "/pricing" } },
    after("35d") { track("Webinar Attended", { webinar = "may" }) },
    after("36d") { page { path = "/pricing" } },
    after("36d") { expect { stage = "mql", sent = { hand_to_sales = 2 } } },
  },
}

test "the whole way, as the CRM tells it: accepted, a meeting, an opportunity, won, and a recommendation" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test", first_name = "Ana" }, stage = "mql" },
  play = {
    after("1h")  { track("Lead Accepted"), expect { stage = "sal" } },
    after("1d")  { track("Meeting Booked"), expect { stage = "sql", sent = { "hand_raised" } } },
    after("2d")  { track("Opportunity Created"), expect { stage = "opportunity" } },
    after("9d")  { track("Deal Won"), expect { stage = "customer" } },
    after("30d") { track("Referral Made"), expect { stage = "customer" } },                  -- too early to call him an evangelist
    after("70d") { track("Review Posted", { stars = 5 }) },
    after("70d") { expect { stage = "evangelist", because = one_of { "did", "in_stage" }, sent = { "thank_evangelist" } } },
    after("80d") { track("Deal Lost"), expect { stage = "evangelist" } },
  },
}

test "a deal that is lost goes back to marketing" {
  given = { lead = { email = "ana@globex.test" }, stage = "opportunity" },
  play = {
    after("1d") { track("Deal Lost"), expect { stage = "recycled", sent = exactly { taken_back = 1 } } },
  },
}

test "sales call somebody a suspect; he comes back by raising a hand" {
  given = { lead = { email = "ana@globex.test" }, stage = "mql" },
  play = {
    after("1h") { track("Lead Rejected", { reason = "suspect" }), expect { stage = "suspect", not_sent = { "taken_back" } } },
    after("2d") { track("Quote Requested"), expect { stage = "sql" } },
  },
}

test "a student who collects e-books and opens no mail is a suspect" {
  given = { lead = { email = "lucas@gmail.com", title = "Étudiant" }, stage = "lead" },
  play = {
    after("1h") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("2h") { expect { stage = "lead" } },
    after("3h") { track("Ebook Downloaded", { title = "c" }), expect { stage = "suspect" } },
  },
}

test "a rival is noticed, and never handed over" {
  play = {
    after("0h") { identify { email = "igor@rival.test", title = "PDG", company = { employees = 500 } }, expect { stage = "lead", sent = exactly { rival_seen = 1 } } },
    after("1h") { track("Demo Requested"), expect { stage = "sql", not_sent = { "hand_raised" } } },
  },
}

test "an MQL whose intent rises is worth a word to sales" {
  given = { lead = { email = "ana@globex.test" }, stage = "mql" },
  play = {
    after("0h") { page { path = "/pricing" }, page { path = "/compare/hooli" }, page { path = "/compare/stark" } },
    after("1h") { expect { intent = between(15, 16), not_sent = { "warming_up" } } },
    after("1h") { page { path = "/comparatif/umbrella" }, expect { intent = between(20, 21), sent = exactly { warming_up = 1 } } },
  },
}

test "an MQL who goes silent falls back to marketing by time alone" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test", title = "VP Marketing", company = { employees = 500 } }, stage = "lead" },
  play = {
    after("0d")  { page { path = "/pricing" }, track("Webinar Attended", { webinar = "march" }) },
    after("1d")  { page { path = "/pricing" }, track("Ebook Downloaded", { title = "lead scoring" }), expect { stage = "mql" } },
    after("30d") { expect { stage = "mql", engagement = between(15, 20) } },
    after("120d") { expect { stage = "recycled", engagement = lt(5), sent = exactly { hand_to_sales = 1, taken_back = 1 } } },
  },
}
