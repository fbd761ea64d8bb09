"""Card files: plain mappings that people edit too. Knows where a value stands, not what it means.

A change touches the lines of the keys concerned and no others, so that comments and order survive.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence as Seq

from svcctl.domain.canonical import flow_scalar, key_line, scalar
from svcctl.domain.problems import N_, Problem
from svcctl.ledger.source import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Source,
    decode,
    has_errors,
    shorten,
)
from svcctl.ledger.yamltext import parse_source

Value = str | list["Value"] | dict[str, "Value"]
"""A value of a card: text, a list, or a mapping, all the way down."""

LONGEST_EXCERPT = 600
"""Characters of a line that are kept for a problem: an obligation is one line of some 250."""
Given = str | Seq["Given"] | Map[str, "Given"]
"""What can be written as a value of a card."""


class RawCard:
    """One card as text. Where ``ok`` is false, ``node`` is None and ``problems`` say why."""

    __slots__ = ("node", "path", "problems", "source")

    def __init__(self, node: Mapping | None, source: Source) -> None:
        self.node = node
        self.source = source
        self.path = source.path
        self.problems: list[Problem] = source.problems

    @property
    def ok(self) -> bool:
        """Whether the card was read without an error (warnings are no errors)."""
        return self.node is not None

    @property
    def lines(self) -> list[str]:
        """The lines of the file without their ends."""
        return self.source.text.removesuffix("\n").split("\n")

    def fields(self) -> dict[str, Value]:
        """The card as nested dicts and lists of text, in the order of the file."""
        return {} if self.node is None else {k.text: _value(v) for k, v in self.node.pairs}

    def place(self, keys: Seq[str | int]) -> tuple[int, int]:
        """Line and column, from 1, of the value under ``keys`` (a key per mapping, an index per
        list); of the innermost one that exists where the rest is missing. (0, 0): no card."""
        node: Node | None = self.node
        if node is None:
            return (0, 0)
        for key in keys:
            inner = _inner(node, key)
            if inner is None:
                break
            node = inner
        return (node.line, node.column)

    def key_place(self, keys: Seq[str | int]) -> tuple[int, int]:
        """As ``place``, of the last key itself instead of its value: for keys that are unknown."""
        node: Node | None = self.node
        for key in keys[:-1]:
            node = None if node is None else _inner(node, key)
        if isinstance(node, Mapping):
            for key_node, _ in node.pairs:
                if key_node.text == keys[-1]:
                    return (key_node.line, key_node.column)
        return self.place(keys)

    def excerpt(self, line: int) -> str:
        """The user's own line, for a problem about it."""
        lines = self.lines
        return shorten(lines[line - 1], LONGEST_EXCERPT) if 0 < line <= len(lines) else ""


def _inner(node: Node, key: str | int) -> Node | None:
    if isinstance(node, Mapping):
        return next((value for name, value in node.pairs if name.text == key), None)
    if isinstance(node, Sequence) and isinstance(key, int) and 0 <= key < len(node.items):
        return node.items[key]
    return None


def _value(node: Node) -> Value:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    return {key.text: _value(value) for key, value in node.pairs}


def read_card(data: bytes, path: str, aliases: bool = False) -> RawCard:
    """The card in ``data``. Never raises; what is wrong is among the result's ``problems``.

    ``path`` is relative to the ledger's root and goes into the problems. ``aliases`` as in
    ``parse_source``: for a file that is no record.
    """
    node, source = parse_source(data, path, aliases)
    if not isinstance(node, Mapping):
        if not has_errors(source.problems):
            source.report_shape(node, N_("the record"), N_("a mapping"))
        node = None
    return RawCard(node, source)


def card_text(fields: Map[str, Given]) -> bytes:
    """A new card: a line per field, in the given order.

    Lists and what is nested in them stand in one line ([a, b]); a mapping has an indented line per
    key. Raises ValueError for a key that is no ASCII word and for half a surrogate pair.
    """
    lines: list[str] = []
    for key, value in fields.items():
        lines.extend(_field_lines(key, value))
    return ("\n".join(lines) + "\n").encode("utf-8")


def _field_lines(key: str, value: Given) -> list[str]:
    if isinstance(value, str):
        return [key_line(key, value)]
    name = key_line(key, "x")[:-3]  # refuses what is no key
    if isinstance(value, Map) and value:
        inner = (f"  {flow_scalar(k)}: {_inline(v, block=True)}" for k, v in value.items())
        return [f"{name}:", *inner]
    return [f"{name}: {_inline(value)}"]


def _inline(value: Given, block: bool = False) -> str:
    """``value`` in one line; ``block``: behind a key of its own line, where commas are harmless."""
    if isinstance(value, str):
        return scalar(value) if block else flow_scalar(value)
    if isinstance(value, Map):
        return "{" + ", ".join(f"{flow_scalar(k)}: {_inline(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(map(_inline, value)) + "]"


def set_fields(data: bytes, changes: Map[str, Given | None]) -> bytes:
    """``data`` with some top-level fields changed, nothing else touched.

    A value is text or a list of texts; None removes the field; a new key goes to the end. The result is read
    back before it is returned. Line ends become LF. Raises ValueError where the card cannot be
    read, where a field holds or would get a mapping, and where the result does not read back as
    intended (a file written in an unusual way: edit it by hand).
    """
    card = read_card(data, "")
    if card.node is None:
        raise ValueError("the card cannot be read")
    wanted = card.fields()
    lines = card.source.text.split("\n")
    if lines[-1] == "":
        lines.pop()
    pairs = {key.text: (key, value) for key, value in card.node.pairs}
    edits: list[tuple[Scalar, Node, Given | None]] = []
    for name, change in changes.items():
        if isinstance(change, Map) or (name in pairs and isinstance(pairs[name][1], Mapping)):
            raise ValueError(f"{name} is a mapping")
        if name in pairs:
            edits.append((*pairs[name], change))
        elif change is not None:
            lines.extend(_field_lines(name, change))
        if change is None:
            wanted.pop(name, None)
        else:
            wanted[name] = change if isinstance(change, str) else _plain_list(change)
    # From the last to the first, so that the places of those still to be done stay right.
    edits.sort(key=lambda edit: (-edit[0].line, -edit[0].column))
    for key, node, change in edits:
        _edit(lines, key, node, change, block=not card.node.flow)
    result = ("\n".join(lines) + "\n").encode("utf-8")
    back = read_card(result, "")
    if not back.ok or list(back.fields().items()) != list(wanted.items()):
        raise ValueError("the changed card does not read back as intended")
    return result


def _plain_list(given: Seq[Given]) -> list[Value]:
    if not all(isinstance(item, str) for item in given):
        raise ValueError("a field takes text or a list of texts")
    return [str(item) for item in given]


def _edit(lines: list[str], key: Scalar, node: Node, change: Given | None, block: bool) -> None:
    """Change one field in ``lines`` (0-based there, places count from 1)."""
    last, end = node.end_line, node.end_column
    if end == 1 and last > node.line:  # a block value ends where the next line begins
        last -= 1
        end = len(lines[last - 1]) + 1
    if change is None:
        if key.column != 1:
            raise ValueError("the field shares its line with others")
        del lines[key.line - 1 : max(last, key.line)]
        return
    text = _inline(change, block)
    rest = lines[last - 1][end - 1 :]
    if node.line == key.line:
        before = lines[key.line - 1][: node.column - 1]
        if not before.endswith(" "):
            before += " "  # "key:" without a value
        if rest and not rest.startswith((" ", ",", "}")):
            rest = " " + rest
        lines[key.line - 1 : last] = [before + text + rest]
    else:  # the value stood on lines of its own
        before = lines[key.line - 1][: key.end_column - 1]
        lines[key.line - 1 : last] = [f"{before}: {text}{rest}"]


def text_of(data: bytes, path: str) -> tuple[str, list[Problem]]:
    """The text of any record file with Unix line ends, and what is wrong with its bytes.

    For files that are no YAML (Markdown articles, journals of single lines).
    """
    source, _ = decode(data, path)
    return source.text, source.problems
