"""What of a model's answer reaches the shopper: false claims, true sentences, and instructions hidden in a shop's texts."""
