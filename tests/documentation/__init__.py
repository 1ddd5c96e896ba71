"""The gate `make docs`: the reference pages in `docs/` are made from the code, and the written ones agree with it."""
