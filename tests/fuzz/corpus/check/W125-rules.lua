rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { kind = "state" }
score "pricing_viewed" { why = "Looked at the pricing page", on = "page", when = { path = glob "/pricing*" }, points = 12 }
score "asked" { why = "Asked for a demo", on = "Demo Requested", points = 30, was = "demo" }
score "webinar" { why = "Came to a webinar", on = "Webinar Attended", points = 20 }
fit "title" { why = "Seniority", field = "title", words = { { any = { "chief" }, points = 20 } } }
