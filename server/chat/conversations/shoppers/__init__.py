"""What belongs to one shopper over all their conversations."""
