"""The text of one record with its places: bytes decoded, what is wrong reported line by line.

Knows encodings, line ends and the nodes that a reader makes; nothing of YAML's syntax or of records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from svcctl.domain.checks.bytes_and_yaml import MESSAGES
from svcctl.domain.problems import N_, Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_PROBLEMS = 100
"""Problems told of one file; a file with more has one cause."""
_EXCERPT = 160

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(?= |$)", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"


class Scalar:
    """One value as the text that stands there; line and column count from 1, ends exclude."""

    __slots__ = ("column", "end_column", "end_line", "line", "quoted", "text")

    def __init__(
        self,
        text: str,
        line: int,
        column: int,
        quoted: bool,
        end_line: int = 0,
        end_column: int = 0,
    ) -> None:
        self.text = text
        self.line = line
        self.column = column
        self.quoted = quoted
        self.end_line = end_line
        self.end_column = end_column


class Mapping:
    """Pairs in the order of the file. ``end_*`` lie behind the last value, or the closing brace."""

    __slots__ = ("column", "end_column", "end_line", "flow", "line", "pairs")

    def __init__(self, line: int, column: int, flow: bool) -> None:
        self.pairs: list[tuple[Scalar, Node]] = []
        self.line = line
        self.column = column
        self.flow = flow
        self.end_line = line
        self.end_column = column


class Sequence:
    """Items in the order of the file. ``end_*`` as in ``Mapping``."""

    __slots__ = ("column", "end_column", "end_line", "flow", "items", "line")

    def __init__(self, line: int, column: int, flow: bool) -> None:
        self.items: list[Node] = []
        self.line = line
        self.column = column
        self.flow = flow
        self.end_line = line
        self.end_column = column


Node = Scalar | Mapping | Sequence


def shorten(text: str, length: int = 60) -> str:
    """``text``, or its beginning and an ellipsis: for places in messages."""
    return text if len(text) <= length else text[: length - 1] + "…"


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of ``problems`` (family E1) makes the file unreadable; warnings do not."""
    return any(MESSAGES[problem.code][0] == "error" for problem in problems)


class Source:
    """The decoded text of one file with its problems: places become problems with an excerpt."""

    __slots__ = ("_lines", "path", "problems", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.problems: list[Problem] = []
        self._lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        if self._lines is None:
            self._lines = self.text.split("\n")
        return self._lines

    def report(self, code: str, line: int, column: int, **args: str) -> None:
        """Add a problem at ``line`` and ``column``, unless the file has too many already."""
        if len(self.problems) >= MAX_PROBLEMS:
            return
        last = len(self.lines) - (1 if len(self.lines) > 1 and not self.lines[-1] else 0)
        if line > last:  # a parser that met the end of the file stands behind the last line
            line = last
            column = len(self.lines[line - 1]) + 1
        excerpt = self.lines[line - 1] if line else ""
        if len(excerpt) > _EXCERPT:
            start = max(0, min(column - _EXCERPT // 2, len(excerpt) - _EXCERPT))
            excerpt = shorten(("…" if start else "") + excerpt[start:], _EXCERPT)
        self.problems.append(Problem(code, self.path, line, column, args, excerpt))

    def report_at(self, code: str, offset: int, **args: str) -> None:
        """As ``report``, for an offset in the text."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        self.report(code, self.text.count("\n", 0, offset) + 1, offset - line_start + 1, **args)

    def report_shape(self, node: Node | None, what: str, expected: str) -> None:
        """E115: ``what`` should be ``expected`` (both marked English phrases) and is ``node``."""
        line, column = (1, 1) if node is None else (node.line, node.column)
        self.report("E115", line, column, what=what, expected=expected, found=kind_of(node))


def kind_of(node: Node | None) -> str:
    """What a node is, as a phrase for messages."""
    if node is None:
        return N_("empty")
    if isinstance(node, Mapping):
        return N_("a mapping")
    return N_("a list") if isinstance(node, Sequence) else N_("a single value")


def decode(data: bytes, path: str) -> tuple[Source, bool]:
    """The text of ``data`` with what is wrong with the bytes; the flag says whether to read on.

    Carriage returns before line feeds are dropped, other control characters are replaced one for
    one, so that places stay those of the user's file.
    """
    source = Source(path, "")
    if len(data) > MAX_BYTES:
        source.report("E113", 0, 0, size=str(len(data)), limit=str(MAX_BYTES))
        return source, False
    bom = data.startswith(_BOM)
    try:
        source.text = data[len(_BOM) if bom else 0 :].decode("utf-8")
    except UnicodeDecodeError as error:
        _report_bytes(source, data[len(_BOM) if bom else 0 :], error.start)
        return source, False
    text = source.text
    returns = text.count("\r\n") if "\r" in text else 0
    if returns:
        first = text.index("\r\n")
        text = source.text = text.replace("\r\n", "\n")
        source.report_at("E103", first, count=str(returns))
    if bom:
        source.report("E102", 1, 1)
    control = CONTROL.search(text)
    if control:
        source.report_at("E110", control.start(), char=f"U+{ord(control[0]):04X}")
        source.text = CONTROL.sub("\ufffd", text)
        source._lines = None
    if text and text[-1] != "\n":
        source.report_at("E111", len(text))
    conflict = _CONFLICT.search(text)
    if conflict:
        source.report_at("E105", conflict.start(), marker=conflict[1])
    return source, conflict is None


def _report_bytes(source: Source, data: bytes, offset: int) -> None:
    start = data.rfind(b"\n", 0, offset) + 1
    end = data.find(b"\n", offset)
    line = data[start : min(len(data) if end < 0 else end, start + 4 * _EXCERPT)]
    column = len(data[start:offset].decode("utf-8")) + 1
    excerpt = shorten(line.decode("utf-8", "backslashreplace"), _EXCERPT)
    number = data.count(b"\n", 0, offset) + 1
    args = {"byte": f"0x{data[offset]:02X}"}
    source.problems.append(Problem("E101", source.path, number, column, args, excerpt))
