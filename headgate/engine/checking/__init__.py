"""Rows held to a contract: the checks, the quarantine, drift, and a first draft of a contract."""
