"""The rules in force, by date. Knows what a policy may say; not where it is stored.

A policy arrives as nested text (a strict reader guessed nothing) and becomes typed values here;
everything wrong with it is found at once, each with its place. Sources: SERVICE-RULES, every number
of which is a key here; a key that is unset means "no limit configured" and none is invented.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from svcctl.domain.calendar import Calendar
from svcctl.domain.escalation import Level, read_levels
from svcctl.domain.patterns import Condition, Pattern
from svcctl.domain.problems import N_, Message, Problem, Unreadable, Usage
from svcctl.domain.times import Span, read_span

if TYPE_CHECKING:
    from svcctl.domain.cases import EventKind
    from svcctl.domain.schema import Field, Shape

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
MAY = ("dispatch", "review", "approve", "close", "cancel", "correct", "settle")
"""What a policy can reserve to some roles. A mistyped one would leave the door open to all."""
UNLIMITED = "unlimited"
FORMAT = "1"

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_PERCENT = re.compile(r"([0-9]{1,3}) ?%?")
_NUMBERS = ("number", "visits", "cycle", "attempt")
_COUNTED = ("int", "count", "score")
_TIMES = ("date", "moment", "instant")


class Rule(NamedTuple):
    """One obligation as the policy states it: what starts it, within what time, what meets it.

    ``within`` and ``until`` are both unset where it is owed without a due time (``unlimited``), or
    not at all, because no limit is configured (``is_off``). ``outlasts`` the closing: payment does.
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

    def __init__(
        self,
        path: str,
        place: Place,
        events: Mapping[str, EventKind],
        marks: Mapping[str, tuple[str, ...]],
        head: Shape | None,
    ) -> None:
        self.path = path
        self.place = place
        self.key_place = place
        self.events = events
        self.marks = marks
        self.head = head
        self.problems: list[Problem] = []

    def field(self, do: str, name: str) -> Field | None:
        """Return the field that a condition on the event ``do`` means: its own, or a value's."""
        if name in self.events[do].order:
            return self.events[do].shape.fields[name]
        for event in self.events.values():
            if event.sets.get(name):
                return event.shape.fields[event.sets[name]]
        return self.head.fields.get(name) if self.head is not None else None

    def mapping(self, fields: Fields, key: str) -> dict[str, Text]:
        """Return a mapping; nothing behind the key is an empty one."""
        value = fields.get(key, "")
        if isinstance(value, dict):
            return value
        if value != "":
            self.wrong((key,), str(value), N_("a mapping"))
        return {}

    def wrong(self, keys: tuple[str, ...], value: str, expected: str) -> None:
        line, column = self.place(keys)
        args = {"key": ".".join(keys), "value": value[:80], "expected": expected}
        self.problems.append(Problem("E221", self.path, line, column, args))

    def line_of(self, keys: tuple[str, ...]) -> int:
        """Return the line on which the thing named by ``keys`` stands."""
        return self.place(keys)[0]

    def text(self, fields: Fields, key: str, keys: tuple[str, ...], default: str = "") -> str:
        value = fields.get(key, default)
        if isinstance(value, str):
            return value.strip()
        self.wrong((*keys, key), str(value), N_("some text"))
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
        value = fields.get(key, "")
        items = ([value] if value else []) if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.wrong((*keys, key), str(value), N_("a list of words"))
            return []
        return [str(item) for item in items]

    def span(self, fields: Fields, key: str, keys: tuple[str, ...]) -> Span | None:
        value = self.text(fields, key, keys)
        if not value:
            return None
        try:
            span = read_span(value)
        except Usage:
            self.wrong((*keys, key), value, N_("a span such as 3m, 24h or 2d"))
            return None
        if span.count < 0:
            self.wrong((*keys, key), value, N_("a span that is not negative"))
            return None
        return span

    def percent(self, fields: Fields, key: str, keys: tuple[str, ...]) -> int | None:
        value = self.text(fields, key, keys)
        if not value:
            return None
        found = _PERCENT.fullmatch(value)
        if found is None or int(found[1]) > 100:
            self.wrong((*keys, key), value, N_("a percentage such as 85%"))
            return None
        return int(found[1])

    def patterns(self, fields: Fields, key: str, keys: tuple[str, ...]) -> tuple[Pattern, ...]:
        found = []
        for text in self.words(fields, key, keys):
            for expanded in self.marks.get(text, (text,)):
                try:
                    pattern = Pattern.parse(expanded)
                except ValueError:
                    self.wrong(
                        (*keys, key), text, N_("a pattern such as contacted(result=reached)")
                    )
                    continue
                if pattern.do in self.events:
                    pattern = pattern.owned(self.events[pattern.do].order)
                found.append(pattern)
                if pattern.do not in self.events:
                    known = " | ".join(sorted((*self.events, *self.marks)))
                    self.wrong((*keys, key), pattern.do, known)
                    continue
                for condition in pattern.conditions:
                    self.condition(pattern.do, condition, (*keys, key))
        return tuple(found)

    def condition(self, do: str, condition: Condition, keys: tuple[str, ...]) -> None:
        """Report a condition that can never hold: an unknown field or a word it never has."""
        name = condition.field
        if name in _NUMBERS or (name.startswith("had-") and name[4:] in self.events):
            return
        field = self.field(do, name)
        if field is None:
            if name != "state" and self.head is not None:
                self.wrong(keys, f"{do}({name})", " | ".join(self.events[do].order))
            return
        words = ("true", "false") if field.type == "flag" else field.words
        if condition.how in (">", "<") and field.type not in _COUNTED:
            self.wrong(keys, f"{do}({name}{condition.how})", N_("a field that counts"))
        elif condition.how in ("=", "!=") and words:
            for word in sorted(condition.words - set(words)):
                self.wrong(keys, f"{do}({name}={word})", f"{name}=" + " | ".join(words))

    def until(self, rule: str, starts: tuple[Pattern, ...], keys: tuple[str, ...]) -> None:
        """Report where the field that says until when is no time, or is not there."""
        for pattern in starts:
            field = self.field(pattern.do, rule) if pattern.do in self.events else None
            if (field is None and self.head is not None) or (field and field.type not in _TIMES):
                self.wrong(
                    (*keys, "until"), rule, N_("a date or time of that event or of the head")
                )

    def known(self, fields: Fields, keys: tuple[str, ...], known: Iterable[str]) -> None:
        names = tuple(known)
        for key in fields:
            if key not in names:
                line, column = self.key_place((*keys, key))
                args = {"key": ".".join((*keys, key)), "known": ", ".join(names)}
                self.problems.append(Problem("E220", self.path, line, column, args))


TARGETS = (
    "satisfaction response rework reply first-call first-contact completion complaint-rate slip "
    "callback arrival inspection"
).split()
"""The measures that can have a target (SERVICE-RULES, "Measures")."""

_KEYS = (
    "format version company service-phone warranty language currency calendar may back-dating "
    "rework reopen close-needs dissatisfied-below targets attachments obligations escalations"
).split()
_RULE_KEYS = (
    "for per starts within until clock rolls not-before met-by excused-by waived-by paused-by "
    "resumed-by outlasts-closing owner severity"
).split()


def read_policy(
    path: str,
    since: date,
    fields: Fields,
    place: Place,
    events: Mapping[str, EventKind],
    marks: Mapping[str, tuple[str, ...]],
    head: Shape | None = None,
    key_place: Place | None = None,
) -> Policy:
    """Return the policy that ``fields`` state, for cases with these ``events`` and this ``head``.

    ``place`` says where a value stands, ``key_place`` where a key does. Without ``head``, what names its fields is taken on trust. Raises ``Unreadable`` with every
    problem (E204 future format, E220 unknown key, E221 bad value) and its place.
    """
    reader = _Reader(path, place, events, marks, head)
    reader.key_place = key_place or place
    policy = Policy(path, since)
    found = reader.text(fields, "format", (), FORMAT)
    if found != FORMAT:
        line, column = place(("format",))
        args = {"found": found[:20], "known": FORMAT}
        reader.problems = [Problem("E204", path, line, column, args)]
        raise _unusable(reader)
    reader.known(fields, (), _KEYS)
    policy.version = reader.text(fields, "version", (), policy.version)
    policy.company = reader.text(fields, "company", ())
    policy.service_phone = reader.text(fields, "service-phone", ())
    policy.warranty = reader.text(fields, "warranty", ())
    policy.language = reader.word(fields, "language", (), ("", "zh_CN", "en"), "")
    policy.currency = reader.text(fields, "currency", (), "CNY")
    policy.calendar = reader.text(fields, "calendar", (), "CN")
    policy.back_dating = reader.span(fields, "back-dating", ())
    policy.rework_within = reader.span(fields, "rework", ())
    policy.reopen_within = reader.span(fields, "reopen", ())
    below = reader.word(fields, "dissatisfied-below", (), ("", *"012345"), "")
    policy.dissatisfied_below = int(below or "0")
    _read_may(reader, fields, policy)
    _read_targets(reader, fields, policy)
    _read_attachments(reader, fields, policy)
    for name, rule in reader.mapping(fields, "obligations").items():
        if _NAME.fullmatch(name) is None:
            reader.wrong(
                ("obligations", name), name, N_("a name of small letters, digits and dashes")
            )
        elif isinstance(rule, dict):
            policy.rules[name] = _read_rule(reader, name, rule)
        else:
            reader.wrong(("obligations", name), str(rule), N_("a mapping"))
    needs = reader.words(fields, "close-needs", ())
    for need in needs:
        if need not in ("nothing-owed", *policy.rules):
            reader.wrong(("close-needs",), need, " | ".join(("nothing-owed", *policy.rules)))
    policy.close_needs = frozenset(needs) if needs else None
    policy.escalations = read_levels(reader, fields, policy.rules, ROLES)
    if reader.problems:
        raise _unusable(reader)
    policy.compile()
    return policy


def _unusable(reader: _Reader) -> Unreadable:
    return Unreadable(
        "bad-policy",
        Message(N_("the policy {path} cannot be used"), {"path": reader.path}),
        Message(N_("mend the lines named, or restore the file from git"), {}),
        tuple(reader.problems),
    )


def _read_may(reader: _Reader, fields: Fields, policy: Policy) -> None:
    may = reader.mapping(fields, "may")
    reader.known(may, ("may",), MAY)
    for what in may:
        roles = reader.words(may, what, ("may",))
        for role in roles:
            if role not in ROLES:
                reader.wrong(("may", what), role, " | ".join(ROLES))
        if roles:  # nobody named is "no limit configured", not "nobody may"
            policy.may[what] = frozenset(roles)


_SIZE = re.compile(r"([1-9][0-9]{0,8}) ?(B|kB|MB|GB)")
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}


def _read_attachments(reader: _Reader, fields: Fields, policy: Policy) -> None:
    from svcctl.domain.attachments import KINDS

    given = reader.mapping(fields, "attachments")
    reader.known(given, ("attachments",), ("max-size", "types"))
    size = reader.text(given, "max-size", ("attachments",))
    found = _SIZE.fullmatch(size)
    if found is not None:
        policy.attachment_size = int(found[1]) * _UNITS[found[2]]
    elif size:
        reader.wrong(("attachments", "max-size"), size, N_("a size such as 10MB or 500kB"))
    types = reader.words(given, "types", ("attachments",))
    for kind in types:
        if kind not in KINDS:
            reader.wrong(("attachments", "types"), kind, " | ".join(KINDS))
    policy.attachment_types = tuple(types) or None


def _read_targets(reader: _Reader, fields: Fields, policy: Policy) -> None:
    targets = reader.mapping(fields, "targets")
    reader.known(targets, ("targets",), TARGETS)
    for name in targets:
        percent = reader.percent(targets, name, ("targets",))
        if percent is not None:
            policy.targets[name] = percent


def _read_rule(reader: _Reader, name: str, fields: Fields) -> Rule:
    keys = ("obligations", name)
    reader.known(fields, keys, _RULE_KEYS)
    patterns = {}
    for key in ("starts", "met-by", "excused-by", "waived-by", "paused-by", "resumed-by"):
        patterns[key] = reader.patterns(fields, key, keys)
    for key in ("starts", "met-by"):
        if fields.get(key, "") in ("", []):
            reader.wrong((*keys, key), "", N_("at least one event"))
    unlimited = fields.get("within") == UNLIMITED
    within = None if unlimited else reader.span(fields, "within", keys)
    until = reader.text(fields, "until", keys)
    if ("within" in fields) == ("until" in fields) or ("until" in fields and not until):
        reader.wrong((*keys, "within"), "", N_("either within or until"))
    if until:
        reader.until(until, patterns["starts"], keys)
    not_before = reader.span(fields, "not-before", keys)
    if not_before is not None and not_before.unit != "d":
        reader.wrong((*keys, "not-before"), str(not_before), N_("a number of days such as 1d"))
    kinds = reader.words(fields, "for", keys)
    known = reader.head.fields["kind"].words if reader.head is not None else ()
    for kind in kinds:
        if known and kind not in known:
            reader.wrong((*keys, "for"), kind, " | ".join(known))
    return Rule(
        name=name,
        kinds=frozenset(kinds),
        per=reader.word(fields, "per", keys, PER, "ticket"),
        starts=patterns["starts"],
        within=within,
        until=until,
        clock=reader.word(fields, "clock", keys, ("wall", "work"), "wall"),
        rolls=reader.word(fields, "rolls", keys, ("open-day", "never"), "open-day"),
        not_before=not_before,
        met_by=patterns["met-by"],
        excused_by=patterns["excused-by"],
        waived_by=patterns["waived-by"],
        paused_by=patterns["paused-by"],
        resumed_by=patterns["resumed-by"],
        owner=reader.word(fields, "owner", keys, ROLES, "coordinator"),
        severity=reader.word(fields, "severity", keys, ("error", "warning"), "error"),
        text=str(within) if within is not None else f"until {until}" if until else UNLIMITED,
        line=reader.place(keys)[0],
        met_with=tuple(sorted({pattern.do for pattern in patterns["met-by"]})),
        unlimited=unlimited,
        outlasts=reader.word(fields, "outlasts-closing", keys, ("yes", "no"), "no") == "yes",
    )
