-- expect: budget memory
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local function f(n) return 1 + f(n + 1) end return f(1)
  end,
}
