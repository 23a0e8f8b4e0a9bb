rdimension "engagement" { range = { 0, 100 } }
score "visit" { why = "Product pages", on = "Visit Ended", points = 5,
  test = function(event)
    if os.time() > 0 then return true end
    return math.random(2) == 1, table.unpack({ 1 })
  end }
