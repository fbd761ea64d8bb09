"""A QR code as a path to draw. Knows segno; not what the text means."""

from __future__ import annotations

from typing import NamedTuple


class QrCode(NamedTuple):
    """``size`` modules to a side, quiet zone included; ``path`` draws the dark ones, one unit each."""

    text: str
    size: int
    path: str


QUIET = 4


def qr_code(text: str) -> QrCode:
    """The code of ``text`` at a level that survives a crease or a carbon smudge (a quarter lost).

    The quiet zone of four modules that the standard asks for belongs to the drawing, so that no
    layout can lose it. Never a Micro QR code: many telephones do not read those.
    """
    import segno

    code = segno.make(text, micro=False, error="q")
    strokes = []
    for y, row in enumerate(code.matrix):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                strokes.append(f"M{x + QUIET} {y + QUIET}h{run - x}v1h-{run - x}z")
            x = run + 1
    return QrCode(text, len(code.matrix) + 2 * QUIET, "".join(strokes))
