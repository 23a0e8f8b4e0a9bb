test "Dora a le profil et demande une démo : SQL aussitôt" {
  play = {
    after("0h") { page { path = "/" }, expect { stage = "visitor" } },
    after("1h") { identify { email = "dora@lead.test", title = "Directrice", company = { employees = 400, industry = "Logiciel" } } },
    after("1h") { expect { stage = "lead", fit = 70 } },
    after("2h") { track("Demo Requested"), track("Quote Requested") },                        -- une fois en 30 jours
    after("2h") { expect { stage = "sql", fired = { demande = 1 }, sent = exactly { appeler = 1 } } },
    after("9d") { track("Deal Won"), expect { stage = "customer" } },
  },
}

test "Éric demande d'abord, son profil se complète ensuite" {
  play = {
    after("0h") { identify { email = "eric@lead.test", title = "Responsable informatique" }, expect { fit = 15 } },
    after("1h") { track("Demo Requested"), expect { stage = "lead", fired = { demande = 1 }, not_sent = { "appeler" } } },
    after("2h") { identify { company = { employees = 40 } }, expect { fit = 15, stage = "lead" } },
    after("3h") { identify { company = { employees = 3000 }, title = "PDG" }, expect { fit = 50, stage = "sql", because = "at_least" } },
  },
}

test "Fanny a le profil et ne demande rien ; une page de trop ne compte pas" {
  given = { lead = { email = "fanny@lead.test", title = "DSI", company = { employees = 100 } }, stage = "lead" },
  play = {
    after("0h") { page {}, page {}, page {}, page {}, page {}, page {}, page {}, page {}, page {}, page {}, page {} },
    after("0h") { expect { stage = "lead", fit = 60, engagement = 10, fired = { page = 10 } } },
  },
}
