"""Books with few outcomes: a small model with strong priors, judged on accounts left out, or a rule that says so."""
