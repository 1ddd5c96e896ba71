"""What of a model's answer reaches the shopper: false claims, true sentences, instructions hidden in texts."""
