test "a visit" {
  play = {
    after("0s") { page {}, expect { engagment = 5, stag = "lead" } },
  },
}
