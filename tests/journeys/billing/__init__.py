"""Plans and money from outside: a merchant's console, shoppers, and the payment provider's pages."""
