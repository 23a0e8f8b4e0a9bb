test "Gaëlle lit trois contenus sur le RGPD : elle est MQL" {
  given = { lead = { email = "gaelle@lead.test" }, stage = "visitor" },
  play = {
    after("0d") { page { path = "/ressources/rgpd/bases" }, expect { stage = "lead", themes = 0 } },
    after("5d") { page { path = "/ressources/rgpd/registre" } },
    after("9d") { page { path = "/ressources/rgpd/dpo" }, expect { stage = "mql", themes = 1, fired = { contenu = 3 }, sent = { "remettre_aux_ventes" } } },
    after("9d") { track("Lead Accepted"), expect { stage = "sal" } },
  },
}

test "relire trois fois le même contenu n'est pas en lire trois" {
  given = { lead = { email = "hugo@lead.test" }, stage = "lead" },
  play = {
    after("0d") { page { path = "/ressources/paie/bulletin" } },
    after("1d") { page { path = "/ressources/paie/bulletin" } },
    after("2d") { page { path = "/ressources/paie/bulletin" }, expect { stage = "lead", themes = 0, fired = { contenu = 1 } } },
  },
}

test "la sécurité et la paie comptent de la même manière, chacune pour soi" {
  given = { lead = { email = "ines@lead.test" }, stage = "lead" },
  play = {
    after("0d") { page { path = "/ressources/securite/a" }, page { path = "/ressources/paie/a" }, page { path = "/ressources/rgpd/a" } },
    after("0d") { expect { stage = "lead", themes = 0 } },
    after("1d") { page { path = "/ressources/securite/b" }, page { path = "/ressources/securite/c" }, expect { themes = 1 } },
    after("2d") { page { path = "/ressources/paie/b" }, page { path = "/ressources/paie/c" }, expect { themes = 2 } },
  },
}

test "trois contenus en deux mois : trop lent" {
  given = { lead = { email = "jean@lead.test" }, stage = "lead" },
  play = {
    after("0d")  { page { path = "/ressources/rgpd/a" } },
    after("20d") { page { path = "/ressources/rgpd/b" } },
    after("40d") { page { path = "/ressources/rgpd/c" }, expect { stage = "lead", themes = 0 } },
  },
}

test "qui se présente devient lead" {
  play = {
    after("0d") { page { path = "/" }, expect { stage = "visitor" } },
    after("1d") { identify { email = "k@lead.test" }, expect { stage = "lead" } },
  },
}
