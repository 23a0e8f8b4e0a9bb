-- expect: budget memory
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local g local function f() return 1 + g() end g = function() return 1 + f() end return f()
  end,
}
