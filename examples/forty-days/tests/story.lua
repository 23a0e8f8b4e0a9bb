test "Inès reads, waits in vain, is refused, comes back to another and buys" {
  at = "2026-03-05T08:05:00Z",
  play = {
    after("0d")  { page { path = "/blog" }, expect { stage = "visitor", grade = "C3" } },
    after("1h")  { track("Consent Given", { purpose = "marketing" }), track("Newsletter Subscribed"), track("Newsletter Subscribed") },
    after("1h")  { identify { email = "ines@hooli.test", title = "Head of Marketing", company = { employees = 240 } } },
    after("1h")  { expect { stage = "lead", fit = 45, started = { "welcome" }, fired = { newsletter = 1 } } },
    after("2h")  { track("Email Link Clicked", { email_id = "hello" }), track("Email Link Clicked", { email_id = "hello" }) },
    after("5d")  { page { path = "/customers/hooli" }, page { path = "/customers/hooli" }, track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "a" }) },
    after("6d")  { page { path = "/pricing" }, page { path = "/pricing" }, page { path = "/" }, page { path = "/" }, page { path = "/" }, page { path = "/" } },
    after("6d")  { track("Webinar Attended", { webinar = "live" }), track("Webinar Attended", { webinar = "live" }) },
    after("6d")  { expect { stage = "mql", status = "open", owner = "lea@acme.test", fired = { pricing = 1, case = 1, clicked = 1, ebook = 1, webinar = 1 }, sent = exactly { hand_over = 1 } } },
    after("10d") { expect { sent = exactly { hand_over = 1, nobody_answered = 1 } } },
    after("11d") { track("Contact Attempted"), expect { status = "attempting" } },
    after("12d") { track("Lead Rejected", { reason = "no_budget" }), expect { stage = "recycled", owner = missing(), started = { "stay_in_touch" } } },
    after("20d") { track("Webinar Attended", { webinar = "again" }), track("Ebook Downloaded", { title = "b" }), expect { stage = "recycled" } },
    after("27d") { expect { stage = "mql", owner = "tom@acme.test", sent = { hand_over = 2 } } },
    after("28d") { track("Lead Accepted"), expect { stage = "sal" } },
    after("29d") { track("Meeting Booked"), expect { stage = "sql", sent = { prepare_meeting = 1 } } },
    after("33d") { track("Opportunity Created"), expect { stage = "opportunity" } },
    after("40d") { track("Deal Won"), expect { stage = "customer", owner = "tom@acme.test", started = { "onboarding" } } },
  },
}

test "who reads the prices gets no second mail of the welcome" {
  given = { lead = { email = "joe@shop.test", title = "Sales manager", company = { employees = 12 } }, stage = "visitor" },
  play = {
    after("0d") { track("Newsletter Subscribed"), expect { stage = "lead", fit = 15, started = { "welcome" } } },
    after("1d") { page { path = "/pricing" }, page { path = "/pricing" } },
    after("3d") { page { path = "/pricing" } },
    after("4d") { page { path = "/pricing" } },
    after("5d") { page { path = "/pricing" }, expect { stage = "lead", fired = { pricing = 3 } } },
  },
}

test "a large company counts less than a middling one" {
  given = { lead = { email = "kim@giant.test", title = "VP Sales", company = { employees = 9000 } }, stage = "lead" },
  play = { after("0d") { expect { fit = 35, grade = "B3" } } },
}
