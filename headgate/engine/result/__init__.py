"""What is handed over: the recipe, the tables, the data dictionary, the report."""
