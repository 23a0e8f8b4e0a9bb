-- expect: ok
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return (""):rep(1e12 // 1 | 0) == ""
  end,
}
