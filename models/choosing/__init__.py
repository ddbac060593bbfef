"""Which model to make for a target: candidates by size, compared on inner folds, the simplest that is good enough."""
