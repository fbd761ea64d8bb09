"""Every code the audit can report, with its severity, title, message and remedy.

Knows the families' tables and joins them; ``docs/errors.md`` is generated from here and from one
executable example per code.
"""

from __future__ import annotations

from typing import NamedTuple

from svcctl.domain.checks import (
    bytes_and_yaml,
    calendar_rules,
    history_rules,
    identity_rules,
    schema_rules,
    service_rules,
)
from svcctl.domain.problems import N_, Problem, Severity


class Code(NamedTuple):
    """What a code means. Templates are English gettext keys with ``{name}`` places."""

    code: str
    severity: Severity
    title: str
    message: str
    remedy: str


FAMILIES: dict[str, dict[str, tuple[Severity, str, str, str]]] = {
    "E1": bytes_and_yaml.MESSAGES,
    "E2": {**schema_rules.MESSAGES, **calendar_rules.MESSAGES},
    "E3": identity_rules.MESSAGES,
    "E4": service_rules.MESSAGES,
    "E5": history_rules.MESSAGES,
}

CODES: dict[str, Code] = {
    code: Code(code, *entry) for family in FAMILIES.values() for code, entry in family.items()
}


def severity(code: str) -> str:
    """Return ``error`` or ``warning``: what a finding of this code is unless it says otherwise."""
    return CODES[code].severity


MENDED_NO_MORE = N_("nothing can be mended here any more; it counts in the week's measures")


def is_over(problem: Problem) -> bool:
    """Say whether what was owed is done, too late, or its ticket has ended: nothing can be mended."""
    return problem.args.get("outcome") in ("late", "ended")


def remedy_of(problem: Problem) -> str:
    """Return the template of what to do: nothing, where what was owed is done or over."""
    if is_over(problem):
        return MENDED_NO_MORE
    if problem.code == "E410" and problem.args["field"] == "finished":
        return service_rules.FINISH_IT
    return CODES[problem.code].remedy


def severity_of(problem: Problem) -> str:
    """Return what this finding is: an obligation's breach is what the policy makes of it."""
    return problem.args.get("severity") or CODES[problem.code].severity
