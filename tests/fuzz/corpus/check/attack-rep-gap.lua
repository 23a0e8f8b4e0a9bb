r-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #("x"):rep(1 << 20, ("y"):rep(1000)) > 0
  end,
}
