test "a visit" {
  play = {
    after("2h") { page {} },
  },
}
test "nothing asked" { play = { after("1h") { page {}, expect {} } } }
