-- Moins de MQL, et meilleurs.
return {
  ["stage:mql"] = { enter = { fit = 45, engagement = 35 } },
}
