"""Text broken into lines as a terminal measures them: Chinese takes two columns and has no spaces to break at.

Knows columns; not what the text is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from svcctl.views.safe import width


def wrap(text: str, columns: int) -> list[str]:
    """``text`` in lines of at most ``columns``; broken at spaces, and between wide characters.

    A word that is longer than a line is broken where the line ends.
    """
    lines: list[str] = []
    current = ""
    for piece in _fitting(_pieces(text), columns):
        if current and width(current + piece.rstrip()) > columns and piece[0] not in _NEVER_FIRST:
            lines.append(current.rstrip())
            current = piece.lstrip()
        else:
            current += piece
    if current.strip():
        lines.append(current.rstrip())
    return lines


def _fitting(pieces: Iterable[str], columns: int) -> Iterator[str]:
    for piece in pieces:
        while width(piece.strip()) > columns > 0:
            yield piece[:columns]
            piece = piece[columns:]
        yield piece


_NEVER_FIRST = "，。、；：？！）》”’…"


def _pieces(text: str) -> list[str]:
    """Words with the spaces before them, and wide characters one by one."""
    pieces: list[str] = []
    current = ""
    for character in text:
        if width(character) == 2:
            if current:
                pieces.append(current)
            pieces.append(character)
            current = ""
        elif character == " " and current.strip():
            pieces.append(current)
            current = " "
        else:
            current += character
    if current:
        pieces.append(current)
    return pieces
