rscore "café" { why = "x", on = "page", points = 5 }
