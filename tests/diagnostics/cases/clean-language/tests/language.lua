test "a VP who reads, comes to a webinar and goes silent becomes MQL, then is recycled" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test", title = "VP Sales", company = { employees = 500 } }, stage = "lead" },
  play = {
    after("0s")  { page { path = "/pricing" } },
    after("10s") { page { path = "/pricing" } },                                  -- inside the cooldown
    after("1h")  { page { path = "/pricing/enterprise" } },
    after("2h")  { page { path = "/customers/acme" } },
    after("3h")  { track("Webinar Attended") },
    after("3h")  { expect { stage = "mql", fit = 45, engagement = between(43, 44), fired = { viewed_pricing = 2, read_case = 1 }, started = { "welcome" }, sent = { "hand_to_sdr" } } },
    after("60d") { expect { stage = "recycled", because = "below" } },
  },
}
