test "a visit" {
  play = {
    after("0s") { page {}, expect { sent = { "welcom" }, not_sent = exactly { "nobody" } } },
  },
}
