"""Names of feature columns: stable, unique, and harmless to the libraries that train on them."""

import re
from collections.abc import Iterable

from headgate.engine.names import numbered

HARMFUL = re.compile(r'[\[\]<>{}",:\x00-\x1f\x7f]')


def settle(names: Iterable[str]) -> list[str]:
    """Replace what XGBoost and LightGBM refuse in names, and number those that then coincide."""
    taken: set[str] = set()
    settled = []
    for name in names:
        plain = HARMFUL.sub("_", name)
        settled.append(numbered(plain, lambda name: name.casefold() in taken, separator=" "))
        taken.add(settled[-1].casefold())
    return settled
