test "a visit" {
  play = {
    after("0s") { page {}, expect { fired = { vist = 1, title = 1 }, not_fired = { "nothing" } } },
  },
}
