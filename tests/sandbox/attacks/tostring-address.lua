-- expect: ok
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return tostring({}) == "table" and tostring(math.floor) == "function"
  end,
}
