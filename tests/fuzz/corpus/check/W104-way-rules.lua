rdimension "engagement" { range = { 0, 100 }, half_life = "21d" }
score "page" { why = "A page", on = "page", points = 1 }
stages { "visitor", "mql", "sal", "sql"; side = { "parked" } }
-- Only from a stage that is itself never entered.
stage "mql" { enter = at_least { engagement = 10 }, leave = below { engagement = 5 }, leave_to = "visitor" }
stage "sal" { from = "parked", enter = did "Lead Accepted", leave = did "Lead Rejected", leave_to = "visitor" }
stage "sql" { from = "sal", enter = did "Deal Won", terminal = true }
stage "parked" { from = "sql", enter = did "Deal Lost" }
