-- expect: error
local seen = {}
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    table.insert(seen, 1) return true
  end,
}
