-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = { 3, 2, 1 } local function f() table.sort(t, function(a, b) f() return a < b end) end f()
  end,
}
