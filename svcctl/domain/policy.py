"""The rules in force, by date, as typed values. Knows what a policy states; not how it is written.

Sources: SERVICE-RULES, every number of which is a key of a policy; a key that is unset means "no
limit configured" and none is invented. ``policy_reading`` makes these values from text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from svcctl.domain.calendar import Calendar
    from svcctl.domain.levels import Level
    from svcctl.domain.patterns import Pattern
    from svcctl.domain.problems import Problem
    from svcctl.domain.times import Span

ROLES = (
    "manager",
    "coordinator",
    "engineer",
    "store-keeper",
    "clerk",
    "vice-president",
    "general-manager",
)
MAY = ("dispatch", "review", "approve", "close", "cancel", "correct", "settle")
"""What a policy can reserve to some roles. A mistyped one would leave the door open to all."""


class Rule(NamedTuple):
    """One obligation as the policy states it: what starts it, within what time, what meets it.

    ``within`` and ``until`` are both unset where it is owed without a due time (``unlimited``), or
    not at all, because no limit is configured (``is_off``). ``outlasts`` the closing: payment does.
    ``in_advance``: what meets it may have come before it began; so it is owed once in its scope, from
    the first of its starts on.
    ``met_with`` are the names of the events in ``met_by``.
    """

    name: str
    kinds: frozenset[str]
    per: str
    starts: tuple[Pattern, ...]
    within: Span | None
    until: str
    clock: str
    rolls: str
    not_before: Span | None
    met_by: tuple[Pattern, ...]
    excused_by: tuple[Pattern, ...]
    waived_by: tuple[Pattern, ...]
    paused_by: tuple[Pattern, ...]
    resumed_by: tuple[Pattern, ...]
    owner: str
    severity: str
    text: str
    line: int
    met_with: tuple[str, ...]
    unlimited: bool
    outlasts: bool
    in_advance: bool

    @property
    def is_off(self) -> bool:
        """Whether the policy names it and leaves its limit empty: then nothing is owed by it."""
        return self.within is None and not self.until and not self.unlimited


class Policy:
    """The rules in force from the day ``since`` on (00:00 in the ledger's zone)."""

    def __init__(self, path: str, since: date) -> None:
        self.path = path
        self.since = since
        self.version = since.isoformat()
        self.company = ""
        self.service_phone = ""
        self.warranty = ""
        self.language = ""
        self.currency = "CNY"
        self.calendar = ""
        self.may: dict[str, frozenset[str]] = {}
        self.back_dating: Span | None = None
        self.rework_within: Span | None = None
        self.reopen_within: Span | None = None
        self.close_needs: frozenset[str] | None = None
        self.dissatisfied_below = 0
        self.targets: dict[str, int] = {}
        self.attachment_size: int | None = None
        self.attachment_types: tuple[str, ...] | None = None
        self.rules: dict[str, Rule] = {}
        self.escalations: tuple[Level, ...] = ()
        self.table: dict[str, list[tuple[str, str, Pattern]]] = {}

    def compile(self) -> None:
        """Index the rules' patterns by the event they speak of: name -> (rule, role, pattern)."""
        self.table = {}
        for rule in self.rules.values():
            if rule.is_off:
                continue
            for role in ("starts", "met_by", "excused_by", "waived_by", "paused_by", "resumed_by"):
                for pattern in getattr(rule, role):
                    self.table.setdefault(pattern.do, []).append((rule.name, role, pattern))

    def allows(self, what: str, role: str) -> bool:
        """Whether ``role`` may do ``what`` (a key of ``may``); what is not named anybody may do."""
        roles = self.may.get(what)
        return roles is None or role in roles


class Book:
    """All policies of a ledger, by the instant from which each is in force."""

    def __init__(
        self,
        policies: Iterable[Policy],
        calendars: Mapping[str, Calendar],
        zone: tzinfo,
        problems: Iterable[Problem] = (),
    ) -> None:
        """``problems``: of the files that cannot be read, and in whose place these rules stand."""
        self.problems = tuple(problems)
        self.policies = sorted(policies, key=lambda policy: policy.since)
        if not self.policies:
            raise ValueError("a book needs at least one policy")
        self.calendars = dict(calendars)
        self.zone = zone
        self.starts = [
            datetime.combine(policy.since, time(), zone).timestamp() for policy in self.policies
        ]

    def calendar_of(self, policy: Policy) -> Calendar:
        """Return the calendar that the policy names."""
        return self.calendars[policy.calendar]

    def owed_names(self) -> tuple[str, ...]:
        """Return the names of all that some policy says is owed, each once, in their order."""
        return tuple(dict.fromkeys(name for policy in self.policies for name in policy.rules))

    def at(self, instant: datetime) -> Policy:
        """Return the newest policy not after ``instant``; before the first one, the first."""
        if len(self.policies) == 1:
            return self.policies[0]
        return self.policies[max(0, bisect_right(self.starts, instant.timestamp()) - 1)]
