"""Finished rows turned into what trainers read: one neutral row, one small module a format, one table of them."""
