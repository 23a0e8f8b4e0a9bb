-- expect: error
local seen = { 2, 1 }
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    table.sort(seen) return true
  end,
}
