score "more" { why = "More", on = "page", points = 5 }
test "a visit" {
  play = {
    after("0s") { page { path = "/" }, expect { fired = { visit = 1 } } },
  },
}
