test "Alma est d'un compte choisi : MQL tout de suite, chez Claire" {
  play = {
    after("0s") { page { path = "/" }, expect { stage = "visitor", owner = missing() } },
    after("1m") { identify { email = "alma@globex.test", first_name = "Alma" }, expect { stage = "mql", owner = "claire@acme.test", sent = exactly { compte_choisi = 1 } } },
    after("1d") { track("Lead Accepted"), expect { stage = "sal", owner = "claire@acme.test" } },
  },
}

test "Chloé vient d'ailleurs : le score, puis son tour" {
  play = {
    after("0s") { identify { email = "chloe@ailleurs.test" }, expect { stage = "lead", owner = missing() } },
    after("1d") { track("Webinar Attended", { webinar = "mai" }), track("Webinar Attended", { webinar = "mai" }) },
    after("1d") { expect { stage = "mql", owner = "lea@acme.test", fired = { webinar = 1 }, sent = exactly { a_tour_de_role = 1 } } },
  },
}

test "Denis a déjà son commercial, de l'équipe : il le garde, sauf pendant ses congés" {
  at = "2026-04-20T09:00:00Z",
  given = { lead = { email = "denis@ailleurs.test", owner = "Tom@acme.test" }, stage = "lead" },
  play = {
    after("0d") { track("Webinar Attended", { webinar = "avril" }), expect { stage = "mql", owner = "tom@acme.test" } },
  },
}

test "en mai Tom est absent : Léa" {
  at = "2026-05-04T09:00:00Z",
  given = { lead = { email = "emma@ailleurs.test", owner = "tom@acme.test" }, stage = "lead" },
  play = {
    after("0d") { track("Webinar Attended", { webinar = "mai" }), expect { stage = "mql", owner = "lea@acme.test" } },
  },
}
