dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { kind = "state" }
score "viewed_pricing" { why = "Looked at the pricing page", on = "page", when = { path = glob "/pricing*" }, points = 10 }
score "demo" { why = "Asked for a demo", on = "Demo Requested", points = 30 }
score "newsletter" { why = "Reads the newsletter", on = "Newsletter Opened", points = 2 }
fit "seniority" { why = "Seniority", field = "title", words = { { any = { "chief" }, points = 20 } } }
