"""What a question is, before words."""
