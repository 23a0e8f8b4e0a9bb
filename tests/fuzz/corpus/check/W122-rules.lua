rdimension "engagement" { range = { 0, 100 } }
score "odd" { why = "A page of odd length", on = "page", points = 1,
  test = function(event) return #(event.properties.path or "") % 2 == 1 end }
