rdimension "engagement" { range = { 0, 100 } }
score "visit" { why = "Product pages", on = "Visit Ended", points = 5,
  test = function(event, lead) return lead.stage == "mql" end }
