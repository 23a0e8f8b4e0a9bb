rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
action "a" { on = did "x", task { note = "Call {led.email}, {score.fitness}" } }
score "used" { why = "Used", on = "Used", points = 1 }
