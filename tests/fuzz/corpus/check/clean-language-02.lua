rstages { "visitor", "lead", "mql", "sal", "sql", "opportunity", "customer", "evangelist"; side = { "recycled", "suspect" } }
stage "lead" { enter = known() }
stage "mql"  { from = { "lead", "recycled" },
  enter = any { at_least { fit = 30, engagement = 40 },
    all { did("Newsletter Subscribed", { ever = true }), visits { times = 3, within = "90d" }, did("Social Followed", { ever = true }) } },
  leave = below { engagement = 20, held = "14d" }, leave_to = "recycled",
  status = { "open", "attempting", "bad_timing" },                                 -- the first on entry; in LEAD, leads --status, reports
  due = { to = "sal", within = "24h", hours = "sales" } }                          -- sales must answer; late "mql" fires else
status "mql.attempting" { enter = did "Contact Attempted" }
status "mql.bad_timing" { enter = did "Lead Postponed", wake = { on = "recontact_on", otherwise = "90d", to = "open" } }
stage "sal"  { from = "mql", enter = did "Lead Accepted" }
stage "sql"  { from = { "visitor", "lead", "mql", "sal", "recycled", "suspect" },
  enter = did { "Demo Requested", "Quote Requested", "Trial Started", "Meeting Booked" } }        -- a hand-raiser is one from any earlier stage
stage "opportunity" { from = { "visitor", "lead", "mql", "sal", "sql", "recycled" }, enter = did "Opportunity Created" }
stage "customer"    { from = { "visitor", "lead", "mql", "sal", "sql", "opportunity", "recycled", "suspect" }, enter = did "Deal Won" }
stage "evangelist"  { from = "customer", enter = all { in_stage("customer", { at_least = "60d" }), did { "Survey Answered", "Review Posted", "Referral Made" } }, terminal = true }
stage "recycled"    { from = { "mql", "sal", "sql", "opportunity" }, enter = any { did("Lead Rejected", { where = { reason = any { ne "suspect", missing() } } }), did "Deal Lost" }, stay = "30d" }
stage "suspect"     { from = { "lead", "mql", "sal" }, enter = did("Lead Rejected", { where = { reason = "suspect" } }) }
reasons "Lead Rejected" { "no_budget", "wrong_person", "competitor", "duplicate", "unreachable", "suspect"; required = true }
calendar "sales" { days = "mon-fri", from = "09:00", to = "18:00", tz = "Europe/Paris", holidays = "lists/holidays_fr.txt" }
segment "regular_on_price" { did("page", { where = { path = glob "/pricing*" }, days = 3, within = "30d" }) }
