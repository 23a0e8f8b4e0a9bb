test "Walid télécharge, n'ouvre rien, étudie : suspect, puis client" {
  play = {
    after("0d") { page { path = "/" }, expect { stage = "visitor" } },
    after("0d") { identify { email = "walid@gmail.com", title = "Étudiant" }, expect { stage = "lead", fit = -40 } },
    after("1d") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("1d") { expect { stage = "suspect", fired = { livre_blanc = 2 } } },                -- trois téléchargements, deux livres
    after("9d") { track("Order Completed"), expect { stage = "customer", sent = exactly { bienvenue_client = 1 } } },
  },
}

test "Xena ouvre un e-mail : elle n'est pas suspecte" {
  given = { lead = { email = "xena@gmail.com", title = "Étudiante" }, stage = "lead" },
  play = {
    after("1d") { track("Email Opened", { email_id = "n1" }), track("Email Opened", { email_id = "n1" }), expect { fired = exactly { ouvre = 1 } } },
    after("2d") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }), track("Ebook Downloaded", { title = "c" }) },
    after("2d") { expect { stage = "lead" } },
  },
}

test "Yann n'est pas étudiant" {
  given = { lead = { email = "yann@globex.test", title = "Acheteur" }, stage = "lead" },
  play = {
    after("2d") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }), track("Ebook Downloaded", { title = "c" }) },
    after("2d") { expect { stage = "lead", fit = 0 } },
  },
}
