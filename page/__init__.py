"""The page on which uploaders drop files and find what became of them; it knows no Prefect."""
