rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "page" { why = "A page", on = "page", points = 1 }
stages { "visitor", "mql" }
stage "mql" { enter = trait { ["score.engagment"] = gte(10) }, terminal = true }
