"""The rules in force, by date. Knows what a policy may say; not where it is stored.

A policy arrives as nested text (a strict reader guessed nothing) and becomes typed values here;
everything wrong with it is found at once, each with its place. Sources: SERVICE-RULES, every number
of which is a key here; a key that is unset means "no limit configured" and none is invented.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from typing import NamedTuple

from svcctl.domain.calendar import Calendar
from svcctl.domain.patterns import Pattern
from svcctl.domain.problems import N_, Message, Problem, Unreadable
from svcctl.domain.times import Span, read_span

Text = str | list["Text"] | dict[str, "Text"]
Fields = Mapping[str, Text]
Place = Callable[[tuple[str, ...]], tuple[int, int]]

ROLES = (
    "manager",
    "coordinator",
    "engineer",
    "store-keeper",
    "clerk",
    "vice-president",
    "general-manager",
)
PER = ("ticket", "visit", "cycle")


class Rule(NamedTuple):
    """One obligation as the policy states it: what starts it, within what time, what meets it.

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
        self.close_needs: frozenset[str] | None = None
        self.dissatisfied_below = 0
        self.targets: dict[str, int] = {}
        self.rules: dict[str, Rule] = {}
        self.table: dict[str, list[tuple[str, str, Pattern]]] = {}

    def compile(self) -> None:
        """Index the rules' patterns by the event they speak of: name -> (rule, role, pattern)."""
        self.table = {}
        for rule in self.rules.values():
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
        self, policies: Iterable[Policy], calendars: Mapping[str, Calendar], zone: tzinfo
    ) -> None:
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

    def at(self, instant: datetime) -> Policy:
        """Return the newest policy not after ``instant``; before the first one, the first."""
        if len(self.policies) == 1:
            return self.policies[0]
        return self.policies[max(0, bisect_right(self.starts, instant.timestamp()) - 1)]


class _Reader:
    """Typed getters over one policy's text; collects what is wrong instead of stopping."""

    def __init__(self, path: str, place: Place, marks: Mapping[str, tuple[str, ...]]) -> None:
        self.path = path
        self.place = place
        self.marks = marks
        self.problems: list[Problem] = []

    def wrong(self, keys: tuple[str, ...], value: str, expected: str) -> None:
        line, column = self.place(keys)
        args = {"key": ".".join(keys), "value": value[:80], "expected": expected}
        self.problems.append(Problem("E221", self.path, line, column, args))

    def text(self, fields: Fields, key: str, keys: tuple[str, ...], default: str = "") -> str:
        value = fields.get(key, default)
        if isinstance(value, str):
            return value.strip()
        self.wrong((*keys, key), str(value), "some text")
        return default

    def word(
        self, fields: Fields, key: str, keys: tuple[str, ...], words: tuple[str, ...], default: str
    ) -> str:
        value = self.text(fields, key, keys, default)
        if value not in words:
            self.wrong((*keys, key), value, " | ".join(words))
            return default
        return value

    def words(self, fields: Fields, key: str, keys: tuple[str, ...]) -> list[str]:
        value = fields.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.wrong((*keys, key), str(value), "a list of words")
            return []
        return [str(item) for item in items]

    def span(self, fields: Fields, key: str, keys: tuple[str, ...]) -> Span | None:
        value = self.text(fields, key, keys)
        if not value:
            return None
        try:
            return read_span(value)
        except Exception as error:
            if not isinstance(error, ValueError) and not hasattr(error, "message"):
                raise
            self.wrong((*keys, key), value, "a span such as 3m, 24h or 2d")
            return None

    def percent(self, fields: Fields, key: str, keys: tuple[str, ...]) -> int | None:
        value = self.text(fields, key, keys).rstrip("%").strip()
        if not value:
            return None
        if not value.isdigit() or int(value) > 100:
            self.wrong((*keys, key), value, "a percentage such as 85%")
            return None
        return int(value)

    def patterns(self, fields: Fields, key: str, keys: tuple[str, ...]) -> tuple[Pattern, ...]:
        found = []
        for text in self.words(fields, key, keys):
            for expanded in self.marks.get(text, (text,)):
                try:
                    found.append(Pattern.parse(expanded))
                except ValueError:
                    self.wrong((*keys, key), text, "a pattern such as contacted(result=reached)")
        return tuple(found)

    def known(self, fields: Fields, keys: tuple[str, ...], known: Iterable[str]) -> None:
        names = tuple(known)
        for key in fields:
            if key not in names:
                line, column = self.place((*keys, key))
                args = {"key": ".".join((*keys, key)), "known": ", ".join(names)}
                self.problems.append(Problem("E220", self.path, line, column, args))


_KEYS = (
    "format version company service-phone warranty language currency calendar may back-dating "
    "rework close-needs dissatisfied-below targets obligations"
).split()
_RULE_KEYS = (
    "for per starts within until clock rolls not-before met-by excused-by waived-by paused-by "
    "resumed-by owner severity"
).split()


def read_policy(
    path: str,
    since: date,
    fields: Fields,
    place: Place,
    events: Iterable[str],
    marks: Mapping[str, tuple[str, ...]],
) -> Policy:
    """Return the policy that ``fields`` state, for cases whose events are named ``events``.

    Raises ``Unreadable`` with every problem (E220 unknown key, E221 bad value) and its place.
    """
    reader = _Reader(path, place, marks)
    reader.known(fields, (), _KEYS)
    policy = Policy(path, since)
    policy.version = reader.text(fields, "version", (), policy.version)
    policy.company = reader.text(fields, "company", ())
    policy.service_phone = reader.text(fields, "service-phone", ())
    policy.warranty = reader.text(fields, "warranty", ())
    policy.language = reader.text(fields, "language", ())
    policy.currency = reader.text(fields, "currency", (), "CNY")
    policy.calendar = reader.text(fields, "calendar", (), "CN")
    policy.back_dating = reader.span(fields, "back-dating", ())
    policy.rework_within = reader.span(fields, "rework", ())
    below = reader.text(fields, "dissatisfied-below", (), "0")
    if below.isdigit() and int(below) <= 5:
        policy.dissatisfied_below = int(below)
    else:
        reader.wrong(("dissatisfied-below",), below, "a score from 1 to 5")
    _read_may(reader, fields, policy)
    _read_targets(reader, fields, policy)
    rules = fields.get("obligations", {})
    if isinstance(rules, dict):
        names = frozenset(events)
        for name, rule in rules.items():
            if isinstance(rule, dict):
                policy.rules[name] = _read_rule(reader, name, rule, names)
            else:
                reader.wrong(("obligations", name), str(rule), "a mapping")
    else:
        reader.wrong(("obligations",), str(rules), "a mapping")
    needs = reader.words(fields, "close-needs", ())
    if needs and needs != ["nothing-owed"]:
        for need in needs:
            if need not in policy.rules:
                reader.wrong(("close-needs",), need, " | ".join(("nothing-owed", *policy.rules)))
        policy.close_needs = frozenset(needs)
    if reader.problems:
        raise Unreadable(
            "bad-policy",
            Message(N_("the policy {path} cannot be used"), {"path": path}),
            Message(N_("mend the lines named, or restore the file from git"), {}),
            tuple(reader.problems),
        )
    policy.compile()
    return policy


def _read_may(reader: _Reader, fields: Fields, policy: Policy) -> None:
    may = fields.get("may", {})
    if not isinstance(may, dict):
        reader.wrong(("may",), str(may), "a mapping")
        return
    for what in may:
        roles = reader.words(may, what, ("may",))
        for role in roles:
            if role not in ROLES:
                reader.wrong(("may", what), role, " | ".join(ROLES))
        policy.may[what] = frozenset(roles)


def _read_targets(reader: _Reader, fields: Fields, policy: Policy) -> None:
    targets = fields.get("targets", {})
    if not isinstance(targets, dict):
        reader.wrong(("targets",), str(targets), "a mapping")
        return
    for name in targets:
        percent = reader.percent(targets, name, ("targets",))
        if percent is not None:
            policy.targets[name] = percent


def _read_rule(reader: _Reader, name: str, fields: Fields, events: frozenset[str]) -> Rule:
    keys = ("obligations", name)
    reader.known(fields, keys, _RULE_KEYS)
    patterns = {}
    for key in ("starts", "met-by", "excused-by", "waived-by", "paused-by", "resumed-by"):
        patterns[key] = reader.patterns(fields, key, keys)
        for pattern in patterns[key]:
            if pattern.do not in events:
                reader.wrong((*keys, key), pattern.do, " | ".join(sorted(events)))
    for key in ("starts", "met-by"):
        if not patterns[key]:
            reader.wrong((*keys, key), "", "at least one event")
    within = reader.span(fields, "within", keys)
    until = reader.text(fields, "until", keys)
    if (within is None) == (not until) and not any(
        p.args.get("key", "").startswith(".".join(keys)) for p in reader.problems
    ):
        reader.wrong((*keys, "within"), "", "either within or until")
    if within is not None and within.count < 0:
        reader.wrong((*keys, "within"), f"{within.count}{within.unit}", "a span above nought")
    return Rule(
        name=name,
        kinds=frozenset(reader.words(fields, "for", keys)),
        per=reader.word(fields, "per", keys, PER, "ticket"),
        starts=patterns["starts"],
        within=within,
        until=until,
        clock=reader.word(fields, "clock", keys, ("wall", "work"), "wall"),
        rolls=reader.word(fields, "rolls", keys, ("open-day", "never"), "open-day"),
        not_before=reader.span(fields, "not-before", keys),
        met_by=patterns["met-by"],
        excused_by=patterns["excused-by"],
        waived_by=patterns["waived-by"],
        paused_by=patterns["paused-by"],
        resumed_by=patterns["resumed-by"],
        owner=reader.word(fields, "owner", keys, ROLES, "coordinator"),
        severity=reader.word(fields, "severity", keys, ("error", "warning"), "error"),
        text=reader.text(fields, "within", keys) or f"until {until}",
        line=reader.place(keys)[0],
        met_with=tuple(sorted({pattern.do for pattern in patterns["met-by"]})),
    )
