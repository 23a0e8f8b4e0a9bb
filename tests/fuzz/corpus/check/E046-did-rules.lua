rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "again" { why = "x", on = "page", points = 1, when = did "Webinar Attended" }
score "high" { why = "x", on = "page", points = 1, when = all { at_least { engagement = 5 }, in_stage "lead" } }
stages { "visitor", "lead" }
stage "lead" { enter = known(), leave = inactive "9d" }
