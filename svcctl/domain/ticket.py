"""The declaration of tickets: head, events, table of states. Data only; the engine is elsewhere.

Source: SERVICE-RULES "The life of a request" (documents 000 to 004). A new thing that can happen
to a ticket is a new ``EventKind`` here, and its place in the table.
"""

from __future__ import annotations

from svcctl.domain.cases import AMENDED, REASON, VOIDED, CaseKind, EventKind
from svcctl.domain.money import parts
from svcctl.domain.schema import Field

KINDS = ("repair", "install", "inspection", "complaint", "inquiry", "support")
CHANNELS = ("phone", "mail", "online", "letter", "visit", "other")
PRIORITIES = ("urgent", "normal")
CONTACT_RESULTS = ("reached", "unreached", "refused")
COVERS = ("free", "paid", "declined")
FINISH_RESULTS = (
    "fixed",
    "by-phone",
    "no-fault",
    "no-access",
    "refused",
    "not-fixed",
    "parts-needed",
    "workshop",
)
OPINIONS = ("satisfied", "basically-satisfied", "dissatisfied")
DONE = "fixed|no-fault|by-phone|refused"
AGAIN = "no-access|not-fixed|parts-needed|workshop"

HEAD = (
    Field("id", "ticket", required=True),
    Field("kind", "word", KINDS, required=True),
    Field("opened", "instant", required=True),
    Field("channel", "word", CHANNELS, required=True),
    Field("customer", "customer", required=True),
    Field("unit", "unit"),
    Field("model", "line"),
    Field("bought", "date"),
    Field("priority", "word", PRIORITIES, required=True),
    Field("subject", "line", required=True),
    Field("details", "text"),
    Field("wanted", "date", ahead=True),
    Field("promised", "moment", ahead=True),
    Field("marks", "line"),
    Field("region", "line"),
    Field("category", "line"),
    Field("about", "ticket"),
    Field("foreign", "line"),
    Field("alias", "ticket"),
)

WORDS = Field("words", "text")
ANSWER_BY = Field("answer-by", "moment", ahead=True)
"""Until when more will be said: an answer was put off."""
WAITED_FOR = ("customer", "parts")
STATE = {"state": ""}
FROM = Field("from", "line")
"""The system an imported line comes from. Such a line may leave out the steps before it."""

EVENTS = (
    EventKind("opened"),
    EventKind(
        "imported",
        Field("supplied", "line", required=True),
        Field("status", "line"),
        sets=STATE,
    ),
    EventKind(
        "contacted", Field("result", "word", CONTACT_RESULTS, required=True), ANSWER_BY, WORDS
    ),
    EventKind("replied", ANSWER_BY, WORDS),
    EventKind("told", WORDS),
    EventKind("noted", Field("words", "text", required=True)),
    EventKind(
        "attached",
        Field("name", "line", required=True),
        Field("sha256", "digest", required=True),
        Field("size", "count", required=True),
        Field("type", "line", required=True),
        WORDS,
    ),
    EventKind(
        "reviewed",
        Field("cover", "word", COVERS, required=True),
        Field("reason", "text"),
        sets={"state": "", "cover": "cover"},
    ),
    EventKind("quoted", Field("amount", "money", required=True), WORDS, sets={"quote": "amount"}),
    EventKind("accepted", Field("amount", "money"), Field("proof", "line"), WORDS, sets=STATE),
    EventKind("invoiced", Field("number", "line", required=True), Field("amount", "money")),
    EventKind("paid", Field("amount", "money", required=True), Field("part", "flag"), WORDS),
    EventKind(
        "dispatched",
        Field("to", "staff", required=True),
        Field("visit", "instant", required=True, ahead=True),
        Field("emergency", "text"),
        FROM,
        sets={"state": "", "engineer": "to", "visit": "visit"},
    ),
    EventKind(
        "reassigned",
        Field("to", "staff", required=True),
        Field("visit", "instant", ahead=True),
        Field("approved", "staff", required=True),
        REASON,
        sets={"state": "", "engineer": "to", "visit": "visit"},
        scoped=True,
    ),
    EventKind("arrived", WORDS, FROM, sets=STATE, scoped=True),
    EventKind(
        "finished",
        Field("result", "word", FINISH_RESULTS, required=True),
        Field("fault", "text"),
        Field("action", "text"),
        Field("fee", "money"),
        WORDS,
        FROM,
        sets=STATE,
        scoped=True,
    ),
    EventKind("damaged", Field("words", "text", required=True), Field("amount", "money")),
    EventKind(
        "slip-returned",
        Field("signed", "flag", required=True),
        Field("unsigned", "text"),
        Field("opinion", "word", OPINIONS),
        Field("third-copy", "word", ("left", "refused"), required=True),
        WORDS,
        scoped=True,
    ),
    EventKind("slip-explained", REASON, Field("promised", "moment", ahead=True), scoped=True),
    EventKind(
        "called-back",
        Field("result", "word", CONTACT_RESULTS, required=True),
        Field("working", "word", ("yes", "no")),
        Field("opinion", "word", OPINIONS),
        Field("quality", "score"),
        Field("attitude", "score"),
        Field("speed", "score"),
        WORDS,
        sets=STATE,
    ),
    EventKind(
        "investigated",
        Field("cause", "text", required=True),
        Field("liability", "word", ("ours", "not-ours")),
        Field("severity", "word", ("minor", "major", "critical")),
        Field("wants", "text"),
    ),
    EventKind("solution-known", WORDS),
    EventKind("paused", Field("for", "word", WAITED_FOR, required=True), REASON),
    EventKind("resumed", Field("for", "word", WAITED_FOR), WORDS),
    EventKind("closed", WORDS, FROM, sets=STATE),
    EventKind("reopened", REASON, sets=STATE),
    EventKind("cancelled", REASON, sets=STATE),
    AMENDED,
    VOIDED,
    EventKind(
        "settled",
        Field("value", "line", required=True),
        Field("pick", "event", required=True),
        REASON,
    ),
)

_FINISH = {f"finished(result={DONE})": "finished", f"finished(result={AGAIN})": "waiting"}
_REVIEW = {
    "reviewed(cover=free)": "ready",
    "reviewed(cover=paid)": "quoting",
    "reviewed(cover=declined)": "declined",
}
_EARLY = {
    "dispatched(emergency)": "dispatched",
    "finished(result=by-phone)": "finished",
    "cancelled": "cancelled",
    "closed(kind=complaint|inquiry|support)": "closed",
}
# An import has no step that its map did not supply: its lines, and they alone, may skip steps.
_BROUGHT = "from, had-imported>0"
_CLOSED_ELSEWHERE = {
    f"closed({_BROUGHT})": "closed",
    "imported(status=closed)": "closed",
    "imported(status=cancelled)": "cancelled",
}
_ENDED_ELSEWHERE = {**_CLOSED_ELSEWHERE, "imported(status=finished)": "finished"}
_ELSEWHERE = {
    f"dispatched({_BROUGHT})": "dispatched",
    f"arrived({_BROUGHT})": "on-site",
    f"finished(result={DONE}, {_BROUGHT})": "finished",
    f"finished(result={AGAIN}, {_BROUGHT})": "waiting",
    **_ENDED_ELSEWHERE,
}
_CALLBACK = {"called-back(result=reached, working=no)": "waiting"}

TABLE: dict[str, dict[str, str]] = {
    "new": {
        **_REVIEW,
        **_EARLY,
        **_ELSEWHERE,
        "imported": "new",
    },
    "quoting": {**_REVIEW, **_EARLY, **_ELSEWHERE, "accepted": "ready"},
    "ready": {
        **_REVIEW,
        **_EARLY,
        **_ELSEWHERE,
        "accepted": "ready",
        "dispatched": "dispatched",
    },
    "dispatched": {
        "dispatched": "dispatched",
        "reassigned": "dispatched",
        "arrived": "on-site",
        **_FINISH,
        "reviewed(cover=free|paid)": "dispatched",
        "accepted": "dispatched",
        **_ENDED_ELSEWHERE,
        "cancelled": "cancelled",
    },
    "on-site": {
        "dispatched": "on-site",
        "reassigned": "on-site",
        "arrived": "on-site",
        **_FINISH,
        "reviewed(cover=free|paid)": "on-site",
        "accepted": "on-site",
        **_ENDED_ELSEWHERE,
        "cancelled": "cancelled",
    },
    "waiting": {
        "dispatched": "dispatched",
        "reassigned": "waiting",
        "arrived": "on-site",
        **_FINISH,
        **_CALLBACK,
        "reviewed(cover=free|paid)": "waiting",
        "accepted": "waiting",
        **_ENDED_ELSEWHERE,
        "cancelled": "cancelled",
    },
    "finished": {
        "dispatched": "dispatched",
        "arrived": "finished",
        **_FINISH,
        **_CALLBACK,
        "reviewed(cover=free|paid)": "finished",
        "accepted": "finished",
        "closed": "closed",
        "reopened": "waiting",
        **_CLOSED_ELSEWHERE,
        "cancelled": "cancelled",
    },
    "closed": {**_CALLBACK, "reopened": "waiting"},
    "declined": {**_REVIEW, "reopened": "new"},
    "cancelled": {"reopened": "new"},
}

ANYWHERE = (
    "contacted",
    "replied",
    "told",
    "noted",
    "attached",
    "quoted",
    "invoiced",
    "paid",
    "damaged",
    "slip-returned(visits>0)",
    "slip-explained(visits>0)",
    "called-back(had-finished>0)",
    "investigated",
    "solution-known",
    "paused",
    "resumed",
    "amended",
    "voided",
    "settled",
)

TICKET = CaseKind(
    "ticket",
    head=HEAD,
    events=EVENTS,
    table=TABLE,
    anywhere=ANYWHERE,
    ended=frozenset({"closed", "declined", "cancelled"}),
    visit_starts=("dispatched",),
    cycle_starts=("called-back(result=reached, working=no)", "reopened"),
    marks={
        "declined": ("reviewed(cover=declined)",),
        "no-visit": ("finished(result=by-phone, visits=0)", "closed(visits=0)"),
    },
    amendable=frozenset(
        {
            "kind",
            "channel",
            "customer",
            "unit",
            "model",
            "bought",
            "priority",
            "subject",
            "details",
            "wanted",
            "promised",
            "marks",
            "region",
            "category",
            "about",
        }
    ),
    changing=frozenset({"priority"}),
    reckoned={"paid": parts},
)
