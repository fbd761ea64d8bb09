"""Numbers that were probably mistyped are doubted, those that only look unusual are not."""

from __future__ import annotations

import pytest

from svcctl.domain.telephones import doubt


@pytest.mark.parametrize(
    "phone",
    ["13800138000", "138 0013 8000", "+86 138-0013-8000", "021-62345678", "021-62345678-801", "10010",
     "110", "400-800-8888", "13800138000转12", "+1 212 555 0100", "62345678", "1380013800-1"],
)  # fmt: skip
def test_a_number_that_can_be_dialled_is_not_doubted(phone: str) -> None:
    assert doubt(phone) is None


@pytest.mark.parametrize(
    ("phone", "digits"), [("1380013800", "10"), ("138001380001", "12"), ("+86 138001380", "9")]
)
def test_a_mobile_number_with_a_digit_too_few_or_many_is_doubted(phone: str, digits: str) -> None:
    found = doubt(phone)
    assert found is not None
    assert found.args["digits"] == digits


@pytest.mark.parametrize("phone", ["", "-", "王芳", "12"])
def test_what_has_hardly_a_digit_is_doubted(phone: str) -> None:
    assert doubt(phone) is not None
