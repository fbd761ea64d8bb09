"""What an answer is made of: items and columns; and how a terminal shows it. Knows no record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
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
    show: Literal["text", "word", "person", "time", "due", "day", "minutes", "seconds", "phone"] = (
        "text"
    )
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


class Kept:
    """Text that is put down piece by piece and read again: a long one lies in a file meanwhile.

    To be used with ``with``, and read to the end before it is read anew.
    """

    __slots__ = ("_file", "_pieces", "_size")

    def __init__(self) -> None:
        self._file: TextIO | None = None
        self._pieces: list[str] = []
        self._size = 0

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, piece: str) -> None:
        """Add to the end."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > MOST_KEPT:
            if self._file is None:
                import tempfile

                self._file = tempfile.TemporaryFile(  # noqa: SIM115  closed in __exit__
                    "w+", encoding="utf-8", newline=""
                )
            self._file.write("".join(self._pieces))
            self._pieces, self._size = [], 0

    def pieces(self) -> Iterator[str]:
        """Yield all of it, from the beginning."""
        if self._file is not None:
            self._file.seek(0)
            while block := self._file.read(1 << 20):
                yield block
        yield from self._pieces

    def lines(self) -> Iterator[str]:
        """Yield its lines, from the beginning; each was ended by a line feed, which is left out."""
        rest = ""
        for piece in self.pieces():
            *whole, rest = (rest + piece).split("\n")
            yield from whole


def complete(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the text that the pieces are, once all of it is there (``Kept``).

    So an error on the way leaves no half of an answer, and whoever reads slowly keeps nobody waiting.
    """
    with Kept() as kept:
        for piece in pieces:
            kept.put(piece)
        yield from kept.pieces()


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


def page(text: str, height: int, pager: str | None, rest: Iterable[str] = ()) -> bool:
    """Show ``text`` and ``rest`` through the user's pager when ``text`` is longer than ``height`` lines.

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
    assert process.stdin is not None
    try:
        with suppress(BrokenPipeError), process.stdin as stdin:  # it was left before the end
            for piece in chain((text,), rest):
                stdin.write(piece.encode("utf-8", "backslashreplace"))
        process.wait()
    except KeyboardInterrupt:
        # The pager owns the keyboard and decides itself what an interrupt means.
        process.wait()
    return True
