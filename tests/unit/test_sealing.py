"""A month in which nothing is owed any more is sealed; what comes later is reported, never lost."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import made_ledgers as made
import pytest

SEAL = "records/seals/2026-11.yaml"
LATER = "2026-12-20T10:00:00+08:00"
FOLDER = "records/tickets/2026/11"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger in which everything has ended and nothing is owed."""
    root = tmp_path / "ledger"
    made.copy(root)
    for ticket in (made.TICKET, made.OTHER):
        made.sure(root, "ticket", "cancel", ticket, "--reason", "客户要求")
    return root


def call(root: Path, *words: str, now: str = LATER) -> made.Ran:
    return made.call(root, *words, now=now)


def audited(root: Path, *words: str) -> list[str]:
    ran = call(root, "audit", *(words or ("--only", "E5,E2")), "-o", "json")
    assert ran.out, ran
    return [item["code"] for item in json.loads(ran.out)["items"]]


def seal_card(root: Path) -> dict[str, str]:
    lines = (root / SEAL).read_text("utf-8").splitlines()
    return {key: text.strip('"') for key, _, text in (line.partition(": ") for line in lines)}


def test_a_seal_states_count_digest_and_gits_tree_and_the_files_stay(ledger: Path) -> None:
    before = made.git(ledger, "rev-parse", "HEAD").strip()
    ran = call(ledger, "seal", "2026-11")
    assert ran.code == 0, ran.err
    card = seal_card(ledger)
    assert (card["month"], card["tickets"], card["commit"]) == ("2026-11", "3", before)
    assert card["tree"] == made.git(ledger, "rev-parse", f"HEAD:{FOLDER}").strip()
    assert (ledger / FOLDER / f"{made.CLOSED}.yaml").is_file()
    assert made.git(ledger, "status", "--porcelain") == ""
    assert audited(ledger) == []


def test_a_month_is_not_sealed_before_it_is_over_or_while_anything_is_open(
    tmp_path: Path, ledger: Path
) -> None:
    early = call(ledger, "seal", "2026-11", now="2026-11-30T23:00:00+08:00")
    assert "[month-not-over]" in early.err
    assert "[no-tickets]" in call(ledger, "seal", "2026-10").err
    assert "[no-month]" in call(ledger, "seal", "November").err
    other = tmp_path / "other"
    made.copy(other)
    refused = call(other, "seal", "2026-11")
    assert refused.code == 3
    assert made.TICKET in refused.err
    assert not (other / SEAL).exists()


def test_a_month_is_not_sealed_while_something_in_it_is_not_committed(ledger: Path) -> None:
    path = ledger / FOLDER / f"{made.CLOSED}.yaml"
    path.write_bytes(path.read_bytes().replace(b"priority: normal", b"priority: normal  # x"))
    assert "[not-committed]" in call(ledger, "seal", "2026-11").err


def test_what_is_written_later_is_seen_at_once_reported_and_sealed_again_with_a_reason(
    ledger: Path,
) -> None:
    call(ledger, "seal", "2026-11")
    assert "[already-sealed]" in call(ledger, "seal", "2026-11").err
    ran = call(ledger, "ticket", "note", made.CLOSED, "客户来电致谢", "--no-commit")
    assert "is sealed" in ran.err
    assert "客户来电致谢" in call(ledger, "ticket", "show", made.CLOSED).out
    assert call(ledger, "find", "客户来电致谢", "-o", "ids").out.strip() == made.CLOSED
    made.commit_all(ledger)
    assert audited(ledger) == ["E510"]
    assert "[no-reason]" in call(ledger, "seal", "2026-11").err
    again = call(ledger, "seal", "2026-11", "--reason", "致谢电话", "-o", "json")
    assert json.loads(again.out)["items"][0]["id"] == "records/seals/2026-11.2.yaml"
    assert audited(ledger) == []
    assert not (ledger / ".git/svcctl/unsealed").read_text()


def test_daily_questions_leave_sealed_months_out_and_the_audit_does_not(ledger: Path) -> None:
    call(ledger, "seal", "2026-11")
    call(ledger, "today")
    path = ledger / FOLDER / f"{made.CLOSED}.yaml"
    path.write_bytes(path.read_bytes().replace("问保修期".encode(), "问天气".encode()))
    assert "问天气" not in call(ledger, "find", "问", "-o", "csv").out.split("\n")[1]
    assert "E503" in audited(ledger)


def test_a_commit_in_a_sealed_month_is_seen_by_daily_questions(ledger: Path) -> None:
    call(ledger, "seal", "2026-11")
    call(ledger, "today")
    path = ledger / FOLDER / f"{made.CLOSED}.yaml"
    path.write_bytes(path.read_bytes().replace("问保修期".encode(), "问天气".encode()))
    made.commit_all(ledger)
    assert "问天气" in call(ledger, "find", "问", "-o", "csv").out
    assert {"E503"} == set(audited(ledger, "--only", "E503"))


def test_a_new_month_and_other_records_are_seen_beside_sealed_ones(ledger: Path) -> None:
    call(ledger, "seal", "2026-11")
    card = "records/customers/SHA-C0003V.yaml"
    (ledger / card).write_text("format: 1\nid: SHA-C0003V\nname: 客户丙\n", "utf-8")
    assert "客户丙" in call(ledger, "customer", "list").out
    words = ("--kind", "inquiry", "--customer", made.SECOND, "--subject", "x", "--no-commit")
    made.sure(ledger, "ticket", "new", *words, now=LATER)
    assert "SHA-261220" in call(ledger, "ticket", "list", "-o", "ids").out


def test_a_seal_that_was_changed_or_removed_or_is_not_true_is_found(ledger: Path) -> None:
    call(ledger, "seal", "2026-11")
    sound = (ledger / SEAL).read_bytes()
    (ledger / SEAL).write_bytes(sound.replace(b'tickets: "3"', b'tickets: "2"'))
    assert audited(ledger, "--history") == ["E508", "E509"]
    (ledger / SEAL).unlink()
    assert audited(ledger, "--history") == ["E508"]
    (ledger / SEAL).write_bytes(sound.replace(b"by: desk1", b"by: Desk 1"))
    assert "E203" in audited(ledger)


def test_a_seal_vouches_for_the_history_before_it(ledger: Path, tmp_path: Path) -> None:
    call(ledger, "seal", "2026-11")
    seal = (ledger / SEAL).read_bytes()
    # Somebody makes a new history with the same files, and the seal in it.
    forged = tmp_path / "forged"
    shutil.copytree(ledger / "records", forged / "records")
    made.git(forged, "init", "--quiet")
    made.commit_all(forged)
    assert (forged / SEAL).read_bytes() == seal
    found = json.loads(call(forged, "audit", "--history", "-o", "json").out)["items"]
    assert [(item["code"], item["path"]) for item in found] == [("E506", SEAL)]


def test_a_dry_run_seals_nothing(ledger: Path) -> None:
    ran = call(ledger, "seal", "2026-11", "--dry-run")
    assert ran.code == 0
    assert ran.out == f"2026-11 would be sealed: 3 tickets, {SEAL}\n"
    assert "2026-11 将被封存" in call(ledger, "--lang", "zh_CN", "seal", "2026-11", "--dry-run").out
    assert not (ledger / SEAL).exists()


@pytest.fixture
def signer(ledger: Path, tmp_path: Path) -> Path:
    """The list of keys that count, for a clone that signs with its SSH key; git is not told of the list."""
    keygen = shutil.which("ssh-keygen")
    if keygen is None:
        pytest.skip("ssh-keygen is not installed")
    key = tmp_path / "key"
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text("desk1@desk.invalid " + (tmp_path / "key.pub").read_text())
    made.git(ledger, "config", "gpg.format", "ssh")
    made.git(ledger, "config", "user.signingKey", str(key))
    return allowed


def test_a_signature_is_made_by_git_and_verified_by_the_audit(ledger: Path, signer: Path) -> None:
    made.git(ledger, "config", "user.signingKey", str(signer.with_name("no-key")))
    without = call(ledger, "seal", "2026-11", "--sign")
    assert without.code == 3
    assert "user.signingKey" in without.err
    assert not (ledger / SEAL).exists()
    made.git(ledger, "config", "user.signingKey", str(signer.with_name("key")))
    made.git(ledger, "config", "gpg.ssh.allowedSignersFile", str(signer))
    signed = call(ledger, "seal", "2026-11", "--sign")
    assert (signed.code, signed.err) == (0, "")
    assert made.git(ledger, "tag") == ""
    assert audited(ledger, "--history") == []
    listed = signer.read_text()
    signer.write_text("")
    assert audited(ledger, "--history") == ["E509"]
    signer.write_text(listed)
    text = (ledger / SEAL).read_text("utf-8")
    (ledger / SEAL).write_text(text.replace("by: desk1", "by: eng1"), "utf-8")
    assert audited(ledger, "--history") == ["E508", "E509"]


def test_where_git_is_not_told_whose_keys_count_a_sound_signature_is_no_bad_one(
    ledger: Path, signer: Path
) -> None:
    signed = call(ledger, "seal", "2026-11", "--sign")
    assert signed.code == 0
    assert "gpg.ssh.allowedSignersFile" in signed.err
    assert audited(ledger, "--history") == ["E512"]
    assert call(ledger, "audit", "--history").code == 0
    made.git(ledger, "config", "gpg.ssh.allowedSignersFile", str(signer.with_name("nothing-there")))
    assert audited(ledger, "--history") == ["E512"]
    made.git(ledger, "config", "gpg.ssh.program", str(signer.with_name("no-program")))
    assert audited(ledger, "--history") == ["E512"]


def test_a_signature_over_other_words_is_bad_with_and_without_the_list(
    ledger: Path, signer: Path
) -> None:
    call(ledger, "seal", "2026-11", "--sign")
    text = (ledger / SEAL).read_text("utf-8")
    # Both the card and the words inside the signed tag: only the signature itself can tell.
    (ledger / SEAL).write_text(re.sub(r'(tickets: "?)3', r"\g<1>4", text), "utf-8")
    assert seal_card(ledger)["tickets"] == "4"
    found = json.loads(call(ledger, "audit", "--only", "E509", "-o", "json").out)["items"]
    assert [item["args"]["what"] for item in found] == ["tickets", "bad-signature"]
    made.git(ledger, "config", "gpg.ssh.allowedSignersFile", str(signer))
    found = json.loads(call(ledger, "audit", "--only", "E509", "-o", "json").out)["items"]
    assert [item["args"]["what"] for item in found] == ["tickets", "bad-signature"]


def test_an_edit_by_hand_in_a_sealed_month_is_found_before_it_is_committed(ledger: Path) -> None:
    call(ledger, "seal", "2026-11")
    path = ledger / FOLDER / f"{made.CLOSED}.yaml"
    sealed = path.read_bytes()
    assert audited(ledger, "--only", "E1,E2,E4,E5") == audited(ledger, "--only", "E1,E2,E4")

    def found(text: bytes) -> list[tuple[str, str]]:
        path.write_bytes(text)
        items = json.loads(call(ledger, "audit", "-o", "json").out)["items"]
        return [(item["code"], item["path"]) for item in items if item["code"] >= "E5"]

    place = f"{FOLDER}/{made.CLOSED}.yaml"
    lines = sealed.split(b"\n")
    assert found(sealed.replace(b'"by": "desk1"', b'"by": "mgr1"', 1)) == [("E502", place)]
    assert found(b"\n".join([*lines[:-2], b""])) == [("E501", place)]
    assert found(sealed.replace(b"\n", b"\r\n")) == []
    path.unlink()
    items = json.loads(call(ledger, "audit", "-o", "json").out)["items"]
    assert [item["path"] for item in items if item["code"] == "E504"] == [place]
    assert found(sealed) == []
    # A daily command asks git about the open months only, and hides nothing from the next audit.
    path.write_bytes(sealed.replace(b'"by": "desk1"', b'"by": "mgr1"', 1))
    call(ledger, "today")
    items = json.loads(call(ledger, "audit", "-o", "json").out)["items"]
    assert [item["code"] for item in items if item["code"] >= "E5"] == ["E502"]
