test "Karen se désabonne avant d'être MQL : les ventes l'ont, le mailing non" {
  play = {
    after("0d") { page { path = "/" }, expect { stage = "visitor" } },
    after("0d") { identify { email = "karen@lead.test" }, expect { stage = "lead" } },
    after("1d") { track("Unsubscribed") },
    after("2d") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("2d") { expect { stage = "mql", fired = exactly { livre_blanc = 2 }, sent = exactly { remettre_aux_ventes = 1 } } },
    after("3d") { track("Lead Accepted"), expect { stage = "sal" } },
  },
}

test "Liam reçoit les deux, puis se désabonne : toujours MQL, plus d'e-mail" {
  given = { lead = { email = "liam@lead.test" }, stage = "lead" },
  play = {
    after("0d") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("0d") { expect { stage = "mql", sent = exactly { remettre_aux_ventes = 1, e_mail_de_suite = 2 } } },
    after("1d") { track("Unsubscribed"), track("Ebook Downloaded", { title = "c" }) },
    after("1d") { expect { stage = "mql", fired = { livre_blanc = 3 }, sent = { e_mail_de_suite = 2 } } },
  },
}
