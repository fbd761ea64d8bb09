"""The one written form of a record: bytes out of heads and event lines. Knows no files and no schema.

Whatever this module writes, a YAML 1.1 reader, a YAML 1.2 reader and a JSON reader (for the event
lines) read back as the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from json import JSONEncoder

# Written as \uXXXX: what a terminal obeys, what a YAML reader refuses (C0, DEL, C1, byte order
# mark, non-characters), and what some readers take for the end of a line (U+0085, U+2028, U+2029).
# Surrogates stand in the same class so that one search finds everything unusual.
_UNUSUAL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_SHORT_ESCAPE = re.compile(r"\\(.)")
_SHORT_FORMS = {"n": "\\u000a", "r": "\\u000d", "t": "\\u0009", "b": "\\u0008", "f": "\\u000c"}

_encode = JSONEncoder(ensure_ascii=False, check_circular=False).encode

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_DIGITS = re.compile(r"[0-9]+")
# A plain scalar starts with a letter (of any script): so it is no number, date, or indicator.
_PLAIN = re.compile(r"[^\W\d_](?:[^\x00-\x1f:#]|:(?=[^ ])|(?<! )#)*(?<! )")
_FLOW_INDICATORS = re.compile(r"[,\[\]{}:?]")
_GUESSED = frozenset(
    "y n yes no true false on off null nil none nan inf infinity".split()
)  # compared in lower case: some reader takes each of these for something else than text


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError(f"the text holds half of a surrogate pair (U+{code:04X})")
    return f"\\u{code:04x}"


def _lengthen(match: re.Match[str]) -> str:
    return _SHORT_FORMS.get(match[1], match[0])


def _tidy(line: str) -> str:
    """One spelling for every escape in JSON text: \\" and \\\\, all else as \\uXXXX."""
    if "\\" in line:
        line = _SHORT_ESCAPE.sub(_lengthen, line)
    if _UNUSUAL.search(line):
        line = _UNUSUAL.sub(_escape, line)
    return line


def event_line(event: Mapping[str, str | int | bool]) -> str:
    """One event as one line of JSON, without a line end, keys in the order of ``event``.

    Two events are the same exactly if their lines are. Raises ValueError for a value that is
    neither text, integer nor boolean, and for half a surrogate pair.
    """
    for key, value in event.items():
        if not isinstance(value, (str, int)) or not isinstance(key, str):
            raise ValueError(f"an event carries text, integers and booleans only: {key!r}")
    return _tidy(_encode(event if isinstance(event, dict) else dict(event)))


def quoted(text: str) -> str:
    """``text`` in double quotes, as JSON and YAML both read it. ValueError for half a surrogate."""
    return _tidy(_encode(text))


def scalar(text: str) -> str:
    """``text`` as the value of a ``key: value`` line.

    Plain where every YAML reader gives that very text, otherwise in double quotes: digits, dates
    and instants, words such as ``no`` or ``null``, edges of white space, indicators, control
    characters, the empty text.
    """
    if _PLAIN.fullmatch(text) and text.isprintable() and text.lower() not in _GUESSED:
        return text
    return quoted(text)


def flow_scalar(text: str) -> str:
    """``text`` as an item of a ``[list]`` or ``{mapping}``: as ``scalar``, and free of their marks."""
    return quoted(text) if _FLOW_INDICATORS.search(text) else scalar(text)


def key_line(key: str, text: str) -> str:
    """The line ``key: text`` without a line end. ``format`` alone is written as a bare number.

    Raises ValueError for a key that is not an ASCII word (letters, digits, ``-``, ``_``).
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key: {key!r}")
    if key == "format" and _DIGITS.fullmatch(text):
        return f"{key}: {text}"
    return f"{key}: {scalar(text)}"


def case_text(head: Mapping[str, str], events: Iterable[str]) -> bytes:
    """A whole case file: the head's lines in their order, ``events:``, one line per event.

    ``events`` are lines from ``event_line``. UTF-8, LF, final line end. Raises ValueError for a
    head key that cannot be written (``events`` too) and for an event line that is not one line.
    """
    if "events" in head:
        raise ValueError("'events' is not a key of a head")
    lines = [key_line(key, text) for key, text in head.items()]
    lines.append("events:")
    for line in events:
        if "\n" in line or line[:1] != "{" or line[-1:] != "}":
            raise ValueError(f"not an event line: {line!r}")
        lines.append("- " + line)
    lines.append("")
    return "\n".join(lines).encode("utf-8")
