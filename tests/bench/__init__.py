"""What a turn costs, with the model's own time taken out. `make bench`, or `python -m tests.bench --help`."""
