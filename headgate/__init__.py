"""What the steps stand on: reading tables (`engine`), keeping objects (`bucket`)."""

__version__ = "0.1.0"
