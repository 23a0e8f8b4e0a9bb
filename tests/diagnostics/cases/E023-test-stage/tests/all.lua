test "a visit" {
  play = {
    after("0s") { page {}, expect { stage = "led" } },
  },
}
