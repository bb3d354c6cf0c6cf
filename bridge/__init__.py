"""Arrivals become Prefect events, and runs start in a warm process."""
