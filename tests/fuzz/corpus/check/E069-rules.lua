rdimension "engagement" { range = { 0, 100 } }
score "visit" { why = "Product pages", on = "Visit Ended", points = 5,
  test = function(event, lead, past)
    local product = glob "/product/*"
    if did("page", { within = "7d" }) then return true end
    return count("page") > 2
  end }
