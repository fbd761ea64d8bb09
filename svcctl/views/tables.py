"""Tables for people: labels, short times, Chinese aligned, fitted to the terminal's width.

Knows how a cell looks; not where items come from. Loaded only when a table is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import tabulate
import wcwidth

from svcctl.views.language import _, due, word
from svcctl.views.output import Column, Item, Kept, value_at
from svcctl.views.safe import line
from svcctl.views.wrapping import wrap

GAP = 2
tabulate.MIN_PADDING = 0  # else titles are padded, and rows get wider than what was measured
NARROWEST = 6
NOBODY: Mapping[str, str] = {}
AT_ONCE = 500  # rows that are laid out at once


class _Told(NamedTuple):
    """A column that is shown: its place among all, its title, the width of its widest cell."""

    place: int
    column: Column
    title: str
    widest: int


def table(
    items: Iterable[Item],
    columns: Sequence[Column],
    terminal_width: int | None,
    people: Mapping[str, str] = NOBODY,
) -> str:
    """``items`` as lines of aligned columns under translated titles; empty for no items."""
    return "".join(parts(items, columns, terminal_width, people))


def parts(
    items: Iterable[Item],
    columns: Sequence[Column],
    terminal_width: int | None,
    people: Mapping[str, str] = NOBODY,
) -> Iterator[str]:
    """Yield the lines of ``table``, many at a time, once all items have been taken.

    How wide a column is depends on all of its cells. So these are measured and put aside first
    (``Kept``), and laid out some at a time.
    """
    with Kept() as kept:
        many, told, shorter = _measured(items, columns, people, kept)
        without_year: set[int] = set()
        if many and terminal_width is not None:
            told, without_year = _narrowed(told, shorter, terminal_width)
        widths = _widths(told, terminal_width)
        titles = [cut(one.title, width) for one, width in zip(told, widths, strict=True)]

        def rows() -> Iterator[list[str]]:
            for text in kept.lines():
                cells = text.split(_BETWEEN)
                for place in without_year:
                    cells[place] = cells[place][5:]
                yield [
                    _fitted(cells[one.place], one.column, width)
                    for one, width in zip(told, widths, strict=True)
                ]

        # A row as wide as the widest cells makes every part as wide as the whole. Cells of several
        # lines are of tables that are never long.
        at_once = many if any(one.column.wrap for one in told) else AT_ONCE
        ruler = [["x" * width for width in _taken(titles, rows())]] if many > at_once else []
        left, head = rows(), 0
        while some := list(islice(left, at_once)):
            text = tabulate.tabulate(
                [*ruler, *some],
                headers=titles,
                tablefmt="simple",
                disable_numparse=True,
                colalign=[one.column.align for one in told],
            )
            lines = text.split("\n")
            del lines[2 : 2 + len(ruler)]
            yield "".join(f"{part.rstrip()}\n" for part in lines[head:])
            head = 2


_BETWEEN = "\x1f"  # cells that are put aside: none holds it, and none a line feed


def _measured(
    items: Iterable[Item], columns: Sequence[Column], people: Mapping[str, str], kept: Kept
) -> tuple[int, list[_Told], dict[int, int]]:
    """Put every item's cells aside, a line for each; return how many, and the columns to be shown.

    Also how wide times are without their year, by the places of their columns.
    """
    many = 0
    said = [not column.spare for column in columns]
    widest = [0] * len(columns)
    shorter = {place: 0 for place, column in enumerate(columns) if column.show in ("time", "due")}
    for item in items:
        many += 1
        row = [shown(item, column, people) for column in columns]
        for place, text in enumerate(row):
            if text:
                said[place] = True
                widest[place] = _wider(widest[place], text)
        for place, known in shorter.items():
            shorter[place] = _wider(known, row[place][5:])
        kept.put(_BETWEEN.join(row) + "\n")
    told = [
        _Told(place, column, _(column.title), widest[place])
        for place, column in enumerate(columns)
        if said[place]
    ]
    return many, told, shorter


def _wider(known: int, text: str) -> int:
    """``known``, or the width of ``text`` where it is wider: no character takes over two columns."""
    return known if 2 * len(text) <= known else max(known, display_width(text))


def _taken(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[int]:
    """How wide each column gets when all of ``rows`` are laid out at once."""
    widths = [display_width(title) for title in titles]
    for row in rows:
        for place, text in enumerate(row):
            widths[place] = _wider(widths[place], text.strip())
    return widths


def _narrowed(
    told: list[_Told], shorter: Mapping[int, int], terminal_width: int
) -> tuple[list[_Told], set[int]]:
    """What fits the terminal: first times lose their year, then columns go that can be spared.

    Which columns go depends on how narrow the others can be made, so that none goes needlessly.
    Also the places of the columns that lose the year.
    """

    def narrowest() -> int:
        return sum(
            widest
            if one.column.show != "text" or not position
            else min(widest, max(NARROWEST + 2, one.column.least))
            for position, (widest, one) in enumerate(zip(_widths(told, None), told, strict=True))
        ) + GAP * (len(told) - 1)

    without_year: set[int] = set()
    if sum(_widths(told, None)) + GAP * (len(told) - 1) > terminal_width:
        without_year = set(shorter)
        told = [one._replace(widest=shorter.get(one.place, one.widest)) for one in told]
    while narrowest() > terminal_width:
        spare = max(range(len(told)), key=lambda position: told[position].column.spare)
        if not told[spare].column.spare:
            break
        told = [one for position, one in enumerate(told) if position != spare]
    return told, without_year


def shown(item: Item, column: Column, people: Mapping[str, str] = NOBODY) -> str:
    """The cell of ``item`` in ``column``: labels for stored words, short times, one harmless line."""
    value = value_at(item, column.key)
    if column.show == "person":
        several = value if isinstance(value, (list, tuple)) else [value]
        return _(", ").join(
            line(people[one]) if isinstance(one, str) and one in people else _cell(one, column)
            for one in several
        )
    return _cell(value, column)


def _cell(value: object, column: Column) -> str:
    if value is None:
        return ""
    if type(value) is str:
        return _text(value, column)
    if isinstance(value, bool):
        return word("yes") if value else word("no")
    if isinstance(value, (list, tuple)):
        return _(", ").join(_cell(part, column) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{line(str(key))}={_cell(part, column)}" for key, part in value.items())
    return _text(value.isoformat() if hasattr(value, "isoformat") else str(value), column)


def _text(text: str, column: Column) -> str:
    if column.show in ("word", "person"):
        text = word(text, column.key.rpartition(".")[2])
    elif column.show == "time":
        text = text[:16].replace("T", " ")
    elif column.show == "due":
        text = due(text)
    elif column.show == "day":
        text = text[:10]
    elif column.show == "minutes":
        text = length(int(text)) if text not in ("", "0") else ""
    elif column.show == "seconds":
        from svcctl.views.figures import duration_text

        text = duration_text(int(text)) if text else ""
    return line(text)


def length(minutes: int) -> str:
    """A length of time in the same short words in every language: ``12d 4h``, ``2h 05m``, ``4m``."""
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {left:02d}m" if hours else f"{left}m"


def _widths(told: Sequence[_Told], terminal_width: int | None) -> list[int]:
    """How wide each column may be: its content, its own limit, and a share of the terminal.

    What does not fit is taken from the widest columns of text. The first column (the id), words and
    times stay whole: an id with its end cut off is of no use.
    """
    columns = [one.column for one in told]
    widths = []
    for one in told:
        widest = max(display_width(one.title), one.widest)
        widths.append(widest if one.column.width is None else min(widest, one.column.width))
    if terminal_width is None:
        return widths
    elastic = [
        position
        for position, column in enumerate(columns)
        if position and column.show == "text" and widths[position] > _least(column)
    ]
    excess = sum(widths) + GAP * (len(widths) - 1) - terminal_width
    while excess > 0 and elastic:
        position = max(elastic, key=lambda place: widths[place])
        widest, least = widths[position], _least(columns[position])
        if widest <= least:
            elastic.remove(position)
            continue
        second = max((widths[place] for place in elastic if widths[place] < widest), default=0)
        taken = min(excess, widest - max(second, least))
        widths[position] -= taken
        excess -= taken
    return widths


def _least(column: Column) -> int:
    return max(NARROWEST, column.least)


def _fitted(text: str, column: Column, width: int) -> str:
    """A cell in at most ``width`` columns: cut, or in several lines."""
    if 2 * len(text) <= width:
        return text
    return _broken(text, width) if column.wrap else cut(text, width)


def _broken(text: str, width: int) -> str:
    """``text`` in lines of at most ``width`` columns; a sign that never begins a line has its room."""
    return text if display_width(text) <= width else "\n".join(wrap(text, width - 2))


def display_width(text: str) -> int:
    """The columns ``text`` takes on a terminal."""
    return len(text) if text.isascii() else max(wcwidth.wcswidth(text), 0)


def cut(text: str, width: int) -> str:
    """``text``, or its beginning and an ellipsis, in at most ``width`` terminal columns."""
    if display_width(text) <= width:
        return text
    room = width - 1
    kept = ""
    for character in text:
        room -= max(wcwidth.wcwidth(character), 0)
        if room < 0:
            break
        kept += character
    return kept + "…"
