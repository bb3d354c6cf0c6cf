"""The journeys that someone can start, schedule or trigger."""
