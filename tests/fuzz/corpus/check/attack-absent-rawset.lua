r-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    rawset(_ENV, "x", 1)
  end,
}
