"""When a merchant is told how far the plan is used."""
