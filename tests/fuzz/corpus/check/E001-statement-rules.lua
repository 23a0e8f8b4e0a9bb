rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing"
why "x"
on page
score "used" { why = "Used", on = "Used", points = 1 }
