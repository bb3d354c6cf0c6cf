"""Measurements against peers, printed as tables; nothing here is part of the product."""
