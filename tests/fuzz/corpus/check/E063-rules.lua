rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
segment "a" { in_segment "b" }
segment "b" { in_segment "a" }
score "used" { why = "Used", on = "Used", points = 1 }
