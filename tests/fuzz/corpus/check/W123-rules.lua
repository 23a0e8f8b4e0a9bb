rdimension "engagement" { range = { 0, 100 } }
score "visit" { why = "Product pages", on = "Visit Ended", points = 5,
  test = function(event)
    return event.type == "pageview" or "page" == event.type or event.type == "track"
  end }
