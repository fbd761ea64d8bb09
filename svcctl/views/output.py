"""What an answer is made of: items and columns; and how a terminal shows it. Knows no record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Literal, NamedTuple, TextIO

Format = Literal["table", "json", "csv", "ids"]
Item = Mapping[str, object]


class Column(NamedTuple):
    """A column of a table: where its value lies in an item, and how it is shown.

    ``key`` may reach into nested mappings with dots; ``title`` is an English template marked with
    ``N_``. ``show``: ``text`` as it is; ``word`` a stored word, translated; ``person`` the name of a person
    (or a stored word, such as a role); ``time`` an instant
    without seconds and offset; ``day`` its date; ``minutes`` and ``seconds`` a number of them as days, hours and minutes;
    ``phone`` a number to be dialled, never cut. ``width`` is the widest it may get, in terminal
    columns, ``least`` the narrowest; ``wrap``: what does not fit goes on in the next line instead of
    being cut. ``align`` is ``left`` or ``right``. ``spare``: left out where the terminal is too narrow,
    the highest number first, and where nothing stands in it; 0 stays.
    """

    key: str
    title: str
    width: int | None = None
    align: Literal["left", "right"] = "left"
    show: Literal["text", "word", "person", "time", "day", "minutes", "seconds", "phone"] = "text"
    spare: int = 0
    least: int = 0
    wrap: bool = False


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


MOST_KEPT = 4_000_000
"""Characters of an answer that are kept in memory."""


def complete(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the text that the pieces are, once all of it is there: a long one lies in a file meanwhile.

    So an error on the way leaves no half of an answer, and whoever reads slowly keeps nobody waiting.
    """
    kept: list[str] = []
    size = 0
    with ExitStack() as stack:
        file: TextIO | None = None
        for piece in pieces:
            kept.append(piece)
            size += len(piece)
            if size > MOST_KEPT:
                if file is None:
                    import tempfile

                    file = stack.enter_context(
                        tempfile.TemporaryFile("w+", encoding="utf-8", newline="")
                    )
                file.write("".join(kept))
                kept, size = [], 0
        if file is not None:
            file.seek(0)
            while block := file.read(1 << 20):
                yield block
        yield "".join(kept)


_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}


def is_terminal(stream: object) -> bool:
    """Whether a stream is a terminal; one that is missing or closed is none."""
    ask = getattr(stream, "isatty", None)
    try:
        return ask is not None and bool(ask())
    except ValueError:
        return False


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
