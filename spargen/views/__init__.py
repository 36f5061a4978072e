"""Which images a question sees."""
