"""What any CSV is held to: a header, at least one row, and not more bad rows than good ones."""

from headgate.engine.contract import Contract

CONTRACT = Contract(header=True, min_rows=1, max_bad_share=0.5)
