"""What the steps stand on: reading tables (`engine`), keeping objects (`bucket`); no Prefect here."""

__version__ = "0.1.0"
