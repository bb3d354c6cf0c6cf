"""What is handed over: the tables, the data dictionary, the report."""
