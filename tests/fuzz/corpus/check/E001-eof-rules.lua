rscore "a" { why = "x", on = "page", points = 5,
  test = function(event)
    if event.properties.a then return true
  end }
