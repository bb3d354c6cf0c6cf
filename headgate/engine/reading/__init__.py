"""From bytes to rows of text: compression, encoding, dialect, extent, and the rows themselves."""
