rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
event "Webinar Attended" { also = "webinar_seen" }
score "demo" { why = "Demo", on = "Demo Requested", points = 10 }
score "trial" { why = "Trial", on = "Trial Started", points = 10 }
score "call" { why = "Call", on = "Call Taken", points = 10 }
score "webinar" { why = "Webinar", on = "Webinar Attended", points = 10 }
