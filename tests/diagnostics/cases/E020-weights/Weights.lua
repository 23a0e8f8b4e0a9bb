return { a = 3 }
