"""How two policies differ: what they say is compared, not how it is written."""

from __future__ import annotations

from svcctl.domain.policy_changes import Change, changes
from svcctl.domain.policy_text import Fields, Text

REPLY: dict[str, Text] = {
    "starts": "opened",
    "within": "24h",
    "met-by": ["replied", "contacted(result=reached)"],
}


def test_a_policy_does_not_differ_from_itself() -> None:
    assert changes({"obligations": {"reply": dict(REPLY)}}, {"obligations": {"reply": REPLY}}) == []


def test_order_blanks_defaults_and_lists_of_one_say_nothing() -> None:
    old: Fields = {"may": {"close": ["manager", "clerk"]}, "obligations": {"reply": dict(REPLY)}}
    reply: Text = {
        "met-by": ["contacted(result=reached)", "replied"],
        "within": "24h",
        "starts": ["opened"],
        "clock": "wall",
        "severity": "error",
    }
    new: Fields = {
        "format": "1",
        "currency": "CNY",
        "company": "",
        "may": {"close": ["clerk", " manager "]},
        "obligations": {"reply": reply},
    }
    assert changes(old, new) == []


def test_a_changed_word_is_named_with_both_values() -> None:
    new = {**REPLY, "within": "12h", "clock": "work"}
    found = changes({"obligations": {"reply": dict(REPLY)}}, {"obligations": {"reply": new}})
    assert found == [
        Change("obligations", "reply", "clock", "wall", "work"),
        Change("obligations", "reply", "within", "24h", "12h"),
    ]
    assert [(one.key, one.how) for one in found] == [
        ("obligations.reply.clock", "changed"),
        ("obligations.reply.within", "changed"),
    ]


def test_an_obligation_that_comes_or_goes_is_one_difference() -> None:
    without: Fields = {"obligations": {}}
    (came,) = changes(without, {"obligations": {"reply": dict(REPLY)}})
    assert (came.key, came.how, came.old) == ("obligations.reply", "added", None)
    assert came.new == (
        "starts: opened",
        "within: 24h",
        "met-by: contacted(result=reached) replied",
    )
    (went,) = changes({"obligations": {"reply": dict(REPLY)}}, without)
    assert (went.how, went.old, went.new) == ("removed", came.new, None)


def test_there_and_back_is_the_same_with_sides_exchanged() -> None:
    old: Fields = {"rework": "30d", "targets": {"reply": "100%"}, "may": {"close": ["clerk"]}}
    new: Fields = {"targets": {"reply": "90%", "slip": "80%"}, "close-needs": ["nothing-owed"]}
    back = {change._replace(old=change.new, new=change.old) for change in changes(new, old)}
    assert back == set(changes(old, new))
    assert len(back) == 5


def test_a_day_that_a_calendar_closes_is_not_a_day_it_leaves_out() -> None:
    found = changes({"days": {}}, {"days": {"2026-10-01": []}}, calendar=True)
    assert found == [Change("days", "2026-10-01", "", None, ())]
    assert changes({"holidays": "none"}, {"timezone": "Asia/Shanghai"}, calendar=True) == []
