test "a visit" {
  play = {
    after("2h") { page {}, expect { stage = "visitor" } },
    after("1h") { page {} },
  },
}
