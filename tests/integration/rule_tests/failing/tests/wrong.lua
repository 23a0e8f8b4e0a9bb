test "everything is wrong" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test", title = "VP Sales" }, stage = "lead" },
  play = {
    after("0s")  { page { path = "/pricing" }, page { path = "/blog" } },
    after("10m") { page { path = "/pricing" } },
    after("1h")  { page({ path = "/pricing" }, { ago = "5m" }), track("Visit Ended", { pages = 500 }) },
    after("2h")  { page { path = "/pricing", topic = "payroll" } },
    after("3h")  { expect {
      stage = "sql", status = "attempting", because = "did", engagement = between(43, 44), total = gt(100), grade = "B2",
      fired = { pricing = 4, demo = 1, binge = 1 }, not_fired = { "pricing" }, sent = { "hand_over", at_once = 2 }, not_sent = { "greet" },
      traits = { title = "CEO", phone = exists() }, interest = { top = "hiring", payroll = 2 },
    } },
    after("30d") { expect { stage = "mql", fired = exactly { pricing = 3 } } },
  },
}

test "a stage that is only passed through" {
  given = { lead = { email = "ben@globex.test", title = "VP" }, stage = "visitor" },
  play = {
    after("1h") { track("Demo Requested"), expect { stage = "sql", sent = { "greet" } } },
  },
}

test "nobody is there yet" {
  play = { after("1h") { expect { stage = "visitor" }, page {}, expect { stage = "visitor" } } },
}

test "an event that is refused" {
  play = { after("1h") { track(""), expect { stage = "visitor" } } },
}

test "colleagues & \"robots\" <score> #1" {
  play = { after("0h") { identify { email = "fay@acme.test" }, page { path = "/pricing" }, expect { fired = { "pricing" } } } },
}

test "this one is right" {
  play = { after("0h") { page { path = "/pricing" }, expect { fired = { "pricing" } } } },
}
