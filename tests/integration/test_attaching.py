"""Files are attached to a ticket by their content, once, as far as the policy allows."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import made_ledgers as made
import pytest

from svcctl.domain.attachments import LOOKED_AT, kind_of, shown_name

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
POLICY = "records/policy/2026-01-01.yaml"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    root = tmp_path / "ledger"
    made.copy(root)
    return root


def attach(root: Path, *files: Path | str, ticket: str = made.TICKET) -> made.Ran:
    return made.call(root, "ticket", "attach", ticket, *files)


def listed(root: Path, ticket: str = made.TICKET) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(
        made.call(root, "ticket", "attachments", ticket, "-o", "json").out
    )["items"]
    return found


def audited(root: Path) -> set[str]:
    ran = made.call(root, "audit", "--only", "E3", "-o", "json")
    return {item["code"] for item in json.loads(ran.out)["items"]}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "铭牌 1.PNG"
    path.write_bytes(PNG)
    return path


def test_a_file_is_stored_by_its_content_and_named_in_an_event(ledger: Path, photo: Path) -> None:
    ran = attach(ledger, photo)
    assert ran.code == 0, ran.err
    (one,) = listed(ledger)
    digest = hashlib.sha256(PNG).hexdigest()
    assert one["path"] == f"records/attachments/{made.TICKET}/{digest}.png"
    assert (ledger / str(one["path"])).read_bytes() == PNG
    assert (one["name"], one["type"], one["size"]) == ("铭牌 1.PNG", "png", len(PNG))
    assert (one["found"], one["sha256"]) == ("whole", digest)
    assert made.git(ledger, "status", "--porcelain") == ""
    assert digest in made.git(ledger, "show", "--stat", "--format=", "--stat-width=300")
    assert audited(ledger) == set()
    assert digest in made.call(ledger, "ticket", "show", made.TICKET, "-o", "json").out
    place = f"records/attachments/{made.TICKET}/{digest}."
    assert f"attachment: {place}" in made.call(ledger, "ticket", "show", made.TICKET).out


def test_the_same_content_is_stored_once_whatever_it_is_called(ledger: Path, photo: Path) -> None:
    other = photo.with_name("again.jpg")
    other.write_bytes(PNG)
    attach(ledger, photo, other)
    again = attach(ledger, other)
    assert again.code == 0
    assert "attached already" in again.err
    assert len(listed(ledger)) == 1
    assert len(list((ledger / "records/attachments").rglob("*.*"))) == 1


def test_several_files_make_one_commit(ledger: Path, photo: Path) -> None:
    before = int(made.git(ledger, "rev-list", "--count", "HEAD"))
    note = photo.with_name("x.txt")
    note.write_text("现场记录", "utf-8")
    attach(ledger, photo, note)
    assert [one["type"] for one in listed(ledger)] == ["png", "txt"]
    assert int(made.git(ledger, "rev-list", "--count", "HEAD")) == before + 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x7fELF\x02\x01\x01", "type-not-allowed"),
        (b"", "empty-file"),
        (PNG * 300_000, "too-large"),
    ],
)
def test_what_the_policy_does_not_allow_is_refused_and_nothing_is_written(
    ledger: Path, tmp_path: Path, photo: Path, content: bytes, code: str
) -> None:
    bad = tmp_path / "innocent.jpg"
    bad.write_bytes(content)
    ran = attach(ledger, photo, bad)
    assert ran.code == 3
    assert f"[{code}]" in ran.err
    assert listed(ledger) == []
    assert not (ledger / "records/attachments").exists()


def test_without_limits_in_the_policy_everything_is_taken(ledger: Path, tmp_path: Path) -> None:
    text = (ledger / POLICY).read_text("utf-8")
    begin, end = text.index("attachments:"), text.index("# One line per obligation")
    (ledger / POLICY).write_text(text[:begin] + text[end:], "utf-8")
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF\x02")
    assert attach(ledger, program).code == 0
    assert listed(ledger)[0]["type"] == "bin"


@pytest.mark.parametrize("limit", ["max-size: 10 apples", "types: [jpeg2000]", "colour: red"])
def test_a_limit_that_means_nothing_is_an_error_of_the_policy(ledger: Path, limit: str) -> None:
    text = (ledger / POLICY).read_text("utf-8").replace("  max-size: 10MB", f"  {limit}")
    (ledger / POLICY).write_text(text, "utf-8")
    ran = made.call(ledger, "policy", "check")
    assert ran.code == 1
    assert f"{POLICY}:" in ran.out


def test_hostile_names_never_become_paths(ledger: Path, tmp_path: Path) -> None:
    name = "..\\..\\etc\x1b[31m\nrm -rf \u202e.jpg"
    path = tmp_path / name
    path.write_bytes(PNG)
    assert attach(ledger, path).code == 0
    (one,) = listed(ledger)
    assert one["name"] == "etc[31mrm -rf .jpg"
    assert str(one["path"]).endswith(f"{hashlib.sha256(PNG).hexdigest()}.png")
    assert audited(ledger) == set()


@pytest.mark.parametrize("source", ["folder", "pipe", "absent", "loop"])
def test_only_a_plain_file_is_attached(ledger: Path, tmp_path: Path, source: str) -> None:
    path = tmp_path / "thing"
    if source == "folder":
        path.mkdir()
    elif source == "pipe":
        os.mkfifo(path)
    elif source == "loop":
        path.symlink_to(path)
    ran = attach(ledger, path)
    assert "[no-such-file]" in ran.err
    assert listed(ledger) == []


def test_a_missing_and_a_changed_file_are_found_by_the_audit(ledger: Path, photo: Path) -> None:
    attach(ledger, photo)
    path = ledger / str(listed(ledger)[0]["path"])
    path.write_bytes(PNG + b"x")
    assert audited(ledger) == {"E312"}
    path.unlink()
    assert audited(ledger) == {"E311"}
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert audited(ledger) == {"E311"}
    assert listed(ledger)[0]["found"] == "pointer"


def test_a_file_left_by_a_killed_command_is_used(ledger: Path, photo: Path) -> None:
    digest = hashlib.sha256(PNG).hexdigest()
    path = ledger / f"records/attachments/{made.TICKET}/{digest}.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(PNG)
    assert audited(ledger) == {"E313"}
    assert attach(ledger, photo).code == 0
    assert audited(ledger) == set()
    assert made.git(ledger, "status", "--porcelain") == ""


def test_git_stores_what_the_ledgers_filter_makes_of_it(ledger: Path, photo: Path) -> None:
    attributes = ledger / "records/.gitattributes"
    attributes.write_text(attributes.read_text() + "attachments/** filter=stand-in\n", "utf-8")
    made.git(ledger, "config", "filter.stand-in.clean", "sha256sum | cut -c1-64")
    made.git(ledger, "config", "filter.stand-in.required", "true")
    made.commit_all(ledger)
    assert attach(ledger, photo).code == 0
    path = str(listed(ledger)[0]["path"])
    assert made.git(ledger, "show", f"HEAD:{path}").strip() == hashlib.sha256(PNG).hexdigest()
    assert (ledger / path).read_bytes() == PNG
    assert made.git(ledger, "status", "--porcelain") == ""
    assert listed(ledger)[0]["found"] == "whole"


def test_an_attachment_is_not_recorded_without_its_file(ledger: Path) -> None:
    ran = made.call(ledger, "ticket", "record", made.TICKET, "attached", "name=x")
    assert ran.code == 2
    assert listed(ledger) == []


def test_what_is_attached_is_of_the_moment_asked_about(ledger: Path, photo: Path) -> None:
    attach(ledger, photo)
    words = ("ticket", "attachments", made.TICKET, "-o", "ids", "--as-of", "2026-11-16T09:30")
    assert made.call(ledger, *words).out == ""


@pytest.mark.parametrize(
    ("name", "beginning", "kind"),
    [
        ("x", b"%PDF-1.7", "pdf"),
        ("x.doc", b"PK\x03\x04", "zip"),
        ("x.DOCX", b"PK\x03\x04", "docx"),
        ("x", b"\0\0\0\x18ftypheic", "heic"),
        ("x", b"\0\0\0\x18ftypisom", "mp4"),
        ("x", b"RIFF\0\0\0\0WAVE", "wav"),
        ("x.csv", b"a,b", "csv"),
        ("x.html", "维修".encode(), "txt"),
        ("x", ("维" * 2000).encode()[:LOOKED_AT], "txt"),
        ("x.txt", b"a\0b", "bin"),
        ("x.jpg", b"MZ\x90", "bin"),
    ],
)
def test_the_kind_is_told_by_the_content(name: str, beginning: bytes, kind: str) -> None:
    assert kind_of(name, beginning) == kind


def test_a_shown_name_is_one_short_line() -> None:
    assert shown_name("/a/b/c.jpg") == "c.jpg"
    assert shown_name("\u202egpj.exe") == "gpj.exe"
    assert shown_name("\0") == "?"
    assert len(shown_name("x" * 500)) == 120
