"""How a CSV is read, typed, checked, cleaned and written; nothing here knows S3 or Prefect."""
