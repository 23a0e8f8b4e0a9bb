rscore "a" { why = "x", on = "page", points = 5, when = { path = "/x" } } }
