test "Karen n'a rien accepté, puis se désabonne : les ventes l'ont, l'e-mail est retenu" {
  play = {
    after("0d") { page { path = "/" }, expect { stage = "visitor" } },
    after("0d") { identify { email = "karen@lead.test" }, expect { stage = "lead" } },
    after("1d") { track("Unsubscribed") },
    after("2d") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("2d") { expect { stage = "mql", fired = exactly { livre_blanc = 2 }, started = { "decouverte" }, sent = exactly { remettre_aux_ventes = 1 } } },
    after("3d") { track("Lead Accepted"), expect { stage = "sal" } },
  },
}

test "Liam a donné son accord, puis se désabonne : toujours MQL, plus d'e-mail" {
  given = { lead = { email = "liam@lead.test" }, stage = "lead" },
  play = {
    after("0d") { track("Consent Given", { purpose = "marketing" }) },
    after("1h") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("1h") { expect { stage = "mql", started = { "decouverte" }, sent = exactly { remettre_aux_ventes = 1, e_mail_de_suite = 2 } } },
    after("1d") { track("Unsubscribed"), track("Ebook Downloaded", { title = "c" }) },
    after("1d") { expect { stage = "mql", fired = { livre_blanc = 3 }, sent = { e_mail_de_suite = 2 } } },
    after("30d") { expect { stage = "mql", sent = exactly { remettre_aux_ventes = 1, e_mail_de_suite = 2 } } },
  },
}

test "Mina lit tout : la série va au bout" {
  given = { lead = { email = "mina@lead.test" }, stage = "lead" },
  play = {
    after("0d") { track("Consent Given", { purpose = "marketing" }) },
    after("1h") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("20d") { expect { stage = "mql", sent = { e_mail_de_suite = 2 } } },
  },
}
