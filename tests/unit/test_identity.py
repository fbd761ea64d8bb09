"""Ids: check characters, skipped numbers, what a mistyped id may have meant."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36
from thorough import effort

from svcctl.domain import identity

DAY = date(2026, 11, 22)
PAYLOADS = st.text(identity.ALPHABET, min_size=1, max_size=30)


@effort(60)
@given(PAYLOADS)
def test_the_check_character_is_that_of_iso_7064_mod_37_36(payload: str) -> None:
    assert identity.check_character(payload) == mod_37_36.calc_check_digit(payload)


@effort(60)
@given(PAYLOADS, st.integers(0, 30))
def test_dashes_are_not_counted(payload: str, place: int) -> None:
    dashed = payload[:place] + "-" + payload[place:]
    assert identity.check_character(dashed) == identity.check_character(payload)


@effort(60)
@given(st.integers(1, 99_999), st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_an_id_is_recognised_and_sound_and_one_wrong_character_is_noticed(
    number: int, day: date
) -> None:
    made = identity.ticket_id("SHA", day, number)
    if made is None:
        return
    assert identity.TICKET.fullmatch(made)
    assert identity.is_sound(made)
    assert mod_37_36.is_valid(made.replace("-", ""))
    for place, character in enumerate(made):
        if character != "-":
            other = "7" if character != "7" else "K"
            assert not identity.is_sound(made[:place] + other + made[place + 1 :])


@effort(60)
@given(st.integers(1, 9_999))
def test_a_number_is_skipped_exactly_if_its_check_character_would_be_i_or_o(number: int) -> None:
    character = identity.check_character(f"SHA261122{number:02d}")
    made = identity.ticket_id("SHA", DAY, number)
    assert (made is None) == (character in "IO")
    assert made is None or made == f"SHA-261122-{number:02d}{character}"


def test_some_numbers_of_a_day_are_skipped_and_most_are_not() -> None:
    made = [identity.ticket_id("SHA", DAY, number) for number in range(1, 101)]
    assert 0 < made.count(None) < 20
    found = [one for one in made if one is not None]
    assert len(set(found)) == len(found)


def test_customer_numbers_are_skipped_alike_and_have_four_digits_or_more() -> None:
    made = [identity.customer_id("SHA", number) for number in (*range(1, 200), 123456)]
    assert None in made
    for one in filter(None, made):
        assert identity.CUSTOMER.fullmatch(one)
        assert identity.is_sound(one)
    assert identity.customer_id("SHA", 42) == "SHA-C0042J"


@pytest.mark.parametrize("text", ["", "sha-261122-07M", "SHA 261122", "客户", "SHA_1", "-"])
def test_what_is_no_id_is_not_sound(text: str) -> None:
    assert not identity.is_sound(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (identity.DESK, "S"),
        (identity.DESK, "SHANG"),
        (identity.DESK, "SHI"),
        (identity.DESK, "SHO"),
        (identity.DESK, "sha"),
        (identity.TICKET, "SHA-26112-07M"),
        (identity.TICKET, "SHA-261122-7M"),
        (identity.TICKET, "SHA-２６１１２２-07M"),
        (identity.TICKET, "SHA-261122-07M\n"),
        (identity.CUSTOMER, "SHA-C042K"),
        (identity.CUSTOMER, "SHA-C٠٠٤٢K"),
        (identity.EVENT, "0SHA"),
        (identity.EVENT, "03SHA"),
        (identity.EVENT, "1２SHA"),
        (identity.EVENT, "1234567890SHA"),
        (identity.UNIT, "-SN1"),
        (identity.UNIT, "SN/1"),
        (identity.UNIT, ".."),
        (identity.STAFF, "li na"),
        (identity.STAFF, "../x"),
    ],
)
def test_an_id_in_another_form_is_refused(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.fullmatch(text) is None


def test_events_are_ordered_by_number_then_desk_and_strangers_come_first() -> None:
    given_names = ["10SHA", "9SHA", "10BJ", "nonsense", "2SHA"]
    expected = ["nonsense", "2SHA", "9SHA", "10BJ", "10SHA"]
    assert sorted(given_names, key=identity.event_order) == expected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" sha-261122-07m ", "SHA-261122-07M"),
        ("ＳＨＡ－２６１１２２－０７Ｍ", "SHA-261122-07M"),
        ("sha—261122–07m", "SHA-261122-07M"),
        ("ｓｎ00012345", "SN00012345"),
        ("\u300007M", "07M"),
    ],
)
def test_an_id_typed_on_a_chinese_keyboard_is_understood(typed: str, meant: str) -> None:
    assert identity.normalise(typed) == meant


KNOWN = ["SHA-261122-01F", "SHA-261122-07M", "SHA-261122-12K", "BJ-261122-07R", "SHA-251101-99Z"]


@pytest.mark.parametrize(
    ("slip", "typed"),
    [
        ("one wrong character", "SHA-261122-08M"),
        ("one missing", "SHA-26112-07M"),
        ("one doubled", "SHA-2611222-07M"),
        ("two swapped", "SHA-261212-07M"),
        ("another check character", "SHA-261122-07X"),
        ("a tail with a wrong character", "07N"),
        ("a tail with swapped characters", "-70M"),
        ("small letters", "sha-261122-07n"),
        ("no check character", "07"),
        ("no check character and no zero", "7"),
    ],
)
def test_an_id_mistyped_in_one_way_is_found_near(slip: str, typed: str) -> None:
    assert "SHA-261122-07M" in identity.near(typed, KNOWN), slip


def test_the_nearest_comes_first_and_no_more_than_asked_for() -> None:
    assert identity.near("SHA-261122-07N", KNOWN)[0] == "SHA-261122-07M"
    many = [f"SHA-261122-{number:02d}K" for number in range(1, 50)]
    assert len(identity.near("SHA-261122-01K", many)) == 5
    assert len(identity.near("SHA-261122-01K", many, most=2)) == 2


@pytest.mark.parametrize("typed", ["", "X", "QQ", "SHB-990101-55W", "客户甲"])
def test_what_resembles_nothing_has_no_near_matches(typed: str) -> None:
    assert identity.near(typed, KNOWN) == []


@effort(60)
@given(PAYLOADS, PAYLOADS)
def test_the_distance_is_symmetric_and_nought_for_equals_only(left: str, right: str) -> None:
    assert identity._distance(left, right) == identity._distance(right, left)
    assert (identity._distance(left, right) == 0) == (left == right)
