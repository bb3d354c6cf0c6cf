"""What becomes of an upload, from its claim to its receipt; it does not know Prefect."""
