rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = "x", on = "page", points = 10,
  test = function(event)
    if event.name then return true
  end }
