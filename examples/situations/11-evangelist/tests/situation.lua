test "Alix laisse cinq étoiles au jour 70 : évangéliste" {
  play = {
    after("0d")  { page { path = "/" }, expect { stage = "visitor" } },
    after("1d")  { identify { email = "alix@client.test" }, expect { stage = "lead" } },
    after("2d")  { track("Deal Won"), expect { stage = "customer" } },
    after("72d") { track("Review Posted", { stars = 5, site = "g2" }), track("Review Posted", { stars = 5, site = "g2" }) },
    after("72d") { expect { stage = "evangelist", fired = exactly { bon_avis = 1 }, sent = exactly { remercier = 1 } } },
  },
}

test "Basile laisse deux étoiles : il reste client" {
  given = { lead = { email = "basile@client.test" }, stage = "customer" },
  play = {
    after("70d") { track("Review Posted", { stars = 2, site = "g2" }), expect { stage = "customer", fired = exactly { mauvais_avis = 1 } } },
  },
}

test "Cora recommande ; la quatrième recommandation de l'année ne compte plus" {
  given = { lead = { email = "cora@client.test" }, stage = "customer" },
  play = {
    after("90d") { track("Referral Made"), track("Referral Made"), track("Referral Made"), track("Referral Made") },
    after("90d") { expect { stage = "evangelist", fired = exactly { recommandation = 3 } } },
  },
}

test "Denis répond au jour 30 : trop tôt ; au jour 60 il le devient, sans rien refaire" {
  given = { lead = { email = "denis@client.test" }, stage = "customer" },
  play = {
    after("30d") { track("Survey Answered"), track("Survey Answered"), expect { stage = "customer", fired = exactly { enquete = 1 }, not_sent = { "remercier" } } },
    after("59d") { expect { stage = "customer" } },
    after("60d") { expect { stage = "evangelist", because = "in_stage", sent = exactly { remercier = 1 } } },
  },
}
