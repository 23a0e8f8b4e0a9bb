rscore "pricing" { why = "x", on = "page", points = 5 }
