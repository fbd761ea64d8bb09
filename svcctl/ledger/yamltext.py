"""Strict YAML: bytes to nodes of text with places. Knows YAML's syntax, nothing of records.

Every scalar is the text that stands there; no reader's guess is made. What records do not use
(duplicate keys, anchors, aliases, tags, several documents, control characters) is a problem.
Own builder over the parser's events: composing would follow aliases and recurse.
"""

from __future__ import annotations

import re
from typing import Any

from svcctl.domain.problems import N_, Problem
from svcctl.ledger.source import (
    MAX_PROBLEMS,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Source,
    decode,
    has_errors,
    shorten,
)

MAX_DEPTH = 20

_TAB_INDENT = re.compile(r"^ *\t[ \t]*(?=[^ \t\n])", re.MULTILINE)

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


def parse(data: bytes, path: str) -> tuple[Node | None, list[Problem]]:
    """The tree of one YAML document, and what is wrong with it.

    ``path`` goes into the problems as it is. The node is None where a problem is an error, and
    for a file without content. Never raises, whatever the bytes; time and memory grow with their
    number.
    """
    node, source = parse_source(data, path)
    return node, source.problems


def parse_source(data: bytes, path: str, aliases: bool = False) -> tuple[Node | None, Source]:
    """As ``parse``, with the source, for readers that have more to report.

    ``aliases``: other programs write a value once and point to it, and this file may be theirs. No
    record may: what an alias points to must not hold another, so that nothing can grow.
    """
    source, readable = decode(data, path)
    if not readable:
        return None, source
    node = _Builder(source, aliases).build()
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

    def __init__(self, source: Source, aliases: bool = False) -> None:
        self.source = source
        self.anchors: dict[str, Node] | None = {} if aliases else None
        self.waiting: list[str | None] = []  # per open collection: its anchor, if it may be used
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
                self._alias(event)
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

    def _alias(self, event: Any) -> None:
        self.waiting = [None] * len(self.waiting)
        node = self.anchors.get(event.anchor) if self.anchors is not None else None
        if node is None:
            self._at("E108", event, mark="*" + shorten(event.anchor))
            node = Scalar("", event.start_mark.line + 1, event.start_mark.column + 1, False)
        self._place(node)

    def _check(self, event: Any) -> None:
        if event.anchor is not None and self.anchors is None:
            self._at("E108", event, mark="&" + shorten(event.anchor))
        if event.tag is not None:
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
        if self.anchors is not None and event.anchor is not None:
            self.anchors[event.anchor] = node

    def _start(self, event: Any, mapping: bool) -> None:
        mark = event.start_mark
        made = Mapping if mapping else Sequence
        node = made(mark.line + 1, mark.column + 1, bool(event.flow_style))
        self._place(node)
        self.open.append(node)
        self.keys.append(None)
        self.seen.append({})
        self.waiting.append(event.anchor)

    def _end(self, event: Any) -> None:
        node = self.open.pop()
        self.keys.pop()
        self.seen.pop()
        anchor = self.waiting.pop()
        if self.anchors is not None and anchor is not None:
            self.anchors[anchor] = node
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
