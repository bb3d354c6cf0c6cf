"""Sizes of penguins on three islands (Horst, Hill and Gorman 2020, CC0)."""

import pandas as pd
import pandera.pandas as pa

from headgate.engine.contract import Contract


class Penguins(pa.DataFrameModel):
    """One penguin."""

    species: str = pa.Field(isin=["Adelie", "Chinstrap", "Gentoo"])
    island: str = pa.Field(isin=["Biscoe", "Dream", "Torgersen"])
    bill_length_mm: float = pa.Field(nullable=True, in_range={"min_value": 20, "max_value": 80})
    bill_depth_mm: float = pa.Field(nullable=True, in_range={"min_value": 5, "max_value": 40})
    flipper_length_mm: int = pa.Field(nullable=True, in_range={"min_value": 100, "max_value": 300})
    body_mass_g: int = pa.Field(nullable=True, in_range={"min_value": 1000, "max_value": 9000})
    sex: str = pa.Field(nullable=True, isin=["female", "male"])
    year: int = pa.Field(in_range={"min_value": 2007, "max_value": 2009})

    @pa.dataframe_check
    @classmethod
    def bill_is_longer_than_deep(cls, frame: pd.DataFrame) -> pd.Series:
        """A bill is longer than it is deep."""
        return frame["bill_length_mm"] > frame["bill_depth_mm"]


CONTRACT = Contract(model=Penguins, unknown="refuse", missing=("NA",), max_bad_share=0.05)
