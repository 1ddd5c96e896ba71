"""The shop's documents as its merchant reads and edits them."""
