return { pricing = "12" }
