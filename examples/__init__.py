"""Runnable examples, executed by the tests: `python -m examples.demo`."""
