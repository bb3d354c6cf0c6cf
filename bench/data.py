"""Mixed data as people upload it: ids, codes, dates, categories, decimals, quoted text with commas.

5 % of most cells are missing, 2 % of the rows are doubled, 0.1 % have a cell too few or too many.
The same size gives the same file.
"""

import subprocess
import tempfile
from pathlib import Path

import duckdb

ROW_BYTES = 106
_CELLS = """
10000000 + i AS id,
printf('%05d', (hash(i * 7) % 99999)::INT) AS postcode,
CASE WHEN hash(i * 3) % 20 > 0 THEN DATE '2015-01-01' + (hash(i * 11) % 3650)::INT END AS ordered,
CASE WHEN hash(i * 5) % 20 > 0
  THEN ['north', 'south', 'east', 'west', 'overseas'][1 + (hash(i * 13) % 5)::INT] END AS region,
CASE WHEN hash(i * 17) % 20 > 0
  THEN ((hash(i * 19) % 1000000) / 100.0)::DECIMAL(12, 2) END AS amount,
CASE WHEN hash(i * 23) % 20 > 0 THEN hash(i * 29) % 500 END AS quantity,
CASE WHEN hash(i * 31) % 20 > 0
  THEN (((hash(i * 37) % 2000000)::DOUBLE - 1000000) / 10000.0)::DECIMAL(12, 4) END AS score,
CASE WHEN hash(i * 41) % 3 = 0
  THEN 'He said "go", and ' || (hash(i * 43) % 10000) || ' went, slowly'
  ELSE 'plain words number ' || (hash(i * 43) % 100000) END AS note,
hash(i * 47) % 2 = 0 AS active,
TIMESTAMP '2020-01-01' + to_seconds((hash(i * 53) % 100000000)::BIGINT) AS updated
"""


def make(path: Path, size: int) -> None:
    """Write a file of about this many bytes."""
    rows = max(1, size // ROW_BYTES)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, duckdb.connect() as con:
        good = Path(folder) / "good.csv"
        numbers = f"SELECT CASE WHEN r % 50 = 49 THEN r - 1 ELSE r END AS i FROM range({rows}) t(r)"
        con.execute(f"COPY (SELECT {_CELLS} FROM ({numbers})) TO '{good}' (HEADER)")
        spoil = (
            'NR % 2000 == 1000 { print $0 ",more"; next } NR % 2000 == 0 { print "1,2"; next } 1'
        )
        with path.open("wb") as out:
            subprocess.run(["awk", spoil, str(good)], stdout=out, check=True)
