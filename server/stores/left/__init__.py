"""Stores that a shop once had."""
