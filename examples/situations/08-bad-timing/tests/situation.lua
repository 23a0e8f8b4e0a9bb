test "Nora veut être rappelée en septembre" {
  at = "2026-03-02T09:00:00Z",
  play = {
    after("0s")   { identify { email = "nora@prospect.test" }, track("Webinar Attended", { webinar = "mars" }), track("Webinar Attended", { webinar = "mars" }) },
    after("0s")   { expect { stage = "mql", status = "open", owner = "lea@acme.test", sent = exactly { prendre_contact = 1 } } },
    after("1d")   { track("Contact Attempted"), expect { status = "attempting" } },
    after("2d")   { track("Lead Postponed", { recontact_on = "2026-09-01" }), expect { status = "bad_timing", started = { "garder_le_contact" } } },
    after("182d") { expect { status = "bad_timing", not_sent = { "rappeler" } } },
    after("183d") { expect { stage = "mql", status = "open", owner = "lea@acme.test", sent = exactly { prendre_contact = 1, rappeler = 1 } } },
  },
}

test "Omar n'a pas donné de date : 90 jours" {
  given = { lead = { email = "omar@prospect.test" }, stage = "mql" },
  play = {
    after("1h")  { track("Lead Postponed"), expect { status = "bad_timing" } },
    after("90d") { expect { status = "bad_timing" } },
    after("91d") { expect { status = "open", sent = exactly { rappeler = 1 } } },
  },
}

test "Quitterie passe du SDR au chargé de compte, puis signe" {
  given = { lead = { email = "quitterie@prospect.test" }, stage = "mql" },
  play = {
    after("1d") { track("Meeting Booked"), expect { stage = "sql", status = "sdr" } },
    after("2d") { track("Owner Assigned", { role = "sdr" }), expect { status = "sdr" } },
    after("3d") { track("Owner Assigned", { role = "ae" }), expect { status = "account_executive", owner = "zoe@acme.test", sent = { passer_au_compte = 1 } } },
    after("9d") { track("Deal Won"), expect { stage = "customer" } },
  },
}
