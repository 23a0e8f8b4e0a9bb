rdimension "engagement" { range = { 0, 100 } }
-- A name that is spelled wrong inside a function shows when the file is read, not at the first event.
local function is_product(path)
  return start_with(path, "/product/")
end
score "visit" { why = "Product pages", on = "Visit Ended", points = 5,
  test = function(event, lead, past)
    local count = 0
    for _, p in ipairs(event.properties.paths or {}) do
      if is_product(p) then count = count + 1 end
    end
    return count > tresholds.product
  end }
