-- Davantage de MQL, et plus faibles.
return {
  ["stage:mql"] = { enter = { fit = 20, engagement = 15 } },
}
