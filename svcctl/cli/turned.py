"""A line of a ticket or journal in words, and which lines a correction turned. Prints; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svcctl.domain.problems import N_, Message
from svcctl.views.language import _, say, times, word
from svcctl.views.safe import line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from svcctl.cli.session import Session
    from svcctl.desk.desk import Desk
    from svcctl.domain.cases import CaseKind
    from svcctl.domain.turned import Turned

GONE = N_("taken back: {event}, {do} ({at}, {person}) {what}")
BACK = N_("counts again: {event}, {do} ({at}, {person}) {what}")


def what(kind: CaseKind, do: str, fields: Mapping[str, Any]) -> str:
    """Return a line's fields with their labels; only what is a word of the program is translated."""
    from svcctl.domain.schema import as_text

    declared = kind.events[do].shape.fields
    shown = []
    for key, value in fields.items():
        text = times(as_text(value))
        if key == "field" or (key == "value" and do == "settled"):
            text = word(text, "field")
        elif key in declared and declared[key].type in ("word", "flag"):
            text = word(text, key)
        shown.append(_("{label}: {text}").format(label=word(key, "field"), text=text))
    return _("; ").join(shown)


def tell(run: Session, desk: Desk, kind: CaseKind, found: Sequence[Turned], book: str = "") -> None:
    """Print each line that counts no more or again: what it was, when, by whom, its words.

    ``book``: what stands before a line's name where it is in a journal (``2026-11/``).
    """
    from svcctl.desk.naming import person_name
    from svcctl.domain.times import format_instant

    for event, counts in found:
        args = {
            "event": f"{book}{event.name}",
            "do": event.do,
            "at": format_instant(event.at),
            "person": person_name(desk, event.by),
            "what": line(what(kind, event.do, event.fields)),
        }
        run.print("  " + say(Message(BACK if counts else GONE, args)).rstrip())
