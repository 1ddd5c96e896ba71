"""Passwords of the tests: what a hash costs is written in it, so that signing in with one of these is quick too."""

from argon2 import PasswordHasher

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""A thousandth of what Aisle takes: 0.2 s of CPU for each hash and as much for each sign-in."""
