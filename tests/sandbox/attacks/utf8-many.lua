-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return utf8.codepoint(("x"):rep(100000), 1, -1) == 1
  end,
}
