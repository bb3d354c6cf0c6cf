"""How objects are named, claimed, moved, signed and announced; nothing here knows tables."""
