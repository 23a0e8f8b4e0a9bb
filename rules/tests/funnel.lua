-- Tests of the starter rules, in virtual time. The server never loads them.

test "the right person who reads, compares prices and comes to a webinar is an MQL without a demo" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test", title = "Directrice marketing", company = { employees = 500 } }, stage = "lead" },
  play = {
    after("0s") { page { path = "/tarifs" } },
    after("10m") { page { path = "/tarifs" } },                                   -- inside the cooldown: a page view, no more
    after("1h") { page { path = "/cas-clients/stark" } },
    after("2h") { track("Webinar Attended", { webinar = "scoring-live" }) },
    after("2h") { expect { stage = "lead", fit = 57, fired = { viewed_pricing = 1, read_case = 1, webinar_attended = 1 } } },
    after("1d") { page { path = "/tarifs" } },
    after("1d") { expect { stage = "mql", engagement = between(44, 46), fired = { viewed_pricing = 2, page_view = 4 }, sent = { "hand_to_sales" } } },
  },
}

test "a visitor who asks for a demo at once is an SQL, and sales hear of it" {
  at = "2026-03-02T09:00:00Z",
  play = {
    after("0s")  { page { path = "/" } },
    after("40s") { identify { email = "paul@umbrella.test", title = "DSI", company = { employees = 2300 } } },
    after("60s") { track("Form Submitted", { form = "Démo" }) },
    after("60s") { expect { stage = "sql", intent = 40, fired = { asked_for_demo = 1 }, sent = { "hand_raised" } } },
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
    after("5d") { expect { stage = "mql", habits = 5 } },
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
    after("3d")  { expect { stage = "recycled" } },
    after("4d")  { track("Webinar Attended", { webinar = "april" }) },
    after("4d")  { expect { stage = "recycled" } },
    after("34d") { page { path = "/pricing" } },
    after("35d") { track("Webinar Attended", { webinar = "may" }) },
    after("36d") { page { path = "/pricing" } },
    after("36d") { expect { stage = "mql" } },
  },
}
