rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
exclude "old" { when = trait { since = before_date "last year" } }
score "used" { why = "Used", on = "Used", points = 1 }
