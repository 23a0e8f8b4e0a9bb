-- expect: error
local n = 0
local function count() n = n + 1 return n end
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return count() > 0
  end,
}
