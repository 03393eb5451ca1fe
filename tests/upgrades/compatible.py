"""Expand and contract: whether programs of an earlier release can go on with a newer schema."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, inspect

from liaison.db.schema import sync_url

Column = dict[str, Any]


def breaches(before: str, after: str) -> list[str]:
    """What the schema at ``after`` takes from programs written for the one at ``before``; both are database URLs.

    A table or column that they know must still be there and hold what they write; a column they do not know must do
    without a value from them; no new key may refuse what was accepted.
    """
    old, new = create_engine(sync_url(before)), create_engine(sync_url(after))
    try:
        return [line for table in _tables(old) for line in _breaches_of(table, old, new)]
    finally:
        old.dispose()
        new.dispose()


def _tables(engine: Engine) -> list[str]:
    return [name for name in sorted(inspect(engine).get_table_names()) if name != "alembic_version"]


def _breaches_of(table: str, old: Engine, new: Engine) -> list[str]:
    if table not in _tables(new):
        return [f"{table} is gone"]
    with old.connect() as before, new.connect() as after:
        known, found = _columns(before, table), _columns(after, table)
        lines = [line for name in known for line in _of_column(f"{table}.{name}", known[name], found.get(name))]
        lines += [
            f"{table}.{name} is new and needs a value"
            for name in found.keys() - known.keys()
            if not found[name]["nullable"] and found[name]["default"] is None
        ]
        stricter = _keys(after, table) - _keys(before, table)
    return lines + [f"{table} has a new key on {', '.join(key)}" for key in sorted(stricter)]


def _of_column(name: str, known: Column, found: Column | None) -> list[str]:
    if found is None:
        return [f"{name} is gone"]
    lines = []
    if type(found["type"]) is not type(known["type"]):
        lines.append(f"{name} was {known['type']} and is {found['type']}")
    lengths = [getattr(column["type"], "length", None) for column in (known, found)]
    if lengths[1] is not None and (lengths[0] is None or lengths[1] < lengths[0]):
        lines.append(f"{name} is shorter than it was")
    if known["nullable"] and not found["nullable"]:
        lines.append(f"{name} may no longer be null")
    if known["default"] is not None and found["default"] is None and not found["nullable"]:
        lines.append(f"{name} has lost its default")
    return lines


def _columns(connection: Connection, table: str) -> dict[str, Column]:
    return {column["name"]: dict(column) for column in inspect(connection).get_columns(table)}


def _keys(connection: Connection, table: str) -> set[tuple[str, ...]]:
    """Columns that together must be unique, by constraint or by index, and foreign keys."""
    found = inspect(connection)
    unique = {tuple(key["column_names"]) for key in found.get_unique_constraints(table)}
    unique |= {tuple(str(c) for c in index["column_names"]) for index in found.get_indexes(table) if index["unique"]}
    unique.add(tuple(found.get_pk_constraint(table)["constrained_columns"]))
    return unique | {("->", *key["constrained_columns"]) for key in found.get_foreign_keys(table)}
