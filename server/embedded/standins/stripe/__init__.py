"""Parts of the Stripe stand-in; start reading at stripe_server.py beside this folder.

Known differences from Stripe: one currency of two decimals in an invoice, no tax (its fields are there, with 0),
cards only and no 3-D Secure, per-unit prices by the month, one discount in per cent at a time, meter events counted at
once and their mistakes said at once, retries after fixed gaps instead of "smart" ones, no minimum charge, no test clock
objects, `payments` of an invoice only by expanding. Parameters it would have to ignore are refused."""
