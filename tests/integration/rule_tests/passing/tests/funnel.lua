test "the whole way, with everything that can be expected" {
  at = "2026-03-02T09:00:00Z",
  play = {
    after("0s")  { page { path = "/pricing", topic = "payroll" }, expect { stage = "visitor", because = missing(), interest = { top = "payroll", payroll = 1 } } },
    after("10m") { page { path = "/pricing", topic = "hiring" }, page { topic = "Payroll" } },
    after("10m") { expect { fired = exactly { pricing = 1, topic = 3 }, interest = { top = "payroll", payroll = between(1.9, 2), hiring = 1 }, total = between(9.9, 10) } },
    after("1h")  { identify({ email = "ana@globex.test", title = "VP Sales" }, { userId = "u-1" }), account { employees = 20 }, identify { company = { employees = 20 } } },
    after("1h")  { expect { stage = "lead", because = "known", fit = 20, grade = "A2", sent = exactly { greet = 1 }, traits = { title = contains "vp", phone = missing(), nickname = missing() } } },
    after("2h")  { identify { phone = "+33 1 00 00 00 00", company = { employees = 200 }, nickname = "Nana" } },
    after("2h")  { expect { fit = 30, traits = { nickname = "nana" } } },
    after("3h")  { page { path = "/pricing/all" }, page { path = "/pricing" } },
    after("3h")  { expect { stage = "lead", engagement = between(19, 20) } },
    after("4h")  { page { path = "/pricing" }, expect { stage = "mql", status = "open", because = one_of { "at_least", "did" }, sent = { "hand_over" }, fired = { pricing = 3 } } },
    after("5h")  { track("Contact Attempted"), expect { status = "attempting" } },
    after("3d")  { expect { sent = { remind = 1 } } },
    after("60d") { expect { stage = "cold", because = "below", engagement = lt(1) } },
    after("61d") { track("Call Ended"), track("Visit Ended", { pages = 5 }), track("Visit Ended", { pages = 2 }), expect { fired = { call = 1, binge = 1 } } },
  },
}

test "a demo makes an SQL, once" {
  given = { lead = { email = "ben@globex.test", title = "Sales Manager" }, userId = "u-2", stage = "mql" },
  play = {
    after("1h") { track("Demo Requested"), track("Demo Requested"), expect { stage = "sql", engagement = 30, fired = { demo = 1 }, sent = exactly { "at_once" }, not_sent = { "hand_over" }, fit = 10 } },
  },
}

test "cold leads warm up again" {
  given = { lead = { email = "cleo@globex.test", title = "Director", phone = "1" }, stage = "cold" },
  play = {
    after("0h") { page { path = "/pricing" }, expect { stage = "cold" } },
    after("1h") { page { path = "/pricing" }, page({ path = "/pricing" }, { ago = "1h", messageId = "play-000000" }) },       -- the second is a copy
    after("2h") { page { path = "/pricing" }, expect { stage = "mql", fired = { pricing = 3 }, engagement = between(24, 25) } },
  },
}

test "what comes late counts where it belongs" {
  given = { lead = { email = "dan@globex.test" }, stage = "lead" },
  play = {
    after("2h") { page { path = "/pricing" } },
    after("3h") { page({ path = "/pricing" }, { ago = "50m" }), expect { fired = { pricing = 1 } } },                          -- it came first: within the cooldown of nothing, so it gives and the other does not
    after("4h") { page({ path = "/pricing" }, { ago = "2d" }), expect { fired = { pricing = 2 } } },
  },
}

test "the generous model scores more, and lets more in" {
  model = "generous",
  given = { lead = { email = "eve@globex.test", title = "VP" }, stage = "lead" },
  play = { after("0h") { page { path = "/pricing" }, expect { engagement = 20, stage = "mql" } } },
}

test "colleagues are recorded, and nothing else" {
  play = { after("0h") { identify { email = "fay@acme.test", title = "VP" }, page { path = "/pricing" }, expect { total = 0, stage = "visitor", fired = exactly {} } } },
}

test "another browser becomes the same person by alias and by userId" {
  play = {
    after("0h") { page { path = "/pricing" }, alias("u-7") },
    after("1h") { page({ path = "/pricing" }, { anonymousId = "phone", userId = "u-7" }), expect { fired = { pricing = 2 }, stage = "lead" } },
  },
}
