"""Answers as a table, JSON, CSV or ids. Knows items and columns; no command and no record.

Machine output is the same in every language and on every terminal; only a table is translated,
and only a table is fitted to the terminal's width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from svcctl.domain.problems import Problem
from svcctl.views.output import Column, Format, Item, value_at


def render(
    kind: str,
    items: Iterable[Item],
    columns: Sequence[Column],
    fmt: Format,
    *,
    as_of: str | None = None,
    problems: Iterable[Problem] = (),
    id_key: str = "id",
    terminal_width: int | None = None,
    people: Mapping[str, str] | None = None,
) -> str:
    """``items`` in ``fmt``, ready to print, with a final newline unless it is empty.

    ``kind`` names what an item is; ``as_of`` is the instant the answer is about (ISO 8601).
    ``id_key`` is the key that ``ids`` prints. ``terminal_width``: None where there is no terminal.
    ``people`` are the names of people by id, for a table; machine output keeps ids.
    """
    if fmt != "table":
        return "".join(
            pieces(kind, items, columns, fmt, as_of=as_of, problems=problems, id_key=id_key)
        )
    from svcctl.views.tables import table

    return table(items, columns, terminal_width, people or {})


def pieces(
    kind: str,
    items: Iterable[Item],
    columns: Sequence[Column],
    fmt: Format,
    *,
    as_of: str | None = None,
    problems: Iterable[Problem] = (),
    id_key: str = "id",
) -> Iterator[str]:
    """Yield machine output, ``render`` of any format but a table, as ``items`` come one by one."""
    if fmt == "json":
        yield from _json(kind, items, as_of, problems)
    elif fmt == "csv":
        yield from _csv(items, columns)
    else:
        from svcctl.views.safe import line

        for item in items:
            yield f"{line(_plain(value_at(item, id_key)))}\n"


def _json(
    kind: str, items: Iterable[Item], as_of: str | None, problems: Iterable[Problem]
) -> Iterator[str]:
    from svcctl.views.findings import problem_item
    from svcctl.views.jsontext import indented
    from svcctl.views.safe import json_text

    head = indented({"svcctl": 1, "kind": kind, "as_of": as_of})
    yield json_text(head.removesuffix("\n}") + ',\n  "items": [')
    empty = True
    for item in items:
        yield json_text(("" if empty else ",") + "\n    " + indented(item, 2, _machine))
        empty = False
    found = [problem_item(problem) for problem in problems]
    last = ("" if empty else "\n  ") + '],\n  "problems": ' + indented(found, 1, _machine)
    yield json_text(last + "\n}\n")


def _machine(value: object) -> object:
    """What JSON has no form for: instants and days in ISO 8601, amounts as text, mappings as such."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def _csv(items: Iterable[Item], columns: Sequence[Column]) -> Iterator[str]:
    """RFC 4180: CRLF, quotes where needed, a header of the ASCII keys."""
    import csv
    import io

    from svcctl.views.safe import cell

    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([column.key for column in columns])
    for item in items:
        row: list[object] = []
        for column in columns:
            value = value_at(item, column.key)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            row.append(value if number else cell(_plain(value)))
        writer.writerow(row)
        yield target.getvalue()
        target.seek(0)
        target.truncate()
    yield target.getvalue()


def _plain(value: object) -> str:
    """A value as text that means the same to every reader: no label, no local time."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return " ".join(_plain(part) for part in value)
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_plain(part)}" for key, part in value.items())
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value)
