"""What lies behind a figure of the weekly summary: the same number, and every thing in it by name.

The ledger is that of the weekly report's story; its week is 2026-W47, and each measure has something.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_weekly_report import Story, at

from svcctl.desk.desk import open_desk
from svcctl.domain.measures import NAMES
from svcctl.views.language import LANGUAGES, _, set_language
from svcctl.views.measures import DEFINITIONS
from svcctl.views.tables import display_width

Svcctl = Callable[..., Any]
NOW = "2026-11-24T12:00:00+08:00"
WEEK = ("--week", "2026-W47")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story, to be read; a test that writes takes ``copied``."""
    return Story(tmp_path_factory.mktemp("story") / "ledger")


@pytest.fixture
def copied(story: Story, tmp_path: Path) -> Story:
    found = story.copied_to(tmp_path / "ledger")
    open_desk(str(found.root), found.clock)
    return found


class Asking:
    """Commands about one ledger."""

    def __init__(self, svcctl: Svcctl, root: Path) -> None:
        self.svcctl, self.root = svcctl, root

    def text(self, *words: str, **how: str) -> str:
        ran = self.svcctl("--ledger", self.root, *words, **{"now": NOW, **how})
        assert ran.code == 0, ran.err
        return str(ran.out)

    def items(self, *words: str, **how: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.text(*words, "-o", "json", **how))["items"]
        return found

    def page(self, **how: str) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.items("report", "weekly", *WEEK, **how)}


@pytest.fixture
def ask(story: Story, svcctl: Svcctl) -> Asking:
    return Asking(svcctl, story.root)


def numbers(items: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The ids in the numerator and in the denominator."""
    above = sorted(one["id"] for one in items if one["counts"])
    return above, sorted(one["id"] for one in items if one["among"])


def test_every_measure_is_explained_with_the_number_that_the_page_has(ask: Asking) -> None:
    page = ask.page()
    assert set(page) == set(NAMES)
    for name, shown in page.items():
        assert shown["denominator"], f"nothing to count of {name}"
        items = ask.items("why", "--measure", name, *WEEK)
        above, below = numbers(items)
        assert above == shown["tickets"]["numerator"], name
        assert below == shown["tickets"]["denominator"], name
        assert len(below) == shown["denominator"], name
        head = ask.text("why", "--measure", name, *WEEK).splitlines()[0]
        if shown["numerator"] is None:
            assert f"{shown['denominator']} counted, median " in head, name
        else:
            assert len(above) == shown["numerator"], name
            assert head.endswith(f": {shown['numerator']} of {shown['denominator']}"), name


def test_a_complaint_among_no_services_has_its_own_row_in_the_numerator(
    ask: Asking, story: Story
) -> None:
    text = ask.text("why", "--measure", "complaint-rate", *WEEK)
    rows = {row[0]: row for row in (re.split(r"\s{2,}", line) for line in text.splitlines()[3:])}
    assert text.startswith("Complaint rate in 2026-W47: 1 of 2\n")
    assert rows[story.ids["complaint"]][-2:] == ["yes", "no"]
    assert rows[story.ids["again"]][-2:] == ["no", "yes"]
    assert "denominator" not in ask.text("why", "--measure", "slip", *WEEK)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_measure_is_called_as_on_the_page_and_may_be_asked_for_so(ask: Asking, lang: str) -> None:
    set_language(lang)
    titles = {name: _(DEFINITIONS[name].title) for name in NAMES}
    page = ask.text("report", "weekly", *WEEK, lang=lang)
    other = next(spoken for spoken in LANGUAGES if spoken != lang)
    for name, title in titles.items():
        assert f"| {title} " in page
        head = ask.text("why", "--measure", name, *WEEK, lang=lang).splitlines()[0]
        assert title in head
        assert head == ask.text("why", "--measure", title, *WEEK, lang=lang).splitlines()[0]
        typed = "".join(title.split())  # and as somebody who speaks the other language
        assert ask.items("why", "--measure", typed, *WEEK, lang=other)[0]["measure"] == name


def test_the_command_on_the_page_gives_its_number_after_a_later_entry_of_that_week(
    copied: Story, svcctl: Svcctl
) -> None:
    ask = Asking(svcctl, copied.root)
    page = ask.page()
    shown = ask.text("report", "weekly", *WEEK)
    printed = [shlex.split(one)[1:] for one in re.findall(r"`(svcctl [^`]+)`", shown)]
    ids, later = copied.ids, {"now": at("11-26", "10:00")}
    listed = {
        " ".join(command): ask.items(*command)
        for command in printed
        if command[0] not in ("report", "why")
    }
    copied.do(ids["asked"], at("11-25", "09:00"), "noted", by="desk1", words="-")
    copied.moment = at("11-26")
    for do, moment in (("replied", at("11-18", "12:00")), ("closed", at("11-18", "13:00"))):
        copied.do(ids["complaint"], moment, do, by="desk1")
    assert ask.page(**later)["reply"]["numerator"] == page["reply"]["numerator"] + 1
    (command,) = (one for one in printed if one[0] == "why")
    assert command[:3] == ["why", "--measure", "satisfaction"]
    for name, was in page.items():
        items = ask.items("why", "--measure", name, *command[3:], **later)
        assert numbers(items) == (was["tickets"]["numerator"], was["tickets"]["denominator"]), name
    (command,) = (one for one in printed if one[0] == "report")
    assert ask.items(*command[:-2], **later) == list(page.values())
    for words, items in listed.items():
        assert ask.items(*words.split(), **later) == items, words


def test_every_row_says_why_it_counts_or_not(ask: Asking, story: Story) -> None:
    def rows(name: str) -> dict[tuple[str, str], dict[str, Any]]:
        found = ask.items("why", "--measure", name, *WEEK)
        return {(one["id"], one["what"] or ""): one for one in found}

    ids = story.ids
    slip = rows("slip")[ids["inspected"], "slip"]
    assert (slip["name"], slip["due"], slip["done"]) == ("客户甲", at("11-22", "17:30:00"), None)
    calls = rows("callback")
    assert {what for ticket, what in calls if ticket == ids["again"]} == {
        "callback-next",
        "callback-slip",
    }
    assert all(one["done"] <= one["due"] for one in calls.values())
    assert {one["what"] for one in rows("satisfaction").values()} == {"dissatisfied", "5/4/4"}
    assert rows("rework")[ids["again"], ids["w48"]]["counts"] is True
    assert rows("complaint-rate")[ids["complaint"], "complaint"]["since"] == at("11-18", "10:00:00")
    completed = rows("completion")[ids["again"], ""]
    assert (completed["due"], completed["done"]) == (
        "2026-11-19T00:00:00+08:00",
        at("11-17", "16:00:00"),
    )
    arrival = rows("arrival")[ids["again"], ""]
    assert (arrival["since"], arrival["done"]) == (at("11-16"), at("11-17", "15:00:00"))
    assert {one["name"] for one in rows("inspection").values()} == {"客户甲"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_rows_fit_eighty_columns_and_two_of_one_ticket_differ(
    ask: Asking, story: Story, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("svcctl.views.output.is_terminal", lambda stream: True)
    for variable, value in (("COLUMNS", "80"), ("NO_COLOR", "1"), ("PAGER", "cat")):
        monkeypatch.setenv(variable, value)
    for name in NAMES:
        lines = ask.text("why", "--measure", name, *WEEK, lang=lang).splitlines()[1:]
        assert max(display_width(line) for line in lines) <= 80, name
        rows = [line for line in lines if story.ids["again"] in line]
        assert len(set(rows)) == len(rows), name
    call = ask.text("why", "--measure", "callback", *WEEK, lang=lang)
    assert "11-19" in call, "when it was due"
    assert "11-18 10:00" in call, "when it was done"


def test_the_counts_of_the_page_are_explained_by_name_and_title(
    copied: Story, svcctl: Svcctl
) -> None:
    ask = Asking(svcctl, copied.root)
    copied.do(copied.ids["asked"], at("11-20", "10:00"), "cancelled", by="desk1", reason="-")
    copied.do(copied.ids["w46"], at("11-20", "11:00"), "closed", by="desk1")
    page = ask.text("report", "weekly", *WEEK, lang="zh_CN")
    for name, title in (
        ("opened", "受理"),
        ("finished", "完工"),
        ("closed", "关闭"),
        ("open", "期末未结"),
    ):
        shown = re.search(rf"^- {title}: \*\*(\d+)\*\*", page, re.MULTILINE)
        items = ask.items("why", "--measure", title, *WEEK)
        assert shown is not None
        assert items, name
        assert len(items) == int(shown[1]), name
        assert {one["measure"] for one in items} == {name}
        assert ask.text("why", "--measure", name, *WEEK, lang="zh_CN").startswith(
            f"2026-W47 {title}：计 {shown[1]} 例"
        )
    still = {one["id"] for one in ask.items("why", "--measure", "open", *WEEK)}
    assert copied.ids["forgotten"] in still, "nothing happened to it for weeks"
    assert not still & {copied.ids["w46"], copied.ids["asked"]}
    received = ask.items("why", "--measure", "received", *WEEK)
    assert received == ask.items("why", "--measure", "opened", *WEEK)


def test_what_was_cancelled_is_said_beside_what_was_closed(copied: Story, svcctl: Svcctl) -> None:
    ask = Asking(svcctl, copied.root)
    copied.do(copied.ids["w46"], at("11-20", "11:00"), "closed", by="desk1")
    assert "of these" not in ask.text("report", "weekly", *WEEK)
    copied.do(copied.ids["asked"], at("11-20", "10:00"), "cancelled", by="desk1", reason="-")
    assert "- Closed: **2** (before: 0), of these cancelled 1\n" in ask.text(
        "report", "weekly", *WEEK
    )
    page = ask.text("report", "weekly", *WEEK, "--format", "html")
    assert "of these cancelled 1" in page
    closed = {one["id"]: one["what"] for one in ask.items("why", "--measure", "closed", *WEEK)}
    assert closed == {copied.ids["w46"]: "closed", copied.ids["asked"]: "cancelled"}
