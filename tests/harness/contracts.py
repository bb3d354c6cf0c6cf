"""Files held to a contract, and the rows that it keeps back."""

import csv

import duckdb
import pandas as pd
import pandera.pandas as pa

from headgate.engine.contract import Contract
from headgate.engine.staging import register
from headgate.engine.validate import validate_file
from headgate.options import CheckOptions, ReadOptions


class Orders(pa.DataFrameModel):
    """A model with a rule of each sort."""

    id: int = pa.Field(unique=True, ge=1)
    price: float = pa.Field(nullable=True, in_range={"min_value": 0, "max_value": 100})
    country: str = pa.Field(isin=["DE", "FR", "NA"])
    code: str = pa.Field(nullable=True, str_matches=r"^\d{3}$")
    sent: pd.Timestamp = pa.Field(nullable=True, coerce=True)

    @pa.dataframe_check(error="must cost more than its id")
    @classmethod
    def dear(cls, frame: pd.DataFrame) -> pd.Series:
        """A rule between columns."""
        return frame["price"] > frame["id"] / 1000


LENIENT = Contract(name="orders", model=Orders, max_bad_share=1, min_rows=0)
HEADER = "id,price,country,code,sent"


def reading_of(
    folder, rows, contract=LENIENT, header=HEADER, previous=None, *, drops_duplicates=True, **check
):
    path = folder / "file.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return validate_file(
        path,
        scratch,
        options=ReadOptions(delimiter=",", header_rows=1),
        check=CheckOptions(**check),
        contract=contract,
        previous=previous,
        drops_duplicates=drops_duplicates,
    )


def kept_back(reading):
    with reading.quarantine.open(newline="", encoding="utf-8-sig") as file:
        return {int(row["_line"]): row for row in csv.DictReader(file)}


def values_of(reading, place):
    """The typed values of a column."""
    column = reading.columns[place]
    with duckdb.connect() as con:
        register(con, reading.table)
        return [row[0] for row in con.execute(f"SELECT {column.sql} FROM staged").fetchall()]


GOOD = ["1,9.50,DE,001,31/12/2024", "2,8,FR,,", "3,,NA,003,01/02/2024", "4,7.5,DE,004,02/02/2024"]
