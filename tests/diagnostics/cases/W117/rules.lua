dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "demo" { why = "Demo", on = "Demo Requested", points = 10 }
score "again" { why = "Demo", on = "Demo Requestd", points = 10, once = true }
score "webinar" { why = "Webinar", on = { "Webinar 1", "Webinar Attended" }, points = 10 }
score "numbered" { why = "Webinar", on = { "Webinar 1", "Webinar 2" }, points = 10 }
