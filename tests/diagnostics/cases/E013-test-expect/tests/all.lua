test "a visit" {
  play = {
    after("0s") { page {}, expect { engagement = { 5 }, fired = { 5 }, not_fired = { visit = 1 }, traits = { "title" } } },
  },
}
