-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #("x"):rep(1 << 30) > 0
  end,
}
