"""What a column holds: the formats values are written in, and the type settled for all of them."""
