test "les collègues et les adresses d'essai sont enregistrés, rien de plus" {
  play = {
    after("0h") { identify { email = "hana@acme.test" }, page { path = "/pricing" }, track("Webinar Attended", { webinar = "mars" }) },
    after("1h") { expect { stage = "visitor", total = 0, fired = exactly {}, sent = exactly {} } },
  },
}

test "une adresse d'essai" {
  play = {
    after("0h") { identify { email = "moi+test@globex.test" }, page { path = "/pricing" }, expect { stage = "visitor", total = 0 } },
  },
}

test "un concurrent est noté comme les autres, et jamais remis" {
  play = {
    after("0h") { identify { email = "igor@rival.test" }, expect { stage = "lead" } },
    after("1h") { track("Webinar Attended", { webinar = "mars" }), page { path = "/pricing" } },
    after("1h") { expect { stage = "mql", engagement = between(29, 30), sent = exactly {} } },
  },
}

test "Jade est remise aux ventes" {
  play = {
    after("0h") { page { path = "/" }, expect { stage = "visitor" } },
    after("0h") { identify { email = "jade@globex.test" } },
    after("1h") { track("Webinar Attended", { webinar = "mars" }), track("Webinar Attended", { webinar = "mars" }), page { path = "/pricing" }, page { path = "/pricing" } },
    after("1h") { expect { stage = "mql", fired = exactly { webinar = 1, prix = 1 }, sent = exactly { remettre_aux_ventes = 1 } } },
    after("1d") { track("Lead Accepted"), expect { stage = "sal" } },
  },
}
