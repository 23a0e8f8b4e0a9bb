-- Single rules, one worry a test.

test "open and click of one mail score the open once" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0s") { track("Email Opened", { email_id = "nl-1" }) },
    after("0s") { track("Email Link Clicked", { email_id = "nl-1" }) },
    after("0s") { track("Email Opened", { email_id = "nl-1" }) },
    after("0s") { expect { engagement = 6, fired = { opened_mail = 1, clicked_mail = 1 } } },
  },
}

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
    after("3h") { expect { engagement = between(39, 40) } },
  },
}

test "a student is no lead for sales" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "lucas@gmail.com", title = "Étudiant en marketing" }, stage = "lead" },
  play = { after("0s") { expect { fit = 0 } } },
}
