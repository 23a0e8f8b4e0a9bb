-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local function f(n) for i = 1, 1000 do if n > 0 then f(n - 1) end end end f(50)
  end,
}
