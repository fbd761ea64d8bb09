"""Answers as a table, JSON, CSV or ids. Knows shapes and terminals; no command and no record.

Machine output is the same in every language and on every terminal; only a table is translated,
and only a table is fitted to the terminal's width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from svcctl.domain.problems import Problem

Format = Literal["table", "json", "csv", "ids"]
Item = Mapping[str, object]


class Column(NamedTuple):
    """A column of a table: where its value lies in an item, and how it is shown.

    ``key`` may reach into nested mappings with dots; ``title`` is an English template marked with
    ``N_``. ``show``: ``text`` as it is; ``word`` a stored word, translated; ``person`` the name of a person
    (or a stored word, such as a role); ``time`` an instant
    without seconds and offset; ``day`` its date; ``minutes`` a number of them as days, hours and minutes. ``width`` is the widest it may get, in terminal
    columns; ``align`` is ``left`` or ``right``. ``spare``: left out where the terminal is too narrow,
    the highest number first; 0 stays.
    """

    key: str
    title: str
    width: int | None = None
    align: Literal["left", "right"] = "left"
    show: Literal["text", "word", "person", "time", "day", "minutes"] = "text"
    spare: int = 0


def render(
    kind: str,
    items: Sequence[Item],
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
    if fmt == "json":
        return _json(kind, items, as_of, problems)
    if fmt == "csv":
        return _csv(items, columns)
    if fmt == "ids":
        from svcctl.views.safe import line

        return "".join(f"{line(_plain(value_at(item, id_key)))}\n" for item in items)
    from svcctl.views.tables import table

    return table(items, columns, terminal_width, people or {})


def value_at(item: Item, key: str) -> object:
    """The value under a dotted ``key``; None where any step of the way is missing."""
    if "." not in key:
        return item.get(key)
    value: object = item
    for step in key.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def problem_item(problem: Problem) -> dict[str, object]:
    """A finding as machine output. ``message`` is English: machine output has no language."""
    from svcctl.domain.checks.catalogue import CODES, severity_of
    from svcctl.views.safe import problem_message

    template, args = problem_message(problem)
    return {
        "code": problem.code,
        "severity": severity_of(problem) if problem.code in CODES else "error",
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "subject": problem.subject,
        "message": template.format_map(dict(args)),
        "args": dict(problem.args),
    }


def _json(kind: str, items: Sequence[Item], as_of: str | None, problems: Iterable[Problem]) -> str:
    import json

    from svcctl.views.safe import json_text

    answer = {
        "svcctl": 1,
        "kind": kind,
        "as_of": as_of,
        "items": list(items),
        "problems": [problem_item(problem) for problem in problems],
    }
    text = json.dumps(answer, ensure_ascii=False, indent=2, default=_machine)
    return json_text(text) + "\n"


def _machine(value: object) -> object:
    """What JSON has no form for: instants and days in ISO 8601, amounts as text, mappings as such."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def _csv(items: Sequence[Item], columns: Sequence[Column]) -> str:
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
    return target.getvalue()


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


_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}


def paint(text: str, colour: str, on: bool) -> str:
    """``text`` in a colour of the terminal where ``on``; as it is otherwise."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on and text else text


def page(text: str, height: int, pager: str | None) -> bool:
    """Show ``text`` through the user's pager when it is longer than ``height`` lines.

    ``pager`` is the value of ``PAGER`` (None: not set; empty or ``cat``: no pager wanted). Only for
    a terminal. True when it was shown; False when the caller is to print it.
    """
    if text.count("\n") < height or pager in ("", "cat"):
        return False
    import os
    import shlex
    import shutil
    import subprocess

    try:
        command = shlex.split(pager) if pager else ["less"]
    except ValueError:
        return False
    if not command or shutil.which(command[0]) is None:
        return False
    environ = {"LESS": "FRX", "LESSCHARSET": "utf-8", **os.environ}
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)
    except OSError:
        return False
    try:
        process.communicate(text.encode("utf-8", "backslashreplace"))
    except KeyboardInterrupt:
        # The pager owns the keyboard and decides itself what an interrupt means.
        process.wait()
    return True
