r-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #("xxxxxxxx"):rep(math.maxinteger // 4) > 0
  end,
}
