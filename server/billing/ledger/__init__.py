"""What was counted: the ledger's sums, what of it the meter was told, and the log that it is compared with."""
