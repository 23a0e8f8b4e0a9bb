rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
lookup "content" { file = "lists/content.csv", match = { path = "glob" }, gives = { "theme" } }
score "used" { why = "Used", on = "Used", points = 1 }
