"""The steps of the journeys: a thin Prefect task around one plain function each."""
