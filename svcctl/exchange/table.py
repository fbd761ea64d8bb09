"""A spreadsheet saved as CSV: its bytes to rows of cells, with the line each stands on.

Knows CSV and encodings; not what a column means, nor any record. Guesses nothing: encoding and
delimiter are stated, and what contradicts them is reported at its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from svcctl.domain.problems import N_, Message, Unreadable, Usage

DIFFERENT = 1000
"""How many different faults are kept; the others are only counted."""

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_SURELY_UTF8 = 8  # characters of several bytes that would all have to be UTF-8 by chance


class Fault(NamedTuple):
    """What is wrong at one place (``file.csv:17:opened_at``), and how many more cells are alike."""

    place: str
    message: Message
    more: int = 0


class BadTable(Unreadable):
    """The file cannot be taken as it is. ``faults`` say where; ``untold`` were too many to keep."""

    def __init__(
        self, code: str, message: Message, remedy: Message, faults: Sequence[Fault], untold: int = 0
    ) -> None:
        super().__init__(code, message, remedy)
        self.faults = tuple(faults)
        self.untold = untold


class BadMap(Usage):
    """The map cannot be taken as it is; ``faults`` say where."""

    def __init__(self, path: str, faults: Sequence[Fault]) -> None:
        super().__init__(
            "bad-map",
            Message(N_("the map {path} cannot be used; nothing was imported"), {"path": path}),
            Message(N_("mend the places named; docs/import.md explains every key"), {}),
        )
        self.faults = tuple(faults)


class Row(NamedTuple):
    """One row: the line it begins on, counted from 1, and as many cells as the header has."""

    line: int
    cells: list[str]


class Faults:
    """The faults of one file as they are found; cells that are wrong alike are told once."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.number = 0
        self.untold = 0
        self._found: dict[tuple[object, ...], tuple[str, Message]] = {}
        self._more: dict[tuple[object, ...], int] = {}

    def __bool__(self) -> bool:
        return self.number > 0

    def add(self, line: int, column: str, template: str, **args: str) -> None:
        """Note a fault of the cell at ``line`` and ``column`` ("": the row, 0: the whole column)."""
        self.number += 1
        kind = (column, template, *args.items())
        if kind in self._found:
            self._more[kind] = self._more.get(kind, 0) + 1
        elif len(self._found) >= DIFFERENT:
            self.untold += 1
        else:
            parts = (self.path, str(line) if line else "", column)
            place = ":".join(part for part in parts if part)
            self._found[kind] = (place, Message(template, args))

    def stop(self) -> BadTable:
        """Return the refusal that tells all of them."""
        faults = [Fault(*found, self._more.get(kind, 0)) for kind, found in self._found.items()]
        return BadTable(
            "bad-table",
            Message(
                N_("{path}: faulty cells and rows: {number}; nothing was imported"),
                {"path": self.path, "number": str(self.number)},
            ),
            Message(N_("mend the cells named or the map, and run it again"), {}),
            faults,
            self.untold,
        )


class Table:
    """A CSV file: ``header`` and, as often as wanted, its ``rows``.

    ``path`` is only for messages. Raises ``BadTable`` where the bytes are not what the map says.
    """

    def __init__(self, path: str, content: bytes, encoding: str, delimiter: str) -> None:
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter
        self.blank = 0
        self._content = content
        self._codec = _codec(path, content, encoding)
        faults = Faults(path)
        first = next(self._read(faults), None)
        if faults:
            raise faults.stop()
        if first is None:
            faults.add(1, "", N_("the file is empty: not even a header"))
            raise faults.stop()
        self.header = [name.strip() for name in first.cells]

    def rows(self, faults: Faults) -> Iterator[Row]:
        """Yield every row below the header that is not blank; a ragged one becomes a fault."""
        width = len(self.header)
        self.blank = 0
        lines = self._read(faults)
        next(lines, None)
        for row in lines:
            if len(row.cells) == width:
                if any(row.cells):
                    yield row
                else:
                    self.blank += 1
            elif not any(cell.strip() for cell in row.cells):
                self.blank += 1
            else:
                faults.add(
                    row.line,
                    "",
                    N_("the row has {found} cells, the header has {wanted}"),
                    found=str(len(row.cells)),
                    wanted=str(width),
                )

    def _read(self, faults: Faults) -> Iterator[Row]:
        import csv
        import io

        stream = io.TextIOWrapper(io.BytesIO(self._content), self._codec, newline="")
        reader = csv.reader(stream, delimiter=self.delimiter, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._broken(faults, line, reader.line_num, str(error))
                return
            yield Row(line, cells)
            line = reader.line_num + 1

    def _broken(self, faults: Faults, line: int, last: int, said: str) -> None:
        """A row that CSV cannot read ends the reading: where it ends is not known."""
        if "field larger" in said or "unexpected end" in said:
            faults.add(line, "", N_("a quoted cell that begins in this row is never closed"))
        elif "expected after" in said:
            faults.add(
                last,
                "",
                N_('a quotation mark stands within a quoted cell: write it twice ("")'),
            )
        elif "new-line" in said:
            faults.add(line, "", N_("a line ends with a bare carriage return: save the file anew"))
        else:
            faults.add(line, "", N_("this row is no CSV: {said}"), said=said)


def _codec(path: str, content: bytes, encoding: str) -> str:
    """Return the codec to read ``content`` with, after proving that all of it can be read."""
    if content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise _undecodable(
            path,
            1,
            Message(N_("this is a workbook, not a CSV file")),
            N_("open it and save the sheet as “CSV UTF-8”"),
        )
    name = encoding.lower().replace("_", "-")
    if name in ("utf-8", "utf8", "utf-8-sig"):
        if content[:2] in _UTF16_BOMS:
            raise _other_encoding(path, 1, encoding, "utf-16")
        name = "utf-8-sig"
    elif not name.startswith("utf") and _is_utf8(content):
        raise _other_encoding(path, 1, encoding, "utf-8")
    try:
        _decode_all(content, name)
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line = content.count(b"\n", 0, at) + 1
        if name == "utf-8-sig":
            raise _other_encoding(path, line, encoding, "gb18030") from None
        raise _undecodable(
            path,
            line,
            Message(N_("this line is not written in {encoding}"), {"encoding": encoding}),
            N_("find out how the file was saved and name it in the map, key encoding"),
        ) from None
    if not name.startswith("utf-16") and b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise _undecodable(
            path,
            line,
            Message(N_("the line holds a NUL character, which no text has")),
            N_("save the file anew from the program it comes from"),
        )
    return name


def _decode_all(content: bytes, codec: str) -> None:
    """Raise UnicodeError, with the offset in ``content``, unless all of it can be decoded."""
    content.decode(codec)


def _is_utf8(content: bytes) -> bool:
    """Whether text said to be in another encoding is UTF-8 beyond doubt."""
    if content.startswith(_UTF8_BOM):
        return True
    several = len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", content[: 1 << 20]))
    if several < _SURELY_UTF8:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _other_encoding(path: str, line: int, stated: str, likely: str) -> BadTable:
    return _undecodable(
        path,
        line,
        Message(N_("this line is not written in {encoding}"), {"encoding": stated}),
        N_(
            "the file seems to be {likely}: say “encoding: {likely}” in the map, or save it as UTF-8"
        ),
        {"likely": likely},
    )


def _undecodable(
    path: str, line: int, message: Message, remedy: str, args: dict[str, str] | None = None
) -> BadTable:
    return BadTable(
        "bad-encoding",
        Message(N_("{path} cannot be read; nothing was imported"), {"path": path}),
        Message(remedy, args or {}),
        [Fault(f"{path}:{line}", message)],
    )
