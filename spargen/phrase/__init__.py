"""Facts to words: templates, filters, forms."""
