-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return string.char(("x"):byte(1, 2), 300)
  end,
}
