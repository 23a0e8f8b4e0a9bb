-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #table.concat({}, "x", 1, math.maxinteger) > 0
  end,
}
