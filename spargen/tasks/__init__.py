"""The question types, one module a family."""
