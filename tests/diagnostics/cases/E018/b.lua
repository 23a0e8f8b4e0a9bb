score "pricing" { why = "Prices", on = "page", points = 10 }
