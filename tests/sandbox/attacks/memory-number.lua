-- expect: error
local n = 0
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    n = n + 1 return n > 1
  end,
}
