"""``svcctl audit``: what is asked for is found, all of it, and the exit code says how bad it is."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from svcctl.domain.checks.examples.sound import (
    ARRIVED,
    AS_OF,
    BEGUN,
    CALLED,
    CARDS,
    CUSTOMER,
    DONE,
    OPENED,
    POLICY,
    RETURNED,
    STORY,
    TICKET,
    TICKET_ID,
    UNIT,
    ticket,
    told,
    written,
)
from svcctl.ledger import commit, git
from svcctl.ledger.folder import Ledger

Run = Callable[..., Any]
LATER_ID, COMPLAINT_ID = "SHA-261118-012", "SHA-261117-01A"
LATER, COMPLAINT = (f"records/tickets/2026/11/{name}.yaml" for name in (LATER_ID, COMPLAINT_ID))


@pytest.fixture
def in_git(ledger: Path) -> Path:
    """The same, committed; what is looked up again is told apart by time, so nothing is young."""
    git.init(ledger)
    store(ledger)
    return ledger


def store(root: Path) -> None:
    """Commit every record there is."""
    gitdir = Ledger(root).git
    assert gitdir is not None
    from datetime import datetime

    paths = [str(p.relative_to(root)) for p in sorted(root.rglob("records/**/*")) if p.is_file()]
    author = commit.Identity("test", "test@desk.invalid")
    commit.commit(gitdir, tuple(paths), "test", author, author, datetime.fromisoformat(AS_OF))


def codes(ran: Any) -> list[str]:
    return [item["code"] for item in json.loads(ran.out)["items"]]


def audit(svcctl: Run, root: Path, *words: str, now: str = AS_OF) -> list[str]:
    ran = svcctl("audit", "-o", "json", *words, cwd=root, now=now)
    assert ran.err == ""
    return codes(ran)


# Exit codes ---------------------------------------------------------------------------------------


def test_warnings_alone_end_well_unless_strict(ledger: Path, svcctl: Run) -> None:
    (ledger / TICKET).write_bytes(ticket(*DONE, {**RETURNED, "third-copy": "refused"}, CALLED))
    assert svcctl("audit", cwd=ledger, now=AS_OF).code == 0
    assert svcctl("audit", "--strict", cwd=ledger, now=AS_OF).code == 1


def test_an_error_ends_with_one_in_every_form(ledger: Path, svcctl: Run) -> None:
    (ledger / TICKET).write_bytes(ticket(*BEGUN))
    for form in ("table", "json", "csv", "ids"):
        assert svcctl("audit", "-o", form, cwd=ledger, now=AS_OF).code == 1


# What is asked for --------------------------------------------------------------------------------


def test_only_takes_codes_and_families_with_commas_or_repeated(ledger: Path, svcctl: Run) -> None:
    (ledger / TICKET).write_bytes(ticket(*DONE, {**RETURNED, "third-copy": "refused"}))
    (ledger / UNIT).unlink()
    assert audit(svcctl, ledger) == ["E305", "E404", "E405", "E409"]
    assert audit(svcctl, ledger, "--only", "E4") == ["E404", "E405", "E409"]
    assert audit(svcctl, ledger, "--only", "e409,E3") == ["E305", "E409"]
    assert audit(svcctl, ledger, "--only", "E404", "--only", "E1") == ["E404"]


def test_a_word_that_begins_no_code_is_refused(ledger: Path, svcctl: Run) -> None:
    ran = svcctl("audit", "--only", "E6", cwd=ledger, now=AS_OF)
    assert ran.code == 2
    assert "E6 is no code of a finding" in ran.err


def test_since_leaves_out_tickets_with_nothing_new_but_no_other_file(
    ledger: Path, svcctl: Run
) -> None:
    (ledger / TICKET).write_bytes(ticket(OPENED, kind="inquiry"))
    (ledger / LATER).write_bytes(
        ticket(
            told("18T09:00", "desk1", "opened"),
            id=LATER_ID,
            kind="inquiry",
            opened=written("18T09:00"),
        )
    )
    (ledger / CUSTOMER).write_bytes(b"\xff\n")
    assert audit(svcctl, ledger) == ["E101", "E401", "E401"]
    assert audit(svcctl, ledger, "--since", "2026-11-17") == ["E101", "E401"]
    assert audit(svcctl, ledger, "--since", "2026-11-19") == ["E101"]
    (ledger / TICKET).write_bytes(
        ticket(OPENED, told("19T10:00", "desk1", "noted", words="客户来电"), kind="inquiry")
    )
    assert audit(svcctl, ledger, "--since", "2026-11-19") == ["E101", "E401"]


def test_as_of_a_moment_in_the_past_only_what_had_happened_by_then_counts(
    ledger: Path, svcctl: Run
) -> None:
    late = {
        **CALLED,
        "at": written("19T09:30"),
        "noted": written("19T09:30"),
        "opinion": "dissatisfied",
    }
    (ledger / TICKET).write_bytes(ticket(*DONE, RETURNED, late))
    assert audit(svcctl, ledger) == ["E404", "E412"]
    assert audit(svcctl, ledger, "--as-of", "2026-11-18T17:30:00+08:00") == []
    ran = svcctl("audit", "--as-of", "2026-11-18T17:31", cwd=ledger, now=AS_OF)
    assert (ran.code, "still open" in ran.out) == (1, True)
    assert audit(svcctl, ledger, "--as-of", "2026-11-16T08:00:00+08:00") == []
    assert (
        json.loads(
            svcctl("audit", "-o", "json", "--as-of", "2026-11-18T17:30", cwd=ledger, now=AS_OF).out
        )["as_of"]
        == "2026-11-18T17:30:00+08:00"
    )


def test_as_of_the_past_reports_a_ticket_as_it_was(ledger: Path, svcctl: Run) -> None:
    closed = told("20T11:00", "desk1", "closed", over="3SHA")
    angry = told("17T10:00", "desk1", "called-back", result="reached", opinion="dissatisfied")
    by_phone = told("16T09:05", "eng1", "finished", result="by-phone", over="2SHA")
    (ledger / TICKET).write_bytes(ticket(*STORY[:2], by_phone, angry, closed))
    assert audit(svcctl, ledger, "--as-of", "2026-11-17T12:00") == ["E412"]
    (ledger / COMPLAINT).write_bytes(
        ticket(
            told("17T11:00", "desk1", "opened"),
            id=COMPLAINT_ID,
            kind="complaint",
            about=TICKET_ID,
            opened=written("17T11:00"),
        )
    )
    assert audit(svcctl, ledger, "--as-of", "2026-11-17T12:00") == []
    assert audit(svcctl, ledger, "--as-of", "2026-11-17T10:30") == ["E412"]


def test_a_time_that_cannot_be_read_is_refused(in_git: Path, svcctl: Run) -> None:
    assert svcctl("audit", "--as-of", "someday", cwd=in_git, now=AS_OF).code == 2
    assert svcctl("audit", "--since", "someday", cwd=in_git, now=AS_OF).code == 2


# What hides nothing -------------------------------------------------------------------------------


def test_with_a_broken_policy_every_other_file_is_still_audited(ledger: Path, svcctl: Run) -> None:
    (ledger / POLICY).write_text("back-dating: soon\n", "utf-8")
    (ledger / CUSTOMER).write_bytes(b"\xff\n")
    (ledger / UNIT).unlink()
    (ledger / UNIT).symlink_to("nowhere")
    (ledger / TICKET).write_bytes(ticket(*STORY).replace(b"priority: normal", b"priority: soon"))
    (ledger / "records/notes.txt").write_text("x", "utf-8")
    assert audit(svcctl, ledger) == ["E101", "E310", "E221", "E203", "E116"]
    ran = svcctl("audit", cwd=ledger, now=AS_OF)
    assert ran.code == 1
    assert ran.out.endswith("· the rules cannot be read, so deadlines were not checked\n")
    assert json.loads(svcctl("audit", "-o", "json", cwd=ledger, now=AS_OF).out)["as_of"] is None


def test_every_broken_rule_file_is_reported_not_only_the_first(ledger: Path, svcctl: Run) -> None:
    (ledger / POLICY).write_bytes(b"\xff\n")
    (ledger / "records/policy/2026-06-01.yaml").write_text("rework: soon\ncalendar: CN\n", "utf-8")
    (ledger / "records/policy/someday.yaml").write_text("calendar: CN\n", "utf-8")
    (ledger / "records/calendar/CN.yaml").write_text("week: 3\n", "utf-8")
    (ledger / "records/calendar/BJ.yaml").write_bytes(b"a: 1\na: 2\n")
    (ledger / "records/calendar/XX.yaml").symlink_to("nowhere")
    (ledger / "records/policy/2026-07-01.yaml").symlink_to("nowhere")
    assert audit(svcctl, ledger) == ["E107", "E230", "E116", "E101", "E221", "E116", "E221"]


def test_warnings_about_the_bytes_of_a_policy_are_reported(ledger: Path, svcctl: Run) -> None:
    text = (ledger / POLICY).read_bytes()
    (ledger / POLICY).write_bytes(text.replace(b"\n", b"\r\n"))
    assert audit(svcctl, ledger) == ["E103"]


def test_a_card_that_cannot_be_read_is_not_reported_as_missing_too(
    ledger: Path, svcctl: Run
) -> None:
    (ledger / CUSTOMER).write_bytes(b"\xff\n")
    assert audit(svcctl, ledger) == ["E101"]


def test_every_kind_of_reference_to_nothing_is_found(ledger: Path, svcctl: Run) -> None:
    for path in (CUSTOMER, UNIT, "records/staff/eng1.yaml"):
        (ledger / path).unlink()
    (ledger / TICKET).write_bytes(ticket(*STORY, about="SHA-261101-01Z"))
    ran = svcctl("audit", "-o", "json", cwd=ledger, now=AS_OF)
    found = {(item["args"]["key"], item["args"]["value"]) for item in json.loads(ran.out)["items"]}
    assert found == {
        ("customer", "SHA-C0001Z"),
        ("unit", "SN00012345"),
        ("by", "eng1"),
        ("about", "SHA-261101-01Z"),
    }


def test_a_unit_of_an_unknown_customer_is_found(ledger: Path, svcctl: Run) -> None:
    text = CARDS[UNIT].replace("SHA-C0001Z", "SHA-C0002X").replace("SN00012345", "SN00012346")
    (ledger / "records/units/SN00012346.yaml").write_text(text, "utf-8")
    assert audit(svcctl, ledger) == ["E305"]


# What git is told not to look at -------------------------------------------------------------------


def test_records_ignored_by_git_are_reported_and_other_ignored_files_are_not(
    in_git: Path, svcctl: Run
) -> None:
    (in_git / ".gitignore").write_text("SN*.yaml\n*.bak\n", "utf-8")
    (in_git / "records/units/SN00012346.yaml").write_text(
        CARDS[UNIT].replace("SN00012345", "SN00012346"), "utf-8"
    )
    git.run(in_git, ["update-index", "--skip-worktree", CUSTOMER])
    ran = svcctl("audit", "-o", "json", cwd=in_git, now=AS_OF)
    found = {(item["path"], item["args"]["how"]) for item in json.loads(ran.out)["items"]}
    assert found == {
        ("records/units/SN00012346.yaml", "ignored"),
        (CUSTOMER, "skip-worktree"),
    }


def test_where_git_refuses_the_audit_says_what_it_could_not_look_up(
    in_git: Path, svcctl: Run
) -> None:
    (in_git / ".git/index").write_bytes(b"no index at all")
    ran = svcctl("audit", cwd=in_git, now=AS_OF)
    assert ran.code == 0
    assert "what git was told to ignore could not be looked up" in ran.err


# The same again -----------------------------------------------------------------------------------


def same(svcctl: Run, root: Path, *words: Sequence[str], now: str = AS_OF) -> str:
    """What the audit prints; twice the same, and the same as from nothing."""
    first = svcctl("audit", *words, cwd=root, now=now)
    again = svcctl("audit", *words, cwd=root, now=now)
    shutil.rmtree(root / ".git/svcctl")
    fresh = svcctl("audit", *words, cwd=root, now=now)
    assert first == again == fresh
    return str(first.out)


def test_an_unchanged_ledger_gives_the_same_answer_again(in_git: Path, svcctl: Run) -> None:
    assert same(svcctl, in_git).startswith("0 errors")
    (in_git / TICKET).write_bytes(ticket(*BEGUN))
    assert "E403" in same(svcctl, in_git)
    store(in_git)
    assert "E403" in same(svcctl, in_git)


def test_what_falls_due_meanwhile_is_reported_though_no_file_changed(
    in_git: Path, svcctl: Run
) -> None:
    (in_git / TICKET).write_bytes(ticket(*BEGUN))
    store(in_git)
    for now, expected in (
        ("2026-11-18T17:30:00+08:00", "0 errors"),
        ("2026-11-18T17:30:01+08:00", "1 error"),
        ("2026-11-18T17:30:00+08:00", "0 errors"),
    ):
        assert svcctl("audit", cwd=in_git, now=now).out.split("\n")[-2].startswith(expected)


def test_what_is_hidden_from_git_meanwhile_is_reported(in_git: Path, svcctl: Run) -> None:
    assert "E309" not in svcctl("audit", cwd=in_git, now=AS_OF).out
    git.run(in_git, ["update-index", "--assume-unchanged", UNIT])
    assert "E309" in svcctl("audit", cwd=in_git, now=AS_OF).out


def test_an_answer_kept_in_one_language_is_not_given_in_another(in_git: Path, svcctl: Run) -> None:
    (in_git / TICKET).write_bytes(ticket(*BEGUN))
    english = svcctl("audit", cwd=in_git, now=AS_OF)
    chinese = svcctl("audit", cwd=in_git, now=AS_OF, lang="zh_CN")
    assert english.out != chinese.out
    assert svcctl("audit", cwd=in_git, now=AS_OF).out == english.out


@pytest.mark.parametrize("damage", [b"", b"\n", b"00000000 x\nall is well\n", b"\xff" * 99])
def test_a_damaged_answer_is_not_believed(damage: bytes, in_git: Path, svcctl: Run) -> None:
    (in_git / TICKET).write_bytes(ticket(*BEGUN))
    store(in_git)
    before = svcctl("audit", cwd=in_git, now=AS_OF)
    kept = in_git / ".git/svcctl/audit.kept"
    text = kept.read_bytes()
    for spoilt in (damage, text[:-1] + b"!", text.replace(b"E403", b"E404")):
        kept.write_bytes(spoilt)
        assert svcctl("audit", cwd=in_git, now=AS_OF) == before


def test_where_nothing_can_be_kept_the_answer_is_the_same(in_git: Path, svcctl: Run) -> None:
    before = svcctl("audit", cwd=in_git, now=AS_OF)
    (in_git / ".git/svcctl/audit.kept").unlink()
    (in_git / ".git/svcctl/audit.kept").mkdir()
    assert svcctl("audit", cwd=in_git, now=AS_OF) == before


# Forms --------------------------------------------------------------------------------------------


def test_machine_output_has_every_place_and_severity(ledger: Path, svcctl: Run) -> None:
    (ledger / TICKET).write_bytes(ticket(*BEGUN, ARRIVED))
    answer = json.loads(svcctl("audit", "-o", "json", cwd=ledger, now=AS_OF, lang="zh_CN").out)
    assert (answer["kind"], answer["as_of"], answer["problems"]) == ("finding", AS_OF, [])
    (item,) = answer["items"]
    assert {key: item[key] for key in ("id", "code", "severity", "path", "line", "column")} == {
        "id": TICKET_ID,
        "code": "E403",
        "severity": "error",
        "path": TICKET,
        "line": 11,
        "column": 1,
    }
    assert item["message"] == "slip: due 2026-11-18T17:30:00+08:00, still open"
    rows = list(
        csv.DictReader(io.StringIO(svcctl("audit", "-o", "csv", cwd=ledger, now=AS_OF).out))
    )
    assert [(row["code"], row["severity"], row["subject"]) for row in rows] == [
        ("E403", "error", TICKET_ID)
    ]


def test_ids_names_each_record_once(ledger: Path, svcctl: Run) -> None:
    (ledger / TICKET).write_bytes(ticket(*DONE, {**RETURNED, "third-copy": "refused"}))
    (ledger / "records/notes.txt").write_text("x", "utf-8")
    ran = svcctl("audit", "-o", "ids", cwd=ledger, now=AS_OF)
    assert ran.out.split() == ["records/notes.txt", TICKET_ID]


def test_a_breach_is_told_in_the_users_words(ledger: Path, svcctl: Run) -> None:
    late = {**CALLED, "at": written("19T09:30"), "noted": written("19T09:30")}
    (ledger / TICKET).write_bytes(ticket(*DONE, RETURNED, late))
    ran = svcctl("audit", cwd=ledger, now=AS_OF)
    assert ran.code == 0
    title, first, excerpt, last, *_ = ran.out.split("\n")
    assert title.endswith(
        "(1): nothing can be mended here any more; it counts in the week's measures"
    )
    assert first == (
        f"{TICKET}:16:1: E404 callback the day after: due 2026-11-18 17:30, "
        "done 16h 00m late (warning)"
    )
    assert excerpt.startswith('    - {… "at": "2026-11-17T')
    assert last == ""


def test_what_is_over_has_one_remedy_for_all_and_what_is_open_stands_last_with_its_own(
    ledger: Path, svcctl: Run
) -> None:
    late = {**CALLED, "at": written("19T09:30"), "noted": written("19T09:30")}
    (ledger / TICKET).write_bytes(ticket(*DONE, RETURNED, late))
    (ledger / "records/notes.txt").write_text("x", "utf-8")
    out = svcctl("audit", cwd=ledger, now=AS_OF).out.split("\n")
    assert out[0].startswith("Late or never done, and over")
    assert "(1)" in out[0]
    assert out[4].startswith("To be seen to (1)")
    assert out[5].startswith("records/notes.txt: E")
    assert out[6].startswith("    Remedy: ")


def test_an_open_breach_shows_the_line_that_began_it_without_what_is_noise(
    ledger: Path, svcctl: Run
) -> None:
    (ledger / TICKET).write_bytes(ticket(*DONE))
    out = svcctl("audit", cwd=ledger, now=AS_OF).out
    assert '\n    - {… "at": "2026-11-16T09:00…", … "by": "' in out
    assert '"noted"' not in out
    assert "\n    ^" not in out


def test_many_findings_are_counted_by_code_and_as_many_as_are_listed(
    ledger: Path, svcctl: Run
) -> None:
    for number in range(7):
        (ledger / f"records/notes{number}.txt").write_text("x", "utf-8")
    out = svcctl("audit", cwd=ledger, now=AS_OF).out.split("\n")
    code = out[0].split(": ")[1].split(" ")[0]
    assert [line.split()[:2] for line in out if line.startswith(code)] == [[code, "7"]]
