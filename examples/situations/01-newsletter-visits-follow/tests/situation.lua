test "Ana vient trois jours, s'abonne et nous suit : elle est MQL, sans demande de démo" {
  at = "2026-03-02T09:00:00Z",
  play = {
    after("0h") { page { path = "/" }, expect { stage = "visitor", engagement = 2 } },
    after("1h") { identify { email = "ana@globex.test" }, expect { stage = "lead" } },
    after("1h") { track("Newsletter Subscribed"), track("Newsletter Subscribed"), track("Social Followed"), track("Social Followed") },
    after("2h") { page { path = "/produit" }, page { path = "/tarifs" } },                  -- dans la même demi-heure : une visite
    after("2h") { expect { fired = exactly { visite = 2, newsletter = 1, reseau = 1 } } },
    after("1d") { page { path = "/" }, expect { stage = "lead" } },
    after("2d") { page { path = "/" }, expect { stage = "mql", because = "did", sent = { "remettre_aux_ventes" } } },
    after("3d") { track("Lead Accepted"), expect { stage = "sal" } },
  },
}

test "trois visites le même jour ne suffisent pas" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "bruno@globex.test" }, stage = "lead" },
  play = {
    after("0h") { track("Newsletter Subscribed"), track("Social Followed"), page { path = "/" } },
    after("2h") { page { path = "/" } },
    after("4h") { page { path = "/" }, expect { stage = "lead", not_sent = { "remettre_aux_ventes" } } },
  },
}

test "à Paris, 23 h 30 UTC est déjà le lendemain" {
  at = "2026-03-02T09:00:00Z",
  given = { lead = { email = "chloe@globex.test", timezone = "Europe/Paris" }, stage = "lead" },
  play = {
    after("0h") { track("Newsletter Subscribed"), track("Social Followed"), page { path = "/" } },
    after("870m") { page { path = "/" }, expect { stage = "lead" } },                         -- 23 h 30 UTC : deuxième jour
    after("2d") { page { path = "/" }, expect { stage = "mql" } },
  },
}
