"""Measurements of wbtable beside its peers: `make bench`, or `python -m benchmarks.run`."""
