test "Rita attend 24 heures ouvrées, puis le responsable l'apprend, une fois" {
  at = "2026-04-02T13:00:00Z",
  play = {
    after("0s")   { identify { email = "rita@prospect.test" }, track("Webinar Attended", { webinar = "avril" }), track("Webinar Attended", { webinar = "avril" }) },
    after("0s")   { expect { stage = "mql", sent = exactly { remise = 1 } } },
    after("140h") { expect { not_sent = { "alerter" } } },
    after("141h") { expect { stage = "mql", sent = exactly { remise = 1, alerter = 1 } } },
    after("200d") { expect { sent = exactly { remise = 1, alerter = 1 } } },
  },
}

test "Simon est accepté à temps, et a rendez-vous" {
  at = "2026-04-02T13:00:00Z",
  given = { lead = { email = "simon@prospect.test" }, stage = "lead" },
  play = {
    after("0s")   { track("Webinar Attended", { webinar = "avril" }), expect { stage = "mql" } },
    after("115h") { track("Lead Accepted"), expect { stage = "sal" } },
    after("20d")  { track("Meeting Booked"), expect { stage = "sql", not_sent = { "alerter" } } },
  },
}

test "Théa est refusée en avril et revient en septembre" {
  at = "2026-04-02T13:00:00Z",
  given = { lead = { email = "thea@prospect.test" }, stage = "lead" },
  play = {
    after("0s")   { track("Webinar Attended", { webinar = "avril" }), expect { stage = "mql", owner = "lea@acme.test" } },
    after("20h")  { track("Lead Rejected", { reason = "no_budget" }), expect { stage = "recycled", owner = missing() } },
    after("60d")  { expect { stage = "recycled" } },
    after("161d") { track("Webinar Attended", { webinar = "septembre" }), expect { stage = "mql", owner = "tom@acme.test", sent = exactly { remise = 2 } } },
    after("162d") { expect { stage = "mql" } },
  },
}

test "Uma est recyclée : même active, elle reste tranquille 30 jours" {
  at = "2026-04-02T13:00:00Z",
  given = { lead = { email = "uma@prospect.test" }, stage = "lead" },
  play = {
    after("0s")  { track("Webinar Attended", { webinar = "avril" }), track("Lead Rejected", { reason = "unreachable" }) },
    after("9d")  { track("Webinar Attended", { webinar = "mai" }), expect { stage = "recycled" } },
    after("29d") { expect { stage = "recycled" } },
    after("30d") { expect { stage = "mql" } },
  },
}
