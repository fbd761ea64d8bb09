"""What of a week needs somebody's attention, in a few sentences. Knows the page's lists; counts no case.

For who reads one page on Monday, and of it the top first: what is overdue and with whom, which
targets were missed and whether for the second week, which complaints are open.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from svcctl.domain.problems import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from svcctl.views.measures import Measure

NAMED = 3
"""So many people are named; the rest stands in the list."""

NOTHING = N_("Nothing is overdue, no target was missed, no complaint is open.")


class Owed(Protocol):
    """What is overdue, as the page lists it: ``late`` in seconds, ``owner`` as people know them."""

    @property
    def what(self) -> str: ...
    @property
    def ticket(self) -> str: ...
    @property
    def customer(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def due(self) -> datetime: ...
    @property
    def late(self) -> int: ...


class Open(Protocol):
    """An open complaint, as the page lists it: ``age`` in seconds, ``liability`` "" while undecided."""

    @property
    def ticket(self) -> str: ...
    @property
    def customer(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def age(self) -> int: ...
    @property
    def liability(self) -> str: ...


class Concern(NamedTuple):
    """One thing to attend to: how many, in bold, and what and with whom."""

    lead: str
    detail: str


def concerns(
    overdue: Sequence[Owed], measures: Sequence[Measure], complaints: Sequence[Open]
) -> tuple[Concern, ...]:
    """Return what needs attention, the most pressing first, in the language in force."""
    return (*_overdue(overdue), *_missed(measures), *_complaints(complaints))


def _overdue(overdue: Sequence[Owed]) -> Iterator[Concern]:
    from svcctl.views.figures import duration_text
    from svcctl.views.language import _, ngettext, word

    if not overdue:
        return
    count = len(overdue)
    oldest = min(overdue, key=lambda owed: (owed.due, owed.ticket))
    detail = _("the oldest for {late}: {what}, {customer}, {ticket}").format(
        late=duration_text(oldest.late),
        what=word(oldest.what),
        customer=oldest.customer,
        ticket=oldest.ticket,
    )
    owners = Counter(owed.owner for owed in overdue).most_common(NAMED)
    named = _(", ").join(f"{owner} {number}" for owner, number in owners)
    detail += _("; ") + _("with: {people}").format(people=named)
    yield Concern(ngettext("{n} overdue", "{n} overdue", count).format(n=count), detail)


def _missed(measures: Sequence[Measure]) -> Iterator[Concern]:
    from svcctl.views.language import _
    from svcctl.views.measures import measure_line, verdict_of

    aimed = [one for one in measures if verdict_of(one) in ("met", "missed")]
    missed = [one for one in aimed if verdict_of(one) == "missed"]
    if not missed:
        return
    told = []
    for measure in missed:
        line = measure_line(measure)
        text = _("{measure} {value}, target {target}")
        if _was_missed(measure):
            text = _("{measure} {value}, target {target}, missed the week before too")
        told.append(text.format(measure=line.title, value=line.value, target=line.target))
    lead = _("{n} of {m} targets missed").format(n=len(missed), m=len(aimed))
    yield Concern(lead, _("; ").join(told))


def _was_missed(measure: Measure) -> bool:
    from svcctl.views.measures import verdict_of

    before = measure.previous
    return before is not None and verdict_of(measure._replace(**before._asdict())) == "missed"


def _complaints(complaints: Sequence[Open]) -> Iterator[Concern]:
    from svcctl.views.figures import duration_text
    from svcctl.views.language import _, ngettext

    if not complaints:
        return
    count = len(complaints)
    oldest = max(complaints, key=lambda one: (one.age, one.ticket))
    detail = _("the oldest for {age}: {subject}, {customer}, {ticket}").format(
        age=duration_text(oldest.age),
        subject=oldest.subject,
        customer=oldest.customer,
        ticket=oldest.ticket,
    )
    undecided = sum(not one.liability for one in complaints)
    if undecided:
        detail += _("; ") + _("liability to be decided: {n}").format(n=undecided)
    lead = ngettext("{n} open complaint", "{n} open complaints", count).format(n=count)
    yield Concern(lead, detail)
