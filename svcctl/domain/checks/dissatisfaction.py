"""What a customer's answer asks for: the complaint that no finding may forget. Knows answers and scores.

Source: SERVICE-RULES "The life of a request", 10. What the audit says of it is in ``service_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from svcctl.domain.cases import CaseKind
from svcctl.domain.policy import Book
from svcctl.domain.schema import Value
from svcctl.domain.state import Fact, State

_SCORES = ("quality", "attitude", "speed")


@lru_cache(maxsize=8)
def _answering(kind: CaseKind) -> frozenset[str]:
    """The events that can carry a customer's answer."""
    asked = {"opinion", *_SCORES}
    return frozenset(do for do, declared in kind.events.items() if asked & set(declared.order))


def dissatisfied(state: State, book: Book) -> Fact | None:
    """Return the answer that asks for a complaint: dissatisfied, or a score below the policy's."""
    answering = _answering(state.case.kind)
    for fact in state.facts:
        fields = fact.event.fields
        if not fields or fact.event.do not in answering:
            continue
        if fields.get("opinion") == "dissatisfied":
            return fact
        for name in _SCORES:
            score = fields.get(name)
            if isinstance(score, int) and score < book.at(fact.at).dissatisfied_below:
                return fact
    return None


def lowest_score(fields: Mapping[str, Value]) -> int:
    """Return the lowest score that an event carries; one above all scores where it has none."""
    return min((n for name in _SCORES if isinstance(n := fields.get(name), int)), default=9)
