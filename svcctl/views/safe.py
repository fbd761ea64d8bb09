"""Text from records made harmless for where it is shown. Knows no record and no command.

What people typed or imported may hold escape sequences, marks that turn the reading direction, or
cells that a spreadsheet would run. Nothing is changed in the ledger; only what is shown.
"""

from __future__ import annotations

import re

# C0, DEL and C1 controls; soft hyphen; direction marks, overrides and isolates; zero-width space;
# line and paragraph separators; invisible operators and tags; byte order mark; lone surrogates.
# The zero-width joiners stay: names and emoji need them.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
# Spreadsheets of this region take the full-width forms for the same operators.
_FORMULA = "=+-@\t\r＝＋－＠"


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def line(text: str) -> str:
    """``text`` as one harmless line: what a terminal would obey is shown as a visible escape."""
    return text if text.isprintable() else _HARMFUL.sub(_escape, text)


def block(text: str) -> str:
    """``text`` as harmless lines: line feeds stay, everything else as in ``line``."""
    return "\n".join(line(part) for part in text.split("\n"))


def cell(text: str) -> str:
    """``text`` as a CSV value: no control characters, and nothing a spreadsheet would run.

    A value that begins like a formula gets a leading apostrophe; a plain negative number does not.
    """
    formula = text.lstrip(" ")[:1]
    plain = " ".join(text.split("\n")) if "\n" in text else text
    plain = _HARMFUL.sub(lambda found: " " if found[0] in "\t\r" else "", plain)
    starts = formula or plain.lstrip(" ")[:1]
    if (starts and starts in _FORMULA) or (plain.lstrip(" ")[:1] or "x") in _FORMULA:
        return plain if _PLAIN_NUMBER.fullmatch(plain) else "'" + plain
    return plain


def json_text(text: str) -> str:
    """Finished JSON with the characters a terminal would obey written as escapes; same value."""
    return text if text.isascii() and "\x7f" not in text else _JSON_HARMFUL.sub(_json_escape, text)


# As _HARMFUL without C0: inside strings the JSON writer has escaped those, outside they are layout.
_JSON_HARMFUL = re.compile(_HARMFUL.pattern.replace("\x00-\x1f", ""))


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def width(text: str) -> int:
    """The columns ``text`` takes on a terminal: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in text
    )
