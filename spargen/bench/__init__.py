"""Benchmark rows out of an output, and the score of what a model replied to them."""
