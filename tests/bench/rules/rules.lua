-- The 20 rules of the common workload, as every peer has them: points with a cap a lead, two scores
-- without decay, four stages by their sum; each change of stage is one row of the outbox.
dimension "b" { decay = "none" }
dimension "f" { decay = "none" }
total { b = 1, f = 1 }

score "page"       { why = "1", on = "page", points = 1, dimension = "b", limit = { times = 10 } }
score "pricing"    { why = "2", on = "page", when = { path = "/pricing" }, points = 8, dimension = "b", limit = { times = 3 } }
score "customers"  { why = "3", on = "page", when = { path = starts_with "/customers/" }, points = 3, dimension = "b", limit = { times = 3 } }
score "careers"    { why = "4", on = "page", when = { path = "/careers" }, points = -5, dimension = "b", limit = { times = 1 } }
score "blog"       { why = "5", on = "page", when = { path = starts_with "/blog/" }, points = 1, dimension = "b", limit = { times = 5 } }
score "registered" { why = "6", on = "Webinar Registered", points = 10, dimension = "b", limit = { times = 2 } }
score "attended"   { why = "7", on = "Webinar Attended", points = 15, dimension = "b", limit = { times = 2 } }
score "ebook"      { why = "8", on = "Ebook Downloaded", points = 7, dimension = "b", limit = { times = 3 } }
score "opened"     { why = "9", on = "Email Opened", points = 1, dimension = "b", limit = { times = 5 } }
score "clicked"    { why = "10", on = "Email Link Clicked", points = 4, dimension = "b", limit = { times = 5 } }
score "unsub"      { why = "11", on = "Unsubscribed", points = -25, dimension = "b", limit = { times = 1 } }
score "bounced"    { why = "12", on = "Email Bounced", points = -15, dimension = "b", limit = { times = 1 } }
score "demo"       { why = "13", on = "Demo Requested", points = 40, dimension = "b", limit = { times = 1 } }
score "trial"      { why = "14", on = "Trial Started", points = 30, dimension = "b", limit = { times = 1 } }
score "video"      { why = "15", on = "Video Watched", when = { percent = gte(50) }, points = 5, dimension = "b", limit = { times = 2 } }
score "senior"     { why = "16", on = "identify", when = { ["lead.title"] = any { contains "VP", contains "Chief", contains "Director", contains "Head" } },
                     points = 20, dimension = "f", limit = { times = 1 } }
score "manager"    { why = "17", on = "identify", when = { ["lead.title"] = contains "Manager" }, points = 10, dimension = "f", limit = { times = 1 } }
score "size"       { why = "18", on = "identify", when = { ["lead.companySize"] = between(50, 1000) }, points = 15, dimension = "f", limit = { times = 1 } }
score "free"       { why = "19", on = "identify", when = { ["lead.email_domain"] = one_of { "gmail.com", "yahoo.com", "hotmail.com" } },
                     points = -10, dimension = "f", limit = { times = 1 } }
score "brand"      { why = "20", on = "*", when = { ["context.campaign.name"] = "brand" }, points = 3, dimension = "b", limit = { times = 2 } }

stages { "s0", "s1", "s2", "s3" }
stage "s3" { from = { "s0", "s1", "s2" }, enter = all { at_least { total = 80 }, did("Demo Requested", { ever = true }) }, leave = below { total = 80 }, leave_to = "s2" }
stage "s2" { from = { "s0", "s1" }, enter = at_least { total = 50 }, leave = below { total = 50 }, leave_to = "s1" }
stage "s1" { from = { "s0" }, enter = at_least { total = 25 }, leave = below { total = 25 }, leave_to = "s0" }
action "moved" { on = any { entered "s0", entered "s1", entered "s2", entered "s3" },
  webhook { to = endpoint "crm", body = { stage = "{stage}", total = "{score.total}" } } }
