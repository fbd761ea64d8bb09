"""A finding for people, as lines, and for programs, as an item. Knows codes; not who found it."""

from __future__ import annotations

from svcctl.domain.problems import N_, Message, Problem
from svcctl.views.safe import line, width

EMPTY = N_("{key} is empty, and should be {expected}")
"""What is said instead of “” where a value is missing."""


def problem_item(problem: Problem) -> dict[str, object]:
    """A finding as machine output. ``message`` is English: machine output has no language."""
    from svcctl.domain.checks.catalogue import CODES, severity_of

    template, args = problem_message(problem)
    return {
        "code": problem.code,
        "severity": severity_of(problem) if problem.code in CODES else "error",
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "subject": problem.subject,
        "message": template.format_map(dict(args)),
        "args": dict(problem.args),
    }


def problem_message(problem: Problem) -> Message:
    """What was found, as a message; a code that the catalogue lacks is shown with its arguments."""
    from svcctl.domain.checks.catalogue import CODES

    entry = CODES.get(problem.code)
    if entry is None:
        known = ", ".join(f"{name}={value}" for name, value in sorted(problem.args.items()))
        return Message("{known}", {"known": known})
    if problem.code in ("E203", "E221") and problem.args.get("value") == "":
        return Message(EMPTY, problem.args)
    return Message(entry.message, problem.args)


def problem_lines(problem: Problem) -> str:
    """One finding for people: place, code and message; the user's own line with a caret; remedy."""
    from svcctl.domain.checks.catalogue import CODES, remedy_of
    from svcctl.views.language import _, say

    place = line(problem.path)
    if problem.line:
        place += f":{problem.line}"
        if problem.column:
            place += f":{problem.column}"
    shown = [f"{place}: {problem.code} {say(problem_message(problem))}"]
    if problem.excerpt:
        shown += _excerpt(problem.excerpt, problem.column)
    if problem.code in CODES and remedy_of(problem):
        remedy = say(Message(remedy_of(problem), problem.args)).replace("\n", "\n    ")
        shown.append("    " + _("Remedy: {remedy}").format(remedy=remedy))
    return "\n".join(shown)


def _excerpt(text: str, column: int) -> list[str]:
    """The user's line, cut to what fits around ``column``, and a caret below it.

    The caret is placed by display width, so that it points right under Chinese text too. Where the
    line as a whole is meant, an event's is shown without its number, desk and time of writing.
    """
    text = text.rstrip("\r\n")
    short = _event_in_short(text) if column <= 1 else text
    meant = column if short == text else 0
    text = short
    start = max(0, column - 1 - 50)
    before = line(text[start : max(column - 1, 0)])
    after = line(text[max(column - 1, 0) : max(column - 1, 0) + 70])
    lead = "…" if start else ""
    tail = "…" if len(text) > max(column - 1, 0) + 70 else ""
    shown = [f"    {lead}{before}{after}{tail}"]
    if meant:
        shown.append("    " + " " * (len(lead) + width(before)) + "^")
    return shown


def _event_in_short(text: str) -> str:
    import re

    return re.sub(
        r'^- \{"n": \d+, "desk": "[A-Z]*", ("at": "[\d-]*T\d\d:\d\d)[^"]*", "noted": "[^"]*", ',
        r'- {… \1…", … ',
        text,
    )
