"""Family E4, what was owed and not done in time. Knows due times; the words are in ``service_rules``.

Source: LEDGER "Times that are owed": exactly at the due time is in time; what ended unmet after
its due time stays missed.
"""

from __future__ import annotations

from typing import NamedTuple

from svcctl.domain.judging import Obligation
from svcctl.domain.problems import N_, Problem
from svcctl.domain.standing import standing
from svcctl.domain.state import State
from svcctl.domain.times import format_instant

CODE_OF_RULE = {
    "reply": "E401",
    "first-call": "E402",
    "slip": "E403",
    "callback-next": "E404",
    "callback-slip": "E405",
    "papers": "E415",
    "slip-promised": "E417",
    "arrival": "E420",
    "result-told": "E421",
    "result-urgent": "E421",
    "complaint-answer": "E422",
    "enquiry": "E423",
    "put-off": "E423",
    "solution": "E424",
    "first-contact": "E425",
    "complaint-resolved": "E426",
    "payment": "E427",
}
"""Which code an obligation's breach has; a department's own obligation has E419."""


def code_of_rule(name: str) -> str:
    """Return the audit's code for a breach of the obligation ``name``."""
    return CODE_OF_RULE.get(name, "E419")


class Breach(NamedTuple):
    """An obligation that was not met by its due time: a row of the index, or one just computed.

    Instants are seconds since the epoch; ``due_text`` is the due time with its offset. ``line`` is
    that of the event that started it, ``severity`` what the policy says a breach of it is.
    """

    path: str
    subject: str
    kind: str
    number: int
    line: int
    due: float
    due_text: str
    met: float | None
    ended: float | None
    severity: str


def breach_of(path: str, state: State, one: Obligation, as_of: float) -> Breach | None:
    """Return the breach that ``one`` is at ``as_of`` (seconds since the epoch), or None."""
    if one.due is None:
        return None
    due = one.due.timestamp()
    met = one.met.timestamp() if one.met else None
    ended = one.ended.timestamp() if one.ended else None
    excused = one.excused.timestamp() if one.excused else None
    paused = one.paused.timestamp() if one.paused else None
    if standing(due, met, excused, ended, paused, as_of) not in ("missed", "late"):
        return None
    line = next((f.event.line for f in state.facts if f.event.name == one.started_by), 0)
    due_text = format_instant(one.due)
    return Breach(
        path, state.case.id, one.kind, one.number, line, due, due_text, met, ended, one.severity
    )


HOW = {
    "late": N_("done {gap} late"),
    "ended": N_("never met, {gap} overdue when the ticket ended"),
    "open": N_("still open"),
}


def owed_problem(breach: Breach) -> Problem:
    """Return the finding that something owed was not done in time.

    What was done late is a warning whatever the policy says: it cannot be mended any more. ``how``
    is English; ``outcome`` (a key of ``HOW``) and ``gap`` say the same for other languages. What is
    still open has no gap, so that the finding is the same until something happens.
    """
    if breach.met is not None:
        outcome, until = "late", breach.met
    elif breach.ended is not None:
        outcome, until = "ended", breach.ended
    else:
        outcome, until = "open", breach.due
    gap = span_text(int(until - breach.due))
    which = f"{breach.kind}:{breach.number}" if breach.number > 1 else breach.kind
    args = {
        "what": which,
        "which": which,
        "due": breach.due_text,
        "how": HOW[outcome].format(gap=gap),
        "outcome": outcome,
        "gap": gap,
        "id": breach.subject,
        "severity": "warning" if outcome == "late" else breach.severity,
    }
    code = code_of_rule(breach.kind)
    return Problem(code, breach.path, breach.line, 1, args, "", breach.subject)


def span_text(seconds: int) -> str:
    """Return a length of time as ``3d 4h``, ``2h 05m``, ``4m`` or ``30s``; for every language."""
    if abs(seconds) < 60:
        return f"{abs(seconds)}s"
    minutes = abs(seconds) // 60
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {left:02d}m" if hours else f"{left}m"
