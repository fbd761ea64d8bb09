"""Every code has an example that is executed: the audit reports just this code, at just this place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from made_ledgers import Ran

from svcctl.desk import playing
from svcctl.domain.checks.catalogue import CODES
from svcctl.domain.checks.examples import EXAMPLES
from svcctl.domain.checks.examples.sound import AS_OF


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_audit_reports_just_this_code_where_the_example_is_wrong(
    code: str, tmp_path: Path, svcctl: Callable[..., Ran]
) -> None:
    example = EXAMPLES[code]
    playing.make(example, tmp_path)
    words = ("audit", "--history") if example.history else ("audit",)
    ran = svcctl(*words, "-o", "json", cwd=tmp_path, now=example.as_of)
    found = json.loads(ran.out)["items"]
    assert {item["code"] for item in found} == {code, *example.besides}
    places = {
        item["path"] + (f":{item['line']}:{item['column']}" if item["line"] else "")
        for item in found
        if item["code"] == code
    }
    assert places == {example.place}
    assert {item["severity"] for item in found if item["code"] == code} == {CODES[code].severity}
    assert ran.code == int(any(item["severity"] == "error" for item in found))


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_finding_is_told_with_place_excerpt_and_remedy_in_both_languages(
    code: str, tmp_path: Path, svcctl: Callable[..., Ran]
) -> None:
    example = EXAMPLES[code]
    playing.make(example, tmp_path)
    for lang in ("en", "zh_CN"):
        ran = svcctl("audit", "--only", code, cwd=tmp_path, now=example.as_of, lang=lang)
        told = ran.out.split("\n")
        first = next(line for line in told if line.startswith(f"{example.place}: {code} "))
        assert "{" not in first
        under = told[told.index(first) + 1 :]
        if re.search(r":\d+:\d+$", example.place):
            assert under.pop(0).startswith("    ")
        if re.search(r":\d+:(?!1$)\d+$", example.place):  # at 1 the whole line may be meant
            assert under.pop(0).strip() == "^"
        # What is over has one remedy for all: it stands in their title.
        assert under[0].startswith("    ") or first != told[0]
        assert ran.err == ""


def test_in_a_sound_ledger_the_audit_finds_nothing(
    tmp_path: Path, svcctl: Callable[..., Ran]
) -> None:
    playing.make(None, tmp_path)
    ran = svcctl("audit", "--strict", cwd=tmp_path, now=AS_OF)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "0 errors, 0 warnings · policy 2026-01-01 · as of 2026-11-20 12:00\n"


def test_an_edit_of_an_example_that_no_longer_fits_the_sound_ledger_is_noticed() -> None:
    from svcctl.domain.checks.examples.sound import POLICY, Edit, Example

    stale = Example("E221", "", (Edit(POLICY, "no such line", "x"),), POLICY)
    with pytest.raises(ValueError, match="no such line"):
        playing.spoilt_files(stale)
