test "Karim donne ses champs un à un ; chaque formulaire demande le suivant" {
  play = {
    after("0h") { page { path = "/" }, expect { stage = "visitor", profil = 0 } },
    after("1h") { identify { email = "karim@lead.test" }, track("Form Submitted") },
    after("1h") { expect { stage = "lead", profil = 1, sent = exactly { demander_societe = 1 } } },
    after("2h") { identify { societe = "Stark" }, track("Form Submitted"), expect { profil = 2, sent = { "demander_fonction" } } },
    after("3h") { identify { fonction = "Acheteur" }, track("Form Submitted") },
    after("3h") { expect { profil = 3, stage = "mql", because = "at_least", sent = exactly { demander_societe = 1, demander_fonction = 1, demander_telephone = 1 } } },
    after("4h") { identify { telephone = "+33 1 00 00 00 00" }, track("Form Submitted"), expect { profil = 4, sent = { demander_telephone = 1 } } },
    after("5h") { identify { firstName = "Karim" }, expect { profil = 5, traits = { first_name = "Karim" } } },
    after("6h") { track("Lead Accepted"), expect { stage = "sal" } },
  },
}

test "deux champs ne suffisent pas" {
  play = {
    after("0h") { identify { email = "lea@lead.test", societe = "Hooli" }, expect { profil = 2, stage = "lead" } },
  },
}
