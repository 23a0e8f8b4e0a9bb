r-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local function f(s) return (s:gsub(".", f)) end return f("x") == ""
  end,
}
