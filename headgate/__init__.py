"""What tasks stand on: tables (`engine`), objects (`bucket`), an upload's way (`journey`)."""

__version__ = "0.1.0"
