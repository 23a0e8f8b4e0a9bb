rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
lookup "content" { file = "lists/content.csv", match = { path = "glob" }, gives = { "type", "topic" } }
score "price" { why = "Reads about prices", on = "page", when = { ["content.topik"] = "prices" }, points = 5 }
score "video" { why = "Watches", on = "page", when = { ["content.type"] = "video" }, points = 5, once_per = "content.series" }
