test "Emma aime la course et a donné son téléphone : la boutique l'appelle" {
  at = "2026-06-01T10:00:00Z",
  play = {
    after("0h") { page { path = "/" }, expect { stage = "visitor", profil = 5 } },           -- un âge inconnu vaut 5
    after("1h") { identify { email = "emma@client.test", birthday = "1992-01-10", interests = { "Course", "Lecture" } }, expect { stage = "contact", profil = 40 } },
    after("2h") { identify { phone = "+33 6 00 00 00 00" }, expect { profil = 50 } },
    after("3h") { track("Product Added to Wishlist", { product_id = "p1" }), track("Product Added to Wishlist", { product_id = "p1" }) },
    after("4h") { track("Product Added", { price = 170 }), track("Product Added", { price = 20 }) },
    after("4h") { expect { fired = exactly { favori = 1, panier = 1 }, engagement = between(12.9, 13), sent = exactly { appel_boutique = 1 } } },
    after("1d") { track("Order Completed"), expect { stage = "acheteur", fired = { achat = 1 } } },
  },
}

test "les tranches d'âge, au jour de la lecture" {
  at = "2026-06-01T10:00:00Z",
  play = {
    after("0h") { identify { email = "felix@client.test", birthday = "2008-06-02" }, expect { profil = 0 } },
    after("1d") { expect { profil = 10 } },                                                   -- il a 18 ans
    after("2d") { identify { birthday = "1960-01-01", interests = "natation" }, expect { profil = 25 } },
  },
}

test "un panier laissé un jour vaut un rappel ; un panier payé, non" {
  at = "2026-06-01T10:00:00Z",
  given = { lead = { email = "hugo@client.test" }, stage = "contact" },
  play = {
    after("0h") { track("Consent Given", { purpose = "marketing" }), track("Product Added", { price = 60 }), expect { started = { "panier_laisse" } } },
    after("2d") { track("Order Completed"), expect { stage = "acheteur" } },
  },
}
