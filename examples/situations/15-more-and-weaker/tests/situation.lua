-- Les mêmes personnes dans 15-fewer-and-better et dans 15-more-and-weaker : comparez.

test "la directrice qui vient au webinaire et regarde les prix deux jours" {
  play = {
    after("0d") { page { path = "/" }, expect { stage = "visitor" } },
    after("0d") { identify { email = "nina@globex.test", title = "Directrice", company = { employees = 300 } }, expect { stage = "lead", fit = 50 } },
    after("1d") { track("Webinar Attended", { webinar = "mars" }), track("Webinar Attended", { webinar = "mars" }), expect { stage = "mql" } },
    after("2d") { page { path = "/tarifs" }, page { path = "/tarifs" }, expect { stage = "mql", fired = { prix = 1, webinar = 1 } } },
    after("3d") { page { path = "/tarifs" }, expect { stage = "mql", engagement = between(36, 40), sent = exactly { remettre_aux_ventes = 1 } } },
    after("4d") { track("Lead Accepted"), expect { stage = "sal" } },
  },
}

test "le responsable d'une petite société qui télécharge deux livres blancs" {
  given = { lead = { email = "otto@stark.test", title = "Responsable", company = { employees = 20 } }, stage = "lead" },
  play = {
    after("0d") { track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "a" }), track("Ebook Downloaded", { title = "b" }) },
    after("0d") { expect { fit = 20, engagement = 16, fired = exactly { ebook = 2 }, stage = "mql" } },
    after("1d") { identify { company = { employees = 5000 } }, expect { fit = 30, stage = "mql" } },
  },
}
