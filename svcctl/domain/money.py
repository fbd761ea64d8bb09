"""What was agreed to be paid for a ticket, and what has come in. Knows its events; no policy, no clock.

Amounts are hundredths of the policy's currency, so that sums are exact.
"""

from __future__ import annotations

from svcctl.domain.problems import N_, Message
from svcctl.domain.schema import Value, as_text
from svcctl.domain.state import State

_NAMED = {"quoted": "amount", "accepted": "amount", "finished": "fee"}
"""Events that may name what is to be paid, with the field; what was said last holds."""


def agreed(state: State) -> int | None:
    """Return what is to be paid: the fee said last, on the slip, at the acceptance or in the quote."""
    found = None
    for fact in state.facts:
        amount = fact.event.fields.get(_NAMED.get(fact.event.do, ""))
        found = found if amount is None else hundredths(amount)
    return found


def received(state: State) -> int:
    """Return the sum of the payments recorded."""
    return sum(
        hundredths(fact.event.fields["amount"]) for fact in state.facts if fact.event.do == "paid"
    )


def missing(state: State) -> Message | None:
    """Return how much of what was agreed has not come in; None where all has, or none is known of."""
    whole, came = agreed(state), received(state)
    if whole is None or not 0 < came < whole:
        return None
    return Message(
        N_("{received} of {agreed} received, {missing} missing"),
        {"received": written(came), "agreed": written(whole), "missing": written(whole - came)},
    )


def too_much(state: State) -> Message | None:
    """Return by how much more has come in than was agreed; None where it has not, or none is known of."""
    whole, came = agreed(state), received(state)
    if whole is None or came <= whole or came <= 0:
        return None
    return Message(
        N_("due {agreed}, received {received}, {excess} too much"),
        {"received": written(came), "agreed": written(whole), "excess": written(came - whole)},
    )


def account(state: State) -> Message | None:
    """Return what is to be paid and what has come in, where anything is known of either."""
    whole, came = agreed(state), received(state)
    told = missing(state) or too_much(state)
    if told is not None or (whole is None and not state.counts.get("paid")):
        return told
    args = {"received": written(came), "agreed": written(whole or 0)}
    if whole is None:
        return Message(N_("{received} received, no amount agreed"), args)
    return Message(N_("{received} of {agreed} received"), args)


def hundredths(amount: Value) -> int:
    """Return an amount as stored (``120``, ``120.5``, ``-3.00``) in hundredths."""
    whole, _dot, part = as_text(amount).partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 100 + int(part.ljust(2, "0") or 0))


def written(hundredth: int) -> str:
    """Return hundredths as an amount is stored: ``120.00``."""
    sign = "-" if hundredth < 0 else ""
    whole, part = divmod(abs(hundredth), 100)
    return f"{sign}{whole}.{part:02d}"
