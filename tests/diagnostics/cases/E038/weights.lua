return { ["stage:mql"] = { leave = { engagement = 10 } } }
