return {
  a = 7,5,
}
