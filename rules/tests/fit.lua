-- Fit: what the profile is worth, line by line.

test "the size of the company" {
  play = {
    after("0h") { identify { email = "ana@globex.test" }, expect { fit = 0 } },
    after("1h") { identify { effectif = 4 }, expect { fit = 0, traits = { ["company.employees"] = 4 } } },
    after("2h") { identify { effectif = "10-50" }, expect { fit = 8 } },                 -- a range counts by its lower bound
    after("3h") { identify { company = { employees = 120 } }, expect { fit = 18 } },
    after("4h") { identify { company = { employees = 500 } }, expect { fit = 25 } },
    after("5h") { identify { company = { employees = "12 000" } }, expect { fit = 15 } },
  },
}

test "the rank in the title: the best line counts, an assistant is no director" {
  play = {
    after("0h") { identify { email = "ana@globex.test", title = "Gérante" }, expect { fit = 25 } },
    after("1h") { identify { title = "President" }, expect { fit = 25 } },
    after("2h") { identify { title = "Vice President" }, expect { fit = 20 } },
    after("3h") { identify { fonction = "Directrice des opérations" }, expect { fit = 20 } },
    after("4h") { identify { title = "Office Manager" }, expect { fit = 12 } },
    after("5h") { identify { title = "Consultante" }, expect { fit = 5 } },
    after("6h") { identify { title = "Assistante de direction du directeur" }, expect { fit = 0 } },
  },
}

test "the department" {
  play = {
    after("0h") { identify { email = "ana@globex.test", title = "Consultante marketing" }, expect { fit = 17 } },
    after("1h") { identify { title = "Consultante ventes" }, expect { fit = 15 } },
    after("2h") { identify { title = "Consultante digital" }, expect { fit = 11 } },
  },
}

test "the industry" {
  play = {
    after("0h") { identify { email = "ana@globex.test", secteur = "Logiciel" }, expect { fit = 10 } },
    after("1h") { identify { secteur = "Assurance" }, expect { fit = 6 } },
    after("2h") { identify { secteur = "Pêche" }, expect { fit = 0 } },
  },
}

test "where the lead came from: a partner's recommendation is worth more than a bought list" {
  play = {
    after("0h") { page({ path = "/" }, { context = { campaign = { source = "partner" } } }) },
    after("1h") { identify({ email = "ana@globex.test" }, { context = { campaign = { source = "partner" } } }) },
    after("1h") { expect { fit = 10, traits = { ["lead_touch.source"] = "partner" } } },
  },
}

test "a bought address" {
  play = {
    after("0h") { identify({ email = "ana@globex.test", title = "PDG" }, { context = { campaign = { source = "fichier" } } }) },
    after("0h") { expect { fit = 21 } },                                                   -- 25 + 6 - 10
  },
}

test "the mailbox tells: free, thrown away, a school, a rival" {
  play = {
    after("0h") { identify { email = "ana@globex.test", title = "PDG", company = { employees = 500 } }, expect { fit = 56 } },
    after("1h") { identify { email = "ana.globex@gmail.com" }, expect { fit = 46 } },
    after("2h") { identify { email = "ana@getnada.com" }, expect { fit = 26 } },
    after("3h") { identify { email = "ana@etu.univ-lyon.test" }, expect { fit = 41 } },
    after("4h") { identify { email = "ana@rival.test" }, expect { fit = 16 } },
  },
}

test "a student is no lead for sales" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "lucas@gmail.com", title = "Étudiant en marketing" }, stage = "lead" },
  play = { after("0s") { expect { fit = 0 } } },
}

test "habits: visits of the last 30 days, and a profile that is good enough to call" {
  at = "2026-03-02T09:00:00Z",
  play = {
    after("0h") { track("Email Opened", { email_id = "nl-1" }), expect { habits = -5 } },
    after("1h") { page { path = "/" }, expect { habits = 0 } },
    after("3h") { page { path = "/" } },
    after("5h") { page { path = "/" }, expect { habits = 5 } },
    after("7h") { page { path = "/" } },
    after("9h") { page { path = "/" } },
    after("11h") { page { path = "/" }, expect { habits = 10 } },
    after("11h") { identify { email = "ana@globex.test", phone = "+33 1 00 00 00 00", title = "PDG" }, expect { habits = 15 } },
    after("40d") { expect { habits = 0 } },                                                -- nobody came for 30 days: -5 and 5
  },
}

test "colleagues, test addresses and robots are recorded, and nothing else" {
  play = {
    after("0h") { identify { email = "hana@acme.test", title = "PDG", company = { employees = 500 } } },
    after("1h") { page { path = "/pricing" }, expect { total = 0, stage = "visitor", fired = exactly {}, sent = exactly {} } },
  },
}

test "a robot in somebody's name scores nothing" {
  given = { lead = { email = "ana@globex.test" }, stage = "lead" },
  play = {
    after("0h") { page({ path = "/pricing" }, { context = { userAgent = "Googlebot/2.1" } }), expect { engagement = 0, fired = exactly {} } },
    after("1h") { page { path = "/pricing" }, expect { fired = { viewed_pricing = 1 } } },
  },
}
