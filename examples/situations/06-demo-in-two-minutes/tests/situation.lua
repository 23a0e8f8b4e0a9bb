test "Paul demande une démo aussitôt : SQL, une tâche pour un humain, pas de remise du MQL" {
  play = {
    after("0s")  { page { path = "/tarifs" }, expect { stage = "visitor" } },
    after("60s") { identify { email = "paul@umbrella.test", title = "VP Sales", company = { employees = 300 } }, expect { stage = "lead", fit = 45, grade = "A3" } },
    after("120s") { track("Demo Requested"), track("Demo Requested") },
    after("120s") { expect { stage = "sql", grade = "A1", fired = { demo = 1 }, owner = "lea@acme.test", sent = exactly { tache_humaine = 1 } } },
    after("9d") { track("Deal Won"), expect { stage = "customer" } },
  },
}

test "Rose prend son temps : la remise, puis la tâche" {
  given = { lead = { email = "rose@stark.test", title = "Responsable achats", company = { employees = 40 } }, stage = "lead" },
  play = {
    after("0d") { expect { fit = 15, grade = "C3" } },
    after("1d") { identify { company = { employees = 80 } }, track("Webinar Attended", { webinar = "mars" }), track("Webinar Attended", { webinar = "mars" }) },
    after("1d") { expect { fit = 35, fired = { webinar = 1 } } },
    after("2d") { page { path = "/tarifs" }, page { path = "/tarifs" } },
    after("2d") { page {}, page {}, page {}, page {}, page {}, page {}, page {}, page {}, page {} },
    after("2d") { expect { stage = "mql", fired = { prix = 1, page = 10 }, owner = "lea@acme.test", started = { "avant_la_demo" }, sent = exactly { remise_mql = 1 } } },
    after("3d") { track("Demo Requested"), expect { stage = "sql", owner = "lea@acme.test", sent = exactly { remise_mql = 1, tache_humaine = 1 } } },
  },
}

test "Théo reste MQL : la série va au bout" {
  at = "2026-03-02T10:00:00Z",
  given = { lead = { email = "theo@stark.test", title = "VP Sales", company = { employees = 80 } }, stage = "lead" },
  play = {
    after("0d") { track("Consent Given", { purpose = "marketing" }), track("Webinar Attended", { webinar = "mars" }), page { path = "/tarifs" } },
    after("0d") { page {}, page {}, expect { stage = "mql", started = { "avant_la_demo" } } },
    after("5d") { expect { stage = "mql", sent = exactly { remise_mql = 1 } } },
  },
}
