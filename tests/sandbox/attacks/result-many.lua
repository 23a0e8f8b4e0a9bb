-- expect: ok
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return true, "x", {}, 3
  end,
}
