"""Names of feature columns: stable, unique, and harmless to the libraries that train on them."""

import re
from collections.abc import Iterable

HARMFUL = re.compile(r'[\[\]<>{}",:\x00-\x1f\x7f]')


def settle(names: Iterable[str]) -> list[str]:
    """Replace what XGBoost and LightGBM refuse in names, and number those that then coincide."""
    taken: set[str] = set()
    settled = []
    for name in names:
        base = plain = HARMFUL.sub("_", name)
        number = 2
        while plain.casefold() in taken:
            plain = f"{base} {number}"
            number += 1
        taken.add(plain.casefold())
        settled.append(plain)
    return settled
