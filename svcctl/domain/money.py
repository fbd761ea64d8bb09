"""What was agreed to be paid for a ticket, and what has come in. Knows its events; no policy, no clock.

Amounts are hundredths of the policy's currency, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from svcctl.domain.cases import Event
from svcctl.domain.problems import N_, Message
from svcctl.domain.schema import Value, as_text
from svcctl.domain.state import State


def agreed(state: State) -> int | None:
    """Return what is to be paid: the fee said last, on the slip, at the acceptance or in the quote.

    A quote after an acceptance, or after a fee, is an offer until it is accepted too.
    """
    return _agreed(_events(state))[0]


def _agreed(events: Iterable[Event]) -> tuple[int | None, Event | None]:
    """Return what was agreed, and the event by which it was."""
    found = offered = by = None
    bound = False
    for event in events:
        if event.do == "quoted":
            offered = _amount(event, "amount")
            found, by = (found, by) if bound else (offered, event)
        elif event.do == "accepted":
            named = _amount(event, "amount")
            named = offered if named is None else named
            if named is not None:
                found, by, offered, bound = named, event, None, True
        elif event.do == "finished" and (fee := _amount(event, "fee")) is not None:
            found, by, offered, bound = fee, event, None, True
    return found, by


def received(state: State) -> int:
    """Return the sum of the payments recorded."""
    return sum(_amount(one, "amount") or 0 for one in _payments(_events(state)))


def parts(events: Sequence[Event]) -> Mapping[str, Mapping[str, Value]]:
    """Return for each payment, by its name, whether it is ``part`` of what was agreed, as it looks now.

    The last part is the payment from which on what was agreed is in and stays in, in the order in which
    the payments were made; or the one by which the rest was let go (``part: false``). Empty where no
    amount is known: then the payment itself says what it is.
    """
    whole = _agreed(events)[0]
    if whole is None:
        return {}
    payments = _payments(events)
    came = sum(_amount(one, "amount") or 0 for one in payments)
    found: dict[str, dict[str, Value]] = {}
    short = False
    for payment in reversed(payments):
        if payment.fields.get("part") is False:
            found = {name: {"part": False} for name in found}
            short = False
        else:
            short = short or came < whole
        found[payment.name] = {"part": short}
        came -= _amount(payment, "amount") or 0
    return found


def missing(state: State) -> Message | None:
    """Return how much of what was agreed has not come in; None where all has, or none is known of.

    Nor is anything missing before the first payment, or where the rest was let go.
    """
    whole, came = agreed(state), received(state)
    payments = _payments(_events(state))
    let_go = any(one.fields.get("part") is False for one in payments)
    if whole is None or not payments or let_go or came >= whole:
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


def steps(state: State) -> list[Message]:
    """Return how the ``account`` comes about: what was agreed by which line, each payment, the sum."""
    whole, by = _agreed(_events(state))
    found = []
    if whole is not None and by is not None:
        args = {"amount": written(whole), "event": by.name, "do": by.do, "at": _when(by)}
        found.append(Message(N_("agreed: {amount} ({event} {do}, {at})"), args))
    came = 0
    for payment in _payments(_events(state)):
        amount = _amount(payment, "amount") or 0
        came += amount
        args = {"amount": written(amount), "event": payment.name, "at": _when(payment)}
        text = N_("paid: {amount} ({event}, {at}), {received} in all")
        if payment.fields.get("part") is False:
            text = N_("paid: {amount} ({event}, {at}), {received} in all; the rest was let go")
        found.append(Message(text, {**args, "received": written(came)}))
    told = account(state)
    return found if told is None else [*found, told]


def _when(event: Event) -> str:
    return event.at.strftime("%Y-%m-%d %H:%M")


def _events(state: State) -> list[Event]:
    return [fact.event for fact in state.facts]


def _payments(events: Iterable[Event]) -> list[Event]:
    """Return the payments in the order in which they were made, not noted."""
    return sorted((one for one in events if one.do == "paid"), key=lambda one: (one.at, one.order))


def _amount(event: Event, field: str) -> int | None:
    amount = event.fields.get(field)
    return None if amount is None else hundredths(amount)


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
