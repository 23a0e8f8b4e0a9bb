-- expect: ok
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return -5, ("é"):rep(500)
  end,
}
