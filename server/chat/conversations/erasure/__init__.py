"""Shoppers who had everything of theirs erased, and what is deleted because it is outdated."""
