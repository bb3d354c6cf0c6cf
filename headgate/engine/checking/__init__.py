"""Rows held to a contract: the checks, the quarantine, corrected rows, drift."""
