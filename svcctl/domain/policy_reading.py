"""A policy from its text. Knows every key that a policy may have; not where it is stored.

A policy arrives as nested text (a strict reader guessed nothing) and becomes typed values here;
everything wrong with it is found at once, each with its place. A key that is unset means "no limit
configured" and none is invented. Source of the keys: SERVICE-RULES.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from svcctl.domain.attachments import KINDS
from svcctl.domain.levels import read_levels
from svcctl.domain.policy import MAY, ROLES, Policy, Rule
from svcctl.domain.policy_text import NAME, Fields, Place, PolicyText
from svcctl.domain.problems import N_, Message, Problem, Unreadable

if TYPE_CHECKING:
    from svcctl.domain.cases import EventKind
    from svcctl.domain.schema import Shape

PER = ("ticket", "visit", "cycle")
UNLIMITED = "unlimited"
FORMAT = "1"

TARGETS = (
    "satisfaction response rework reply first-call first-contact completion complaint-rate slip "
    "callback arrival inspection"
).split()
"""The measures that can have a target (SERVICE-RULES, "Measures")."""

KEYS = (
    "format version company service-phone warranty language currency calendar may back-dating "
    "rework reopen close-needs dissatisfied-below targets attachments obligations escalations"
).split()
RULE_KEYS = (
    "for per starts within until clock rolls not-before met-by excused-by waived-by paused-by "
    "resumed-by outlasts-closing in-advance owner severity"
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
    reader = PolicyText(path, place, events, marks, head)
    reader.key_place = key_place or place
    policy = Policy(path, since)
    found = reader.text(fields, "format", (), FORMAT)
    if found != FORMAT:
        line, column = place(("format",))
        args = {"found": found[:20], "known": FORMAT}
        reader.problems = [Problem("E204", path, line, column, args)]
        raise _unusable(reader)
    reader.known(fields, (), KEYS)
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
        if NAME.fullmatch(name) is None:
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


def _unusable(reader: PolicyText) -> Unreadable:
    return Unreadable(
        "bad-policy",
        Message(N_("the policy {path} cannot be used"), {"path": reader.path}),
        Message(N_("mend the lines named, or restore the file from git"), {}),
        tuple(reader.problems),
    )


def _read_may(reader: PolicyText, fields: Fields, policy: Policy) -> None:
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


def _read_attachments(reader: PolicyText, fields: Fields, policy: Policy) -> None:
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


def _read_targets(reader: PolicyText, fields: Fields, policy: Policy) -> None:
    targets = reader.mapping(fields, "targets")
    reader.known(targets, ("targets",), TARGETS)
    for name in targets:
        percent = reader.percent(targets, name, ("targets",))
        if percent is not None:
            policy.targets[name] = percent


def _read_rule(reader: PolicyText, name: str, fields: Fields) -> Rule:
    keys = ("obligations", name)
    reader.known(fields, keys, RULE_KEYS)
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
        in_advance=reader.word(fields, "in-advance", keys, ("yes", "no"), "no") == "yes",
    )
