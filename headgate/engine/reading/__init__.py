"""From bytes to rows of text: compression, encoding, dialect, layout, and the rows themselves."""
