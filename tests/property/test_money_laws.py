"""Laws of money: what is owed follows from what was agreed and the sum that came in, whenever it came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from thorough import effort
from ticketplay import Told, owed, tell

from svcctl.domain.ticket import FINISH_RESULTS

AGREED = 18000
DUE = ("fixed", "no-fault")
SENT = {"to": "wang.wei", "visit": "2026-11-17T09:00:00+08:00"}
BEGUN: tuple[Told, ...] = (
    ("11-16 09:10", "reviewed", {"cover": "paid"}),
    ("11-16 09:20", "quoted", {"amount": "180.00"}),
    ("11-16 09:30", "accepted", {}),
)
results = st.lists(
    st.sampled_from([one for one in FINISH_RESULTS if one not in (*DUE, "refused", "by-phone")]),
    max_size=2,
)
money = st.lists(
    st.tuples(st.integers(16, 28), st.sampled_from([1, 5000, 9000, 13000, 18000, -5000])),
    max_size=5,
)


def visits(told: list[str]) -> list[Told]:
    """A visit a day, from the 17th on, with these results."""
    found: list[Told] = []
    for day, result in enumerate(told, 17):
        found.append((f"11-{day} 08:00", "dispatched", SENT))
        found.append((f"11-{day} 15:00", "finished", {"result": result}))
    return found


def payments(told: list[tuple[int, int]]) -> list[Told]:
    """A payment on each of these days, of so many hundredths."""
    return [
        (f"11-{day} 11:{number:02}", "paid", {"amount": f"{amount / 100:.2f}"})
        for number, (day, amount) in enumerate(told)
    ]


def in_any_order(work: list[Told], paid: list[Told], draw: st.DataObject) -> list[Told]:
    """Work in its order, with payments written down anywhere among it."""
    found = list(work)
    for one in paid:
        found.insert(draw.draw(st.integers(0, len(found))), one)
    return found


@effort(150)
@given(results, st.sampled_from(DUE), money, st.data())
def test_paid_work_that_is_done_owes_its_money_once_until_the_sum_is_in(
    before: list[str], last: str, paid: list[tuple[int, int]], data: st.DataObject
) -> None:
    """In whatever order work and payments happened, and in whatever order they were written down."""
    told = in_any_order(visits([*before, last]), payments(paid), data)
    [one] = [one for one in owed(tell(*BEGUN, *told)) if one.kind == "payment"]
    assert (one.met is not None) == (sum(amount for _day, amount in paid) >= AGREED)


@effort(80)
@given(results, money, st.data())
def test_before_the_work_is_done_only_who_began_to_pay_owes_the_rest(
    before: list[str], paid: list[tuple[int, int]], data: st.DataObject
) -> None:
    told = in_any_order(visits(before), payments(paid), data)
    found = [one for one in owed(tell(*BEGUN, *told)) if one.kind == "payment"]
    came = sum(amount for _day, amount in paid)
    assert len(found) <= 1
    assert [one for one in found if one.met is None] == (found if came < AGREED else [])
    assert bool(found) or not paid or came >= AGREED
