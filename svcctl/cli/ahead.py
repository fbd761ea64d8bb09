"""Opens the desk before the program is loaded, so that git looks for changes meanwhile. Knows which words
ask the whole ledger; no option but ``--ledger``, and no answer.

Loading the parser takes about as long as a ``git status`` of 100,000 tickets. Whatever cannot be opened
here is left to the command, which says what is wrong.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from svcctl.desk.desk import Desk

ASKING = {
    ("callbacks",),
    ("callbacks", "due"),
    ("callbacks", "list"),
    ("escalations",),
    ("escalations", "due"),
    ("find",),
    ("slip", "list"),
    ("ticket", "list"),
    ("ticket", "show"),
    ("today",),
}
"""The commands that ask git first of all about the months that are open, by noun and verb."""
NOT_ASKING = {("callbacks", "record")}
"""The other verbs of nouns that answer alone: any other word behind such a noun belongs to an option."""
_HELP = ("-h", "--help", "--version", "--")
_WITH_VALUE = ("--ledger", "--lang")


def system_clock() -> datetime:
    """The present instant, in UTC."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


def opened_ahead(
    words: Sequence[str], clock: Callable[[], datetime]
) -> tuple[str | None, Desk] | None:
    """Return what ``--ledger`` says in these words (None: nothing) and the desk of that ledger, at which
    git is looking already; None where they ask for something else, or there is no ledger."""
    asks, given = understood(words)
    if not asks:
        return None
    from contextlib import suppress

    from svcctl.desk.desk import open_desk
    from svcctl.domain.problems import Stop

    with suppress(Stop, OSError):
        desk = open_desk(given, clock)
        desk.look_ahead()
        return given, desk
    return None


def understood(words: Sequence[str]) -> tuple[bool, str | None]:
    """Return whether the words are among those that ask, and what ``--ledger`` says in them."""
    named: list[str] = []
    given, option = None, ""
    for word in words:
        if option:
            given, option = word if option == "--ledger" else given, ""
        elif word in _WITH_VALUE:
            option = word
        elif word.startswith("--ledger="):
            given = word.partition("=")[2]
        elif word in _HELP:
            return False, None
        elif not word.startswith("-"):
            named.append(word)
    noun, pair = tuple(named[:1]), tuple(named[:2])
    return pair in ASKING or (noun in ASKING and pair not in NOT_ASKING), given
