"""A measure against its target and against the week before. Knows definitions; counts nothing.

Sources: SERVICE-RULES, "Measures": every ratio is shown with its numerator and denominator, and
what nobody answered or was due for is "no data", never 0 % or 100 %.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from svcctl.domain.problems import N_

Unit = Literal["ratio", "duration"]
Sign = Literal[">=", "<=", "<"]
Verdict = Literal["met", "missed", "no-target", "no-data"]
Trend = Literal["better", "worse", "same", "moved", ""]


class Definition(NamedTuple):
    """What a measure is called, how it is counted, and which way is better (more, less, or "")."""

    title: str
    text: str
    better: Literal["more", "less", ""]
    sign: Sign


DEFINITIONS: dict[str, Definition] = {
    "satisfaction": Definition(
        N_("Satisfaction"), N_("satisfied answers / answers given"), "more", ">="
    ),
    "response": Definition(
        N_("Response rate"), N_("answers given / customers reached in callbacks"), "more", ">="
    ),
    "rework": Definition(
        N_("Rework"),
        N_(
            "finished jobs that came back for the same unit and fault in the window / finished jobs"
        ),
        "less",
        "<",
    ),
    "reply": Definition(
        N_("Reply within 24 h"),
        N_("answered within 24 hours, round the clock / requests and complaints"),
        "more",
        ">=",
    ),
    "first-call": Definition(
        N_("First call"), N_("called within the policy's time / repair requests"), "more", ">="
    ),
    "first-contact": Definition(
        N_("First contact"),
        N_(
            "time from the dispatch to the first contact with the customer, median; 0 where the "
            "customer had been reached before it"
        ),
        "less",
        "<=",
    ),
    "completion": Definition(
        N_("Completed in time"), N_("finished by the due time / finished or overdue"), "more", ">="
    ),
    "complaint-rate": Definition(
        N_("Complaint rate"), N_("complaints / services carried out"), "less", "<"
    ),
    "slip": Definition(
        N_("Slips handed in"), N_("slips handed in in time / slips due"), "more", ">="
    ),
    "callback": Definition(
        N_("Callbacks"), N_("callbacks made in time / callbacks due"), "more", ">="
    ),
    "arrival": Definition(N_("Arrival"), N_("time from request to arrival, median"), "less", "<="),
    "inspection": Definition(
        N_("Inspection coverage"), N_("units inspected this year / units due"), "more", ">="
    ),
}


class Target(NamedTuple):
    """What is asked for: a ratio, or seconds over 1 for a duration; ``sign`` is how to compare."""

    sign: Sign
    numerator: int
    denominator: int = 100


class Figure(NamedTuple):
    """A measured value: a ratio, or ``value`` seconds as the median of ``denominator`` cases."""

    numerator: int = 0
    denominator: int = 0
    value: int | None = None


class Measure(NamedTuple):
    """One measure of the week.

    ``name_key`` is a key of ``DEFINITIONS``, or another with its own ``title`` and ``note`` (both
    already in the reader's language). A ratio is ``numerator`` / ``denominator``; a duration is
    ``value`` seconds (a median) of ``denominator`` cases. ``median`` and ``ninetieth`` are seconds
    shown beside a ratio; ``previous`` is the week before; no ``target``: no limit configured.
    """

    name_key: str
    numerator: int = 0
    denominator: int = 0
    value: int | None = None
    unit: Unit = "ratio"
    target: Target | None = None
    previous: Figure | None = None
    median: int | None = None
    ninetieth: int | None = None
    title: str = ""
    note: str = ""


class MeasureLine(NamedTuple):
    """A measure in words, ready for a table; ``exact`` and ``aim`` are what a chart needs."""

    key: str
    title: str
    value: str
    counts: str
    spread: str
    target: str
    verdict: Verdict
    previous: str
    change: str
    trend: Trend
    definition: str
    exact: tuple[int, int] | None
    aim: tuple[int, int] | None


def target_of(name_key: str, percent: int) -> Target:
    """The target of a known measure as the policy gives it, in whole per cent."""
    return Target(DEFINITIONS[name_key].sign, percent)


def counted(figure: Measure | Figure, unit: Unit) -> tuple[int, int] | None:
    """The figure as numerator over denominator, seconds over 1; None where nothing was counted."""
    if unit == "duration":
        return None if figure.value is None else (figure.value, 1)
    return (figure.numerator, figure.denominator) if figure.denominator > 0 else None


def verdict_of(measure: Measure) -> Verdict:
    """Whether the target is met, compared exactly: 84.96 % is not 85 %."""
    exact = counted(measure, measure.unit)
    if exact is None:
        return "no-data"
    if measure.target is None:
        return "no-target"
    sign, aim, of = measure.target
    left, right = exact[0] * of, aim * exact[1]
    kept = left >= right if sign == ">=" else left <= right if sign == "<=" else left < right
    return "met" if kept else "missed"


def measure_line(measure: Measure) -> MeasureLine:
    """``measure`` in the words of the language in force."""
    from svcctl.views.language import _

    known = DEFINITIONS.get(measure.name_key)
    exact = counted(measure, measure.unit)
    before = counted(measure.previous, measure.unit) if measure.previous else None
    return MeasureLine(
        key=measure.name_key,
        title=measure.title or (_(known.title) if known else measure.name_key),
        value=_shown(exact, measure.unit),
        counts=_count(measure),
        spread=_spread(measure),
        target=_target_text(measure),
        verdict=verdict_of(measure),
        previous=_shown(before, measure.unit) if measure.previous else "",
        change=_change(exact, before, measure.unit),
        trend=_trend(exact, before, known.better if known else ""),
        definition=measure.note or (_(known.text) if known else ""),
        exact=exact if measure.unit == "ratio" else None,
        aim=measure.target[1:] if measure.target and measure.unit == "ratio" else None,
    )


def _shown(exact: tuple[int, int] | None, unit: Unit) -> str:
    from svcctl.views.figures import duration_text, percent_text

    if exact is None:
        return percent_text(0, 0)
    return duration_text(exact[0]) if unit == "duration" else percent_text(*exact)


def _count(measure: Measure) -> str:
    from svcctl.views.language import _

    if measure.unit == "ratio":
        return f"{measure.numerator} / {measure.denominator}"
    return _("{n} cases").format(n=measure.denominator)


def _spread(measure: Measure) -> str:
    from svcctl.views.figures import duration_text
    from svcctl.views.language import _

    parts = []
    if measure.median is not None:
        parts.append(_("median {time}").format(time=duration_text(measure.median)))
    if measure.ninetieth is not None:
        parts.append(_("90 % within {time}").format(time=duration_text(measure.ninetieth)))
    return " · ".join(parts)


def _target_text(measure: Measure) -> str:
    from svcctl.views.figures import duration_text
    from svcctl.views.language import _

    if measure.target is None:
        return "–"
    sign, aim, of = measure.target
    mark = {">=": "≥", "<=": "≤", "<": "<"}[sign]
    if measure.unit == "duration":
        return f"{mark} {duration_text(aim)}"
    tenths = 1000 * aim // of
    number = f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
    return f"{mark} " + _("{n} %").format(n=number)


def _change(now: tuple[int, int] | None, before: tuple[int, int] | None, unit: Unit) -> str:
    from svcctl.views.figures import duration_text, points_text

    if now is None or before is None:
        return ""
    if unit == "duration":
        moved = now[0] - before[0]
        return ("+" if moved > 0 else "") + duration_text(moved)
    return points_text(_tenths(now) - _tenths(before))


def _tenths(ratio: tuple[int, int]) -> int:
    return (2000 * ratio[0] + ratio[1]) // (2 * ratio[1])


def _trend(
    now: tuple[int, int] | None, before: tuple[int, int] | None, better: Literal["more", "less", ""]
) -> Trend:
    if now is None or before is None:
        return ""
    left, right = now[0] * before[1], before[0] * now[1]
    if left == right:
        return "same"
    if not better:
        return "moved"
    return "better" if (left > right) == (better == "more") else "worse"
