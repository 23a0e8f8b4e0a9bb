rdimension "engagement" { range = { 0, 100 } }
score "visit" { why = "Product pages", on = "Visit Ended", points = 5,
  test = function(event)
    total = #(event.properties.paths or {})
    return total > 3
  end }
