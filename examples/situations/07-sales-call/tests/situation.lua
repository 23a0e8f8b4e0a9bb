test "Sami est prêt : SQL, et une démo à planifier" {
  play = {
    after("0d") { page { path = "/" }, expect { stage = "visitor" } },
    after("0d") { identify { email = "sami@lead.test" }, expect { stage = "lead" } },
    after("1d") { track("Webinar Attended", { webinar = "avril" }), track("Webinar Attended", { webinar = "avril" }) },
    after("1d") { expect { stage = "mql", fired = exactly { webinar = 1 }, sent = exactly { remise_mql = 1 } } },
    after("2d") { track("Note Added", { text = "veut une démo" }), expect { stage = "mql" } },
    after("2d") { track("Sales Call", { outcome = "ready" }), expect { stage = "sql", not_fired = { "a_nourrir" }, sent = { "planifier_demo" } } },
    after("9d") { track("Deal Won"), expect { stage = "customer" } },
  },
}

test "Tess est à nourrir ; elle lit l'étude, un webinaire la ramène, l'ancienne réponse ne compte plus" {
  given = { lead = { email = "tess@lead.test" }, stage = "lead" },
  play = {
    after("0d")  { track("Consent Given", { purpose = "marketing" }) },
    after("0d")  { track("Webinar Attended", { webinar = "avril" }), expect { stage = "mql", owner = "lea@acme.test" } },
    after("1d")  { track("Sales Call", { outcome = "nurture" }), expect { stage = "recycled", fired = { a_nourrir = 1 }, started = { "nourrir" } } },
    after("9d")  { track("Ebook Downloaded"), expect { stage = "recycled" } },
    after("30d") { track("Webinar Attended", { webinar = "mai" }), expect { stage = "mql", owner = "lea@acme.test", sent = { remise_mql = 2 } } },
  },
}

test "Ugo est suspect, et achète quand même" {
  given = { lead = { email = "ugo@lead.test" }, stage = "mql" },
  play = {
    after("1d") { track("Sales Call", { outcome = "Suspect" }), expect { stage = "suspect" } },
    after("9d") { track("Deal Won"), expect { stage = "customer" } },
  },
}

test "un appel sans issue notée compte comme « à nourrir »" {
  given = { lead = { email = "vera@lead.test" }, stage = "mql" },
  play = {
    after("1d")  { track("Sales Call", { note = "pas de réponse" }), expect { stage = "recycled", started = { "nourrir" } } },
    after("30d") { expect { stage = "recycled" } },
  },
}
