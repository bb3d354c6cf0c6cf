"""What the options of mode `clean` say of the columns that are read, and of the rows that go."""

from headgate.engine.columns.column import Column
from headgate.engine.recipe import Input, Removal
from headgate.errors import OptionsError
from headgate.options import CleanOptions, ColumnRules


def inputs_of(columns: tuple[Column, ...], options: CleanOptions) -> tuple[Input, ...]:
    """Return what the options say about reading each column's cells.

    Raises:
        OptionsError: A rule names a column that the file does not have, or none is left.
    """
    rules = rules_of(columns, options)
    if all(rule.drop for rule in rules.values()):
        raise OptionsError("The rules drop every column.", todo="Keep at least one of them.")
    return tuple(
        Input(
            name=column.name,
            kind=column.kind,
            format=column.format,
            sql_type=column.sql_type,
            trim=_chosen(rules[column.name].trim, options.trim),
            normalise=_chosen(rules[column.name].normalise, options.normalise),
            missing=_markers(column, rules[column.name], options),
            markers=options.empty_missing,
        )
        for column in columns
        if not rules[column.name].drop
    )


def removal_of(options: CleanOptions, target: str | None) -> Removal:
    """Return which rows the options leave out."""
    return Removal(
        duplicates=options.drop_duplicates, empty_rows=options.drop_empty_rows, target=target
    )


def rules_of(columns: tuple[Column, ...], options: CleanOptions) -> dict[str, ColumnRules]:
    """Return the rules of each column, by name.

    Raises:
        OptionsError: A rule names a column that the file does not have, or two name the same.
    """
    rules = {column.name: ColumnRules(name=column.name) for column in columns}
    for rule in options.columns:
        if rule.name not in rules:
            raise OptionsError(
                f"There is a rule for the column {rule.name!r}, which the file does not have.",
                todo=f"The columns are: {', '.join(rules)}.",
            )
        if rules[rule.name] != ColumnRules(name=rule.name):
            raise OptionsError(
                f"There are two rules for the column {rule.name!r}.",
                todo="Put what they say into one.",
            )
        rules[rule.name] = rule
    return rules


def _chosen(own: bool | None, general: bool) -> bool:
    return general if own is None else own


def _markers(column: Column, rule: ColumnRules, options: CleanOptions) -> tuple[str, ...]:
    found = [each.marker.strip() for each in column.missing] if options.empty_missing else []
    return tuple(sorted({marker for marker in (*found, *rule.missing) if marker}))
