"""Closed periods: what each came to, and whether log, ledger, meter and invoice agreed."""
