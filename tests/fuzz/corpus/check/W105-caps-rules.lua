r-- No range: limits, caps and decay alone say how much there can be.
dimension "engagement" { half_life = "7d" }
dimension "signals" { decay = "none" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
group "web" { dimension = "engagement", cap = 10, per = "7d" }
score "page" { why = "A page", on = "page", points = 5, group = "web" }
score "demo" { why = "Demo", on = "Demo Requested", points = 20, limit = { times = 1, per = "7d" } }
score "trial" { why = "Trial", on = "Trial Started", points = 30, dimension = "signals", once = true }
score "call" { why = "Call", on = "Call Taken", points = 10, dimension = "signals", limit = { times = 2 } }
fit "size" { why = "Size", field = "company.employees", bands = { { below = 50, points = 0 }, { points = 40 } } }
total { fit = 1, engagement = 1, signals = 1 }
grade { fit = { A = 60, B = 40, C = 0 }, engagement = { ["1"] = 61, ["2"] = 30, ["3"] = 0 } }
stages { "visitor", "mql", "sql", "customer" }
stage "mql" { enter = at_least { engagement = 60 } }           -- 10 + 20 a week, halved every week: 60 at most
stage "sql" { enter = at_least { engagement = 60.5, signals = 51 } }
stage "customer" { enter = at_least { total = 151 }, terminal = true }
action "hot" { on = crossed("signals", 55), task { to = "owner", note = "Call" } }
