"""Strict YAML: bytes to nodes of text with places. Knows YAML's syntax, nothing of records.

Every scalar is the text that stands there; no reader's guess is made. What records do not use
(duplicate keys, anchors, aliases, tags, several documents, control characters) is a problem.
Own builder over the parser's events: composing would follow aliases and recurse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from svcctl.domain.checks.bytes_and_yaml import MESSAGES
from svcctl.domain.problems import N_, Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 20
MAX_PROBLEMS = 100
"""Problems told of one file; a file with more has one cause."""
_EXCERPT = 160

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(?= |$)", re.MULTILINE)
_TAB_INDENT = re.compile(r"^ *\t[ \t]*(?=[^ \t\n])", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"

_OWN_WORDS = (
    ("unexpected end of stream", N_("the file ends in the middle of a quoted value")),
    ("mapping values are not allowed", N_("a colon stands where none can: quote the value")),
    ("find expected ':'", N_("a colon is missing after a key")),
    ("expected key", N_("a key was expected at this indentation")),
    ("expected <block end>", N_("a key was expected at this indentation")),
    ("cannot start any token", N_("no value can begin with this character: quote the value")),
    ("expected ',' or '}'", N_("a comma or } is missing")),
    ("expected ',' or ']'", N_("a comma or ] is missing")),
    ("'-' indicator", N_("the items of the list do not line up")),
    ("sequence entries are not allowed", N_("a list cannot begin here")),
    ("escape code", N_("the escape after the backslash is no character")),
    ("unknown escape", N_("the escape after the backslash is unknown: write \\\\ for a backslash")),
    ("hexadecimal", N_("the escape after the backslash is unknown: write \\\\ for a backslash")),
    ("<document start>", N_("text follows after the end of the record")),
)


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


def parse(data: bytes, path: str) -> tuple[Node | None, list[Problem]]:
    """The tree of one YAML document, and what is wrong with it.

    ``path`` goes into the problems as it is. The node is None where a problem is an error, and
    for a file without content. Never raises, whatever the bytes; time and memory grow with their
    number.
    """
    node, source = parse_source(data, path)
    return node, source.problems


def parse_source(data: bytes, path: str) -> tuple[Node | None, Source]:
    """As ``parse``, with the source, for readers that have more to report."""
    source, readable = decode(data, path)
    if not readable:
        return None, source
    node = _Builder(source).build()
    return (None if has_errors(source.problems) else node), source


def _parser(text: str) -> Any:
    """The C parser of PyYAML, or its Python one where PyYAML was built without."""
    try:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]
    except ImportError:
        return _pure_parser(text)
    return CParser(text)


def _pure_parser(text: str) -> Any:
    """PyYAML's Python parser, made to refuse halves of surrogate pairs as the C parser does."""
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PureParser(Reader, Scanner, Parser):
        def __init__(self) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

        def get_event(self) -> Any:
            event: Any = super().get_event()  # type: ignore[no-untyped-call]
            getattr(event, "value", "").encode("utf-8")
            return event

    return PureParser()


class _Builder:
    """Events to nodes, without recursion; every refusal goes to the source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.open: list[Mapping | Sequence] = []
        self.keys: list[Scalar | None] = []  # per open mapping: the key that waits for its value
        self.seen: list[dict[str, int]] = []  # per open mapping: key -> its index
        self.root: Node | None = None
        self.long_scalars: list[tuple[int, int]] = []

    def build(self) -> Node | None:
        from yaml.error import YAMLError

        parser: Any = None
        try:
            parser = _parser(self.source.text)
            self._read(parser.get_event)
        except YAMLError as error:
            self._report_syntax(error)
            return None
        except (ValueError, OverflowError):  # an escape or a number that is none
            line = getattr(parser, "line", 0) + 1
            what = _own_words("escape code")
            self.source.report("E106", line, 1, what=what, since=str(line))
            return None
        if "\t" in self.source.text:
            for line, column in self._tab_lines():
                self.source.report("E104", line, column)
        return self.root

    def _read(self, get_event: Any) -> None:
        from yaml import events as y

        documents = 0
        problems = self.source.problems
        while len(problems) < MAX_PROBLEMS:
            event = get_event()
            kind = type(event)
            if kind is y.ScalarEvent:
                self._check(event)
                self._scalar(event)
            elif kind is y.MappingStartEvent or kind is y.SequenceStartEvent:
                self._check(event)
                if len(self.open) >= MAX_DEPTH:
                    self._at("E112", event, limit=str(MAX_DEPTH))
                    return
                self._start(event, kind is y.MappingStartEvent)
            elif kind is y.MappingEndEvent or kind is y.SequenceEndEvent:
                self._end(event)
            elif kind is y.AliasEvent:
                self._check(event, "*")
                self._place(
                    Scalar("", event.start_mark.line + 1, event.start_mark.column + 1, False)
                )
            elif kind is y.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._at("E114", event)
                    return
            elif kind is y.StreamEndEvent:
                return

    def _at(self, code: str, event: Any, **args: str) -> None:
        mark = event.start_mark
        self.source.report(code, mark.line + 1, mark.column + 1, **args)

    def _check(self, event: Any, sign: str = "&") -> None:
        if event.anchor is not None:
            self._at("E108", event, mark=sign + shorten(event.anchor))
        if sign == "&" and event.tag is not None:
            self._at("E109", event, tag=shorten(event.tag))

    def _scalar(self, event: Any) -> None:
        start, end, style = event.start_mark, event.end_mark, event.style
        node = Scalar(
            event.value,
            start.line + 1,
            start.column + 1,
            bool(style),
            end.line + 1,
            end.column + 1,
        )
        if style and end.line > start.line:
            self.long_scalars.append((node.line, node.end_line))
        self._place(node)

    def _start(self, event: Any, mapping: bool) -> None:
        mark = event.start_mark
        made = Mapping if mapping else Sequence
        node = made(mark.line + 1, mark.column + 1, bool(event.flow_style))
        self._place(node)
        self.open.append(node)
        self.keys.append(None)
        self.seen.append({})

    def _end(self, event: Any) -> None:
        node = self.open.pop()
        self.keys.pop()
        self.seen.pop()
        last: Node | None = None
        if node.flow:
            node.end_line, node.end_column = event.end_mark.line + 1, event.end_mark.column + 1
            return
        if isinstance(node, Sequence):
            last = node.items[-1] if node.items else None
        elif node.pairs:
            last = node.pairs[-1][1]
        if last is not None:
            node.end_line, node.end_column = last.end_line, last.end_column

    def _place(self, node: Node) -> None:
        """Put ``node`` where the innermost open collection waits for one."""
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self.keys[-1]
        if key is not None:
            parent.pairs.append((key, node))
            self.keys[-1] = None
            return
        if not isinstance(node, Scalar):
            self.source.report_shape(node, N_("a key"), N_("a single value"))
            node = Scalar("", node.line, node.column, False)
        self.keys[-1] = node
        first = self.seen[-1].setdefault(node.text, len(parent.pairs))
        if first != len(parent.pairs):
            self.source.report(
                "E107",
                node.line,
                node.column,
                key=shorten(node.text),
                first=str(parent.pairs[first][0].line),
                second=str(node.line),
            )

    def _tab_lines(self) -> list[tuple[int, int]]:
        """Where lines are indented with a tab: tabs within long quoted values are content."""
        text, found = self.source.text, []
        line, counted = 1, 0
        spans = iter(self.long_scalars)
        span = next(spans, None)
        for match in _TAB_INDENT.finditer(text):
            line += text.count("\n", counted, match.start())
            counted = match.start()
            while span and span[1] < line:
                span = next(spans, None)
            if span is None or not span[0] < line <= span[1]:
                found.append((line, text.index("\t", match.start()) - match.start() + 1))
        return found

    def _report_syntax(self, error: Any) -> None:
        mark = getattr(error, "problem_mark", None)
        what = _own_words(getattr(error, "problem", None) or "")
        if mark is None:
            self.source.report("E106", 1, 1, what=what, since="1")
            return
        since = getattr(error, "context_mark", None) or mark
        line = mark.line + 1
        for tab_line, column in self._tab_lines():
            if tab_line == line:
                self.source.report("E104", line, column)
                return
        self.source.report("E106", line, mark.column + 1, what=what, since=str(since.line + 1))


def _own_words(problem: str) -> str:
    for part, words in _OWN_WORDS:
        if part in problem:
            return words
    return problem or N_("the text is no YAML")
