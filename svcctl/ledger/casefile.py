"""Case files: bytes to a head and a list of events, all text. Knows the shape, not the meaning.

Two ways lead to the same result. A file in the canonical-looking form is read by a scanner and
one call of the JSON reader; it accepts only what the YAML way would read alike and without a
problem. Anything else, in any line, sends the whole file the YAML way, which finds the problems.
"""

from __future__ import annotations

import re
from itertools import chain
from json import JSONDecoder
from typing import Any

from svcctl.domain.problems import N_, Problem
from svcctl.ledger.source import (
    CONTROL,
    MAX_BYTES,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Source,
    has_errors,
    shorten,
)
from svcctl.ledger.yamltext import parse_source

# A plain value the YAML way reads as it stands: no indicator in front, no ": ", no " #".
_HEAD_LINE = re.compile(
    r"^([A-Za-z][A-Za-z0-9_-]{0,99}): "
    r"(?:\"([^\"\\\n]*)\""
    r"|([^\s\"'#%&*,:>?@\[\]`{|}!-][^\n:#]*(?:(?::(?=[^ \n])|(?<! )#)[^\n:#]*)*)(?<! ))$",
    re.MULTILINE,
)
_UNSEEN = bytes(set(range(0x20)) - {0x0A} | {0x7F})
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_LONG_LINE = 1000  # YAML ends a key at 1024 characters; only a longer line can hold such a key
_LONG_KEY = 100


class _NotPlain(ValueError):
    """The file is not in the form the quick way reads."""


class RawCase:
    """One case file as text.

    ``head`` and each of ``events`` map keys to the text of the value, in the order of the file
    (numbers keep their digits; true, false and null are these words). ``event_lines`` holds the
    line of each event, from 1. Where ``ok`` is false, an error is among ``problems`` and the rest
    is what could be read nevertheless: to be shown, never to be decided or written upon.
    """

    __slots__ = (
        "_event_at",
        "_head_at",
        "_text",
        "event_lines",
        "events",
        "head",
        "path",
        "problems",
    )

    def __init__(
        self,
        path: str,
        text: str,
        head: dict[str, str],
        events: list[dict[str, str]],
        event_lines: list[int],
        problems: list[Problem],
        head_at: dict[str, tuple[int, int]] | None = None,
        event_at: list[dict[str, tuple[int, int]]] | None = None,
    ) -> None:
        self.path = path
        self.head = head
        self.events = events
        self.event_lines = event_lines
        self.problems = problems
        self._text = text
        self._head_at = head_at
        self._event_at = event_at

    @property
    def ok(self) -> bool:
        """Whether the file was read without an error (warnings are no errors)."""
        return not self.problems or not has_errors(self.problems)

    @property
    def lines(self) -> list[str]:
        """The lines of the file without their ends."""
        return self._text.removesuffix("\n").split("\n")

    @property
    def head_at(self) -> dict[str, tuple[int, int]]:
        """Line and column of each value of the head, from 1."""
        if self._head_at is None:  # the quick way: one line each, in order
            self._head_at = {
                key: (line, len(key) + 3) for line, key in enumerate(self.head, start=1)
            }
        return self._head_at

    def event_at(self, index: int, key: str = "") -> tuple[int, int]:
        """Line and column of a value of the event ``index``; of the event where it lacks the key."""
        if self._event_at is None:
            root, source = parse_source(self._text.encode("utf-8"), self.path)
            self._event_at = _Shape(source).read(root)._event_at or []
        return self._event_at[index].get(key) or self._event_at[index][""]

    def excerpt(self, line: int) -> str:
        """The user's own line, for a problem about it."""
        lines = self.lines
        return shorten(lines[line - 1], 160) if 0 < line <= len(lines) else ""


def read_case(data: bytes, path: str) -> RawCase:
    """The case in ``data``. Never raises; what is wrong is among the result's ``problems``.

    ``path`` is relative to the ledger's root and goes into the problems.
    """
    try:
        return _quick(data, path)
    except (ValueError, TypeError, StopIteration, RecursionError):
        return _through_yaml(data, path)


def read_head(data: bytes, path: str) -> RawCase:
    """As ``read_case``, without events: where the head has the plain form, nothing after it is
    read, so that problems of the events are not among the result's."""
    end = data.find(b"\nevents:\n")
    try:
        if end < 0:
            raise _NotPlain
        text = plain_text(data[: end + 1])
        return RawCase(path, text, plain_head(text[:-1]), [], [], [])
    except ValueError:
        case = _through_yaml(data, path)
        case.events, case.event_lines, case._event_at = [], [], []
        return case


def plain_text(data: bytes) -> str:
    """The text of ``data`` if it is UTF-8 with line feeds and no other control character.

    Raises ``ValueError`` for any other.
    """
    if (
        len(data) > MAX_BYTES
        or data[-1:] != b"\n"
        or len(data.translate(None, _UNSEEN)) != len(data)
    ):
        raise _NotPlain
    text = data.decode("utf-8")
    # Looking for one character at a time is far quicker than one search for the whole class.
    # The C1 controls begin with the byte C2, as little else does in Chinese text.
    if (
        b"\xc2" in data
        or "\u2028" in text
        or "\u2029" in text
        or "\ufeff" in text
        or "\ufffe" in text
        or "\uffff" in text
    ) and CONTROL.search(text):
        raise _NotPlain
    return text


def plain_head(text: str) -> dict[str, str]:
    """The head in ``text``, its lines without the last end of line, if it is plain; else ValueError."""
    found = _HEAD_LINE.findall(text)
    head = {key: quoted or plain for key, quoted, plain in found}
    if len(head) != len(found) or len(found) != text.count("\n") + 1 or "events" in head:
        raise _NotPlain
    return head


def _quick(data: bytes, path: str) -> RawCase:
    text = plain_text(data)
    end = text.index("\nevents:\n- {")
    head = plain_head(text[:end])
    lines = text[end + 12 : -1].split("\n- {")
    count = len(lines)
    if text.count("\n", end + 12) != count:
        raise _NotPlain
    # All lines as one JSON list. A line feed cannot stand within a JSON string, so every line
    # begins an object; none is within another (a nested value is refused below); so as many
    # items as lines means: one object in each line, and nothing else.
    listed = "[{" + "\n,{".join(lines) + "]"
    if "\\" in listed and _SURROGATE_ESCAPE.search(listed):
        raise _NotPlain  # half of a pair is no character in YAML
    items, scanned = _scan(listed, 0)
    events: list[dict[str, str]] = list(map(dict, items))
    if scanned != len(listed) or len(items) != count:
        raise _NotPlain
    if sum(map(len, items)) != sum(map(len, events)):
        raise _NotPlain  # a key stands twice
    if set(map(type, chain.from_iterable(map(_VALUES, events)))) != _ONLY_TEXT:
        for event in events:
            _reword(event)
    if max(map(len, lines)) > _LONG_LINE and any(len(k) > _LONG_KEY for e in events for k in e):
        raise _NotPlain
    first = len(head) + 2
    return RawCase(path, text, head, events, list(range(first, first + count)), [])


def flat_mapping(text: str) -> dict[str, str]:
    """The mapping in ``text``, one line without backslashes, if both readers read it alike.

    Raises ``ValueError``, ``StopIteration`` or ``RecursionError`` where they may not.
    """
    pairs, scanned = _scan(text, 0)
    mapping: dict[str, str] = dict(pairs)
    if scanned != len(text) or len(pairs) != len(mapping):
        raise _NotPlain
    if len(text) > _LONG_LINE and any(len(key) > _LONG_KEY for key in mapping):
        raise _NotPlain
    _reword(mapping)
    return mapping


def _refuse(constant: str) -> str:
    raise _NotPlain(constant)


_VALUES = dict.values
_ONLY_TEXT = {str}
_decoder: Any = JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=_refuse, object_pairs_hook=tuple
)
_scan = _decoder.scan_once  # without the search for white space around the value


def _reword(event: dict[str, Any]) -> None:
    """True, false and null become the words that stand in the file; nesting is refused."""
    for key, value in event.items():
        if value is True or value is False:
            event[key] = "true" if value else "false"
        elif value is None:
            event[key] = "null"
        elif type(value) is not str:
            raise _NotPlain


def _through_yaml(data: bytes, path: str) -> RawCase:
    root, source = parse_source(data, path)
    if root is None and has_errors(source.problems):
        return RawCase(path, source.text, {}, [], [], source.problems, {}, [])
    return _Shape(source).read(root)


class _Shape:
    """A tree held against the shape of a case: head of single values, list of flat mappings."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.head: dict[str, str] = {}
        self.head_at: dict[str, tuple[int, int]] = {}
        self.events: list[dict[str, str]] = []
        self.event_lines: list[int] = []
        self.event_at: list[dict[str, tuple[int, int]]] = []

    def read(self, root: Node | None) -> RawCase:
        if not isinstance(root, Mapping):
            self.source.report_shape(root, N_("the record"), N_("a mapping"))
        else:
            self._pairs(root)
        return RawCase(
            self.source.path,
            self.source.text,
            self.head,
            self.events,
            self.event_lines,
            self.source.problems,
            self.head_at,
            self.event_at,
        )

    def _pairs(self, root: Mapping) -> None:
        listed = False
        for key, node in root.pairs:
            if key.text == "events":
                listed = True
                self._events(node)
            elif isinstance(node, Scalar):
                self.head[key.text] = node.text
                self.head_at[key.text] = (node.line, node.column)
            else:
                self.source.report_shape(node, shorten(key.text), N_("a single value"))
        if not listed:
            self.source.report(
                "E115",
                root.end_line,
                1,
                what="events",
                expected=N_("a list of events"),
                found=N_("missing"),
            )

    def _events(self, node: Node) -> None:
        if isinstance(node, Scalar) and not node.text and not node.quoted:
            return  # "events:" and nothing yet
        if not isinstance(node, Sequence):
            self.source.report_shape(node, "events", N_("a list of events"))
            return
        for item in node.items:
            if not isinstance(item, Mapping):
                self.source.report_shape(item, N_("an event"), N_("a mapping"))
                continue
            event: dict[str, str] = {}
            places = {"": (item.line, item.column)}
            for key, value in item.pairs:
                if not isinstance(value, Scalar):
                    self.source.report_shape(value, shorten(key.text), N_("a single value"))
                    continue
                event[key.text] = value.text
                places[key.text] = (value.line, value.column)
            self.events.append(event)
            self.event_lines.append(item.line)
            self.event_at.append(places)
