test "Maud vient trois jours sur Analytics et reçoit son étude de cas, une fois" {
  play = {
    after("0d") { page { path = "/tarifs/analytics" }, expect { stage = "visitor", prix_analytics = 0 } },
    after("0d") { track("Consent Given", { purpose = "marketing" }) },
    after("0d") { identify { email = "maud@lead.test" }, expect { stage = "lead" } },
    after("4d") { page { path = "/tarifs/analytics" } },
    after("9d") { page { path = "/tarifs/analytics/pro" }, expect { prix_analytics = 3, sent = exactly { etude_analytics = 1 } } },
    after("12d") { page { path = "/tarifs/analytics" }, expect { sent = exactly { etude_analytics = 1 } } },
  },
}

test "Nils partage ses jours entre deux lignes ; un troisième jour sur Paie lui vaut celle de Paie" {
  given = { lead = { email = "nils@lead.test" }, stage = "lead" },
  play = {
    after("0d") { track("Consent Given", { purpose = "marketing" }), page { path = "/tarifs/analytics" } },
    after("1d") { page { path = "/tarifs/paie" }, page { path = "/tarifs/paie" } },           -- rechargée : ne compte pas
    after("1d") { expect { fired = { prix = 2 } } },
    after("2d") { page { path = "/tarifs/paie" }, page { path = "/" }, expect { sent = exactly {}, prix_paie = 0 } },
    after("3d") { page { path = "/tarifs/paie" }, expect { sent = exactly { etude_paie = 1 }, prix_paie = 3 } },
  },
}
