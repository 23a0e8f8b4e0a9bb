return {
  priicing = 12,
}
