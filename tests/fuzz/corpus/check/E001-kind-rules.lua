rscore "a" { why = "x", on = "page", when = { path = glob("/x"} }, points = 5 }
