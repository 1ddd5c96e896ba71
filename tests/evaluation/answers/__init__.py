"""Shops, messages and the command that asks an engine and judges its answers: `python -m tests.evaluation.answers`."""
