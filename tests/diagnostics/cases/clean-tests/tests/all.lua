test "a visit" {
  at = "2026-03-02T09:00:00Z", model = "default_model",
  given = { lead = { email = "a@b.test" }, userId = "u" },
  play = {
    after("0s") { page { path = "/" }, expect { fired = exactly { "visit" }, total = between(4, 5), traits = { title = missing() } } },
    after("1d") { account { employees = 5 }, alias("u-1"), screen {}, expect { stage = one_of { "lead" } } },
  },
}
