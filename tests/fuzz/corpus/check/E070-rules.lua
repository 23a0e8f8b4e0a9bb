rdimension "engagement" { range = { 0, 100 } }
score "visit" { why = "Product pages", on = "Visit Ended", points = 5, uses = { pages = count("page", { within = "7d" }) },
  test = function(event, lead, past)
    if event.nam == "x" or event.path == "/" then return false end
    return past.page > 3 or past.visits > 1
  end }
