test "a visit" {
  play = {
    after("0h") { page { path = glob "/x*" }, page { "/x" }, identify { tags = { "a", b = 1 } } },
    after("0h") { alias {}, expect { stage = "visitor" } },
  },
}
