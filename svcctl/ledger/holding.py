"""What the bytes of a record hold that is kept for good. Knows the readers; nothing of git.

Most changes only add lines. That is seen on the bytes alone; a record is read only where it is not.
"""

from __future__ import annotations

from svcctl.domain.cases import read_case
from svcctl.domain.keeping import (
    LISTED,
    POLICY,
    SEAL,
    Line,
    card_line,
    event_line,
    head_line,
    shape_of,
)
from svcctl.domain.ticket import TICKET
from svcctl.ledger import cardfile, casefile
from svcctl.ledger.folder import journal_kind

_EVENTS = b"\nevents:\n"


def only_grew(old: bytes, new: bytes) -> bool:
    """Say whether it is plain on the bytes that the case ``new`` holds all that ``old`` holds.

    False says nothing: then both have to be read. An addition counts only if each of its lines is an
    event of one line; anything else could change the meaning of what stands before it.
    """
    if old[-1:] != b"\n" or new[-1:] != b"\n" or b"\r" in new:
        return False
    if new.startswith(old):
        added = new[len(old) :]
        return _EVENTS in old and _only_events(added) and old.rfind(b"\n- {", 0, -1) >= 0
    end = old.find(_EVENTS) + len(_EVENTS)
    if end < len(_EVENTS) or new[:end] != old[:end]:
        return False
    before, after = old[end:], new[end:]
    if not (_only_events(before) and _only_events(after)):
        return False
    return set(before.split(b"\n")).issubset(after.split(b"\n"))


def _only_events(lines: bytes) -> bool:
    count = lines.count(b"\n")
    framed = b"\n" + lines
    return framed.count(b"\n- {") == count and lines.count(b"}\n") >= count and _closed(lines)


def _closed(lines: bytes) -> bool:
    return all(line.endswith(b"}") for line in lines[:-1].split(b"\n")) if lines else True


def lines_of(path: str, data: bytes | None) -> list[Line]:
    """Return what the record at ``path`` keeps for good; nothing where it is gone (None).

    A line that the format does not allow was never good, and may be mended: it is not kept. Where a
    file cannot be read as a whole, the lines are kept that can be read by themselves.
    """
    shape = shape_of(path)
    if data is None or shape is None:
        return []
    if shape in LISTED:
        return _of_case(path, data)
    raw = cardfile.read_card(data, path)
    return [card_line(POLICY if shape == "policy" else SEAL, raw.fields())] if raw.ok else []


def _of_case(path: str, data: bytes) -> list[Line]:
    raw = casefile.read_case(data, path)
    if not raw.ok:
        return _of_broken_case(path, data)
    _, wrong = read_case(journal_kind(path) or TICKET, raw.head, raw.events, raw.event_lines)
    flawed = {index for index, _ in wrong.events}
    written = raw.lines
    held = [] if wrong.head else [head_line(raw.head, 1)]
    for index, (event, line) in enumerate(zip(raw.events, raw.event_lines, strict=True)):
        if index not in flawed:
            held.append(event_line(event, line, written[line - 1]))
    return held


def _of_broken_case(path: str, data: bytes) -> list[Line]:
    head = casefile.read_head(data, path)
    held = [head_line(head.head, 1)] if head.ok else []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=1):
        line = line.rstrip("\r")
        if line.startswith("- {"):
            try:
                event = casefile.flat_mapping(line[2:])
            except (ValueError, StopIteration, RecursionError, TypeError):
                continue
            held.append(event_line(event, number, line))
    return held
