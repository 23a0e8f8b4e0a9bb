-- expect: error
local seen = {}
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    seen = { 1 } return true
  end,
}
