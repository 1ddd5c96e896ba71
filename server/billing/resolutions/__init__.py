"""Resolutions of shoppers' questions: found in the conversation log, written into the ledger once they are final."""
