-- expect: error
local seen = { a = {} }
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    seen.a.b = 1 return true
  end,
}
