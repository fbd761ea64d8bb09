"""The document of the codes is what the program makes, and names every code there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from svcctl.domain.checks.catalogue import CODES, FAMILIES
from svcctl.domain.checks.examples import EXAMPLES

DOCUMENT = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_document_is_what_explain_all_prints(svcctl: Callable[..., Any]) -> None:
    ran = svcctl("explain", "--all")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == DOCUMENT.read_text("utf-8"), "make it again: make docs/errors.md"


def test_catalogue_examples_and_document_name_the_same_codes() -> None:
    headings = re.findall(r"^### (E\d+)$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert headings == list(CODES) == list(dict.fromkeys(headings))
    assert set(EXAMPLES) == set(CODES)
    assert [example.code for example in EXAMPLES.values()] == list(EXAMPLES)


def test_each_code_lies_in_its_family_and_its_texts_are_there() -> None:
    for family, codes in FAMILIES.items():
        assert all(code.startswith(family) and len(code) == 4 for code in codes)
    for code, entry in CODES.items():
        assert entry.severity in ("error", "warning")
        assert all((entry.title, entry.message, entry.remedy, EXAMPLES[code].meaning)), code


def test_explaining_a_code_tells_what_it_means_with_an_example_and_a_remedy(
    svcctl: Callable[..., Any],
) -> None:
    ran = svcctl("explain", "e403")
    assert ran.code == 0
    assert ran.out.startswith(
        "E403  slip not handed in  (error)\n\nThe slip of a visit is handed in"
    )
    assert "records/tickets/2026/11/SHA-261116-02G.yaml:11:1: E403 slip hand-in: due" in ran.out
    assert ran.out.rstrip().endswith("or explain it with `svcctl slip explain ID`")


def test_explaining_in_chinese_plays_the_example_in_chinese(svcctl: Callable[..., Any]) -> None:
    ran = svcctl("explain", "E403", lang="zh_CN")
    assert ran.code == 0
    assert "E403 单据交回" in ran.out or "E403 " in ran.out
    assert "The slip of a visit" not in ran.out


@pytest.mark.parametrize("typed", ["E499", "E4O3", "403"])
def test_an_unknown_code_is_not_found_and_near_ones_are_named(
    typed: str, svcctl: Callable[..., Any]
) -> None:
    ran = svcctl("explain", typed)
    assert ran.code == 8
    assert f"there is no code {typed}" in ran.err
    assert "did you mean E4" in ran.err


def test_without_a_code_all_are_listed(svcctl: Callable[..., Any]) -> None:
    assert svcctl("explain", "-o", "ids").out.split() == list(CODES)
    assert "not UTF-8" in svcctl("explain").out


def test_what_resembles_no_code_gets_no_guess(svcctl: Callable[..., Any]) -> None:
    ran = svcctl("explain", "呼叫")
    assert ran.code == 8
    assert "svcctl explain lists all codes" in ran.err
