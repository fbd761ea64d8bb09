"""Tables for people: labels, short times, Chinese aligned, fitted to the terminal's width.

Knows how a cell looks; not where items come from. Loaded only when a table is printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

import tabulate
import wcwidth

from svcctl.views.language import _, word
from svcctl.views.output import Column, Item, value_at
from svcctl.views.safe import line
from svcctl.views.wrapping import wrap

GAP = 2
tabulate.MIN_PADDING = 0  # else titles are padded, and rows get wider than what was measured
NARROWEST = 6
NOBODY: Mapping[str, str] = {}


def table(
    items: Sequence[Item],
    columns: Sequence[Column],
    terminal_width: int | None,
    people: Mapping[str, str] = NOBODY,
) -> str:
    """``items`` as lines of aligned columns under translated titles; empty for no items."""
    if not items:
        return ""
    titles = [_(column.title) for column in columns]
    rows = [[shown(item, column, people) for column in columns] for item in items]
    said = [not one.spare or any(row[n] for row in rows) for n, one in enumerate(columns)]
    titles, *rows = ([*compress(row, said)] for row in (titles, *rows))
    columns = [*compress(columns, said)]
    if terminal_width is not None:
        titles, rows, columns = _narrowed(titles, rows, columns, terminal_width)
    widths = _widths(titles, rows, columns, terminal_width)
    rows = [
        [
            _broken(text, width) if column.wrap else cut(text, width)
            for text, width, column in zip(row, widths, columns, strict=True)
        ]
        for row in rows
    ]
    titles = [cut(title, width) for title, width in zip(titles, widths, strict=True)]
    text = tabulate.tabulate(
        rows,
        headers=titles,
        tablefmt="simple",
        disable_numparse=True,
        colalign=[column.align for column in columns],
    )
    return "\n".join(part.rstrip() for part in text.split("\n")) + "\n"


def _narrowed(
    titles: list[str], rows: list[list[str]], columns: Sequence[Column], terminal_width: int
) -> tuple[list[str], list[list[str]], Sequence[Column]]:
    """What fits the terminal: first times lose their year, then columns go that can be spared.

    Which columns go depends on how narrow the others can be made, so that none goes needlessly.
    """

    def narrowest() -> int:
        return sum(
            widest
            if column.show != "text" or not position
            else min(widest, max(NARROWEST + 2, column.least))
            for position, (widest, column) in enumerate(
                zip(_widths(titles, rows, columns, None), columns, strict=True)
            )
        ) + GAP * (len(columns) - 1)

    if sum(_widths(titles, rows, columns, None)) + GAP * (len(columns) - 1) > terminal_width:
        rows = [
            [
                text[5:] if column.show == "time" else text
                for text, column in zip(row, columns, strict=True)
            ]
            for row in rows
        ]
    while narrowest() > terminal_width:
        spare = max(range(len(columns)), key=lambda position: columns[position].spare)
        if not columns[spare].spare:
            break
        kept = [position for position in range(len(columns)) if position != spare]
        titles = [titles[position] for position in kept]
        rows = [[row[position] for position in kept] for row in rows]
        columns = [columns[position] for position in kept]
    return titles, rows, columns


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


def _widths(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    columns: Sequence[Column],
    terminal_width: int | None,
) -> list[int]:
    """How wide each column may be: its content, its own limit, and a share of the terminal.

    What does not fit is taken from the widest columns of text. The first column (the id), words and
    times stay whole: an id with its end cut off is of no use.
    """
    widths = []
    for position, (title, column) in enumerate(zip(titles, columns, strict=True)):
        widest = max([display_width(title), *(display_width(row[position]) for row in rows)])
        widths.append(widest if column.width is None else min(widest, column.width))
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
