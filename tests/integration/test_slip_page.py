"""The repair slip: what stands on it, that nothing pushes anything off it, and whose template it is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from svcctl.domain.problems import Unreadable, Usage
from svcctl.views.figures import mask_address, mask_phone, money_text, period_text
from svcctl.views.pages import fitted, harmless, md_code, md_text, short, text_width
from svcctl.views.qr import QUIET, qr_code
from svcctl.views.safe import width
from svcctl.views.slip import PartLine, SlipPage, render_slip, render_slips

CHINA = timezone(timedelta(hours=8))

SLIP = SlipPage(
    number="SHA-261116-01X/1",
    ticket="SHA-261116-01X",
    zone=CHINA,
    opened=datetime(2026, 11, 16, 1, 0, tzinfo=UTC),
    channel="phone",
    kind="repair",
    customer="客户甲",
    department="售后服务部甲",
    service_phone="400-820-1234",
    contact="联系人乙",
    phone="13800138000",
    company="物业公司丙",
    address="中山路 1 号",
    model="KFR-35",
    serial="SN00012345",
    purchased=date(2026, 4, 18),
    installed=date(2026, 5, 1),
    cover="free",
    warranty_scope="整机",
    warranty_period="24mo",
    warranty_until=date(2028, 5, 1),
    fault="不制冷",
    wanted=date(2026, 11, 18),
    marks="老人在家",
    engineer="工程师丁",
    visit=datetime(2026, 11, 17, 2, 0, tzinfo=UTC),
)
TICK = "M2.2 5.2"


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.partition("</style>")[2]))


def test_three_copies_are_printed_and_each_says_which_it_is() -> None:
    html = render_slip(SLIP)
    assert html.count('<section class="copy"') == 3
    for label in ("Stub copy", "Accounting copy", "Customer copy"):
        assert html.count(f"<strong>{label}</strong>") == 1
    assert "stays with the customer, repaired or not" in html


def test_a_form_that_copies_itself_is_one_page_that_names_its_three_sheets() -> None:
    html = render_slip(SLIP, "241x140", copies=("carbon",))
    assert html.count('<section class="copy"') == 1
    assert "1 stub · 2 accounting · 3 customer" in html


def test_every_field_of_the_slip_stands_on_every_copy() -> None:
    text = words(render_slip(SLIP))
    for value in (
        *("SHA-261116-01X/1", "2026-11-16 09:00", "phone", "repair", "客户甲", "联系人乙"),
        *("13800138000", "物业公司丙", "中山路 1 号", "KFR-35", "SN00012345", "2026-04-18"),
        *("2026-05-01", "整机", "24 months, until 2028-05-01", "不制冷", "2026-11-18", "老人在家"),
        *("工程师丁", "2026-11-17 10:00", "400-820-1234", "售后服务部甲", "Before work"),
        *(
            "model recorded",
            "exterior checked",
            "tools and parts checked",
            "Fault found",
            "Handling",
        ),
        *("Parts used", "Fee", "satisfied", "basically satisfied", "dissatisfied", "other opinion"),
        *("Customer's signature", "Refused to sign, reason", "Engineer's signature"),
    ):
        assert text.replace("&#39;", "'").count(value) >= 3, value


def test_what_is_already_known_is_filled_in() -> None:
    known = SLIP._replace(
        found="电容损坏",
        handling="更换电容",
        result="fixed",
        arrived=datetime(2026, 11, 17, 1, 55, tzinfo=UTC),
        left=datetime(2026, 11, 17, 3, 20, tzinfo=UTC),
        parts=(PartLine("启动电容", "CAP-35", "1", "38.00", "38.00"),),
        fee="1068.00",
    )
    text = words(render_slip(known, copies=("stub",)))
    for value in ("电容损坏", "更换电容", "09:55", "11:20", "启动电容", "CAP-35", "¥1,068.00"):
        assert value in text


def test_the_desk_never_ticks_a_box_that_is_the_customers_or_the_engineers() -> None:
    assert render_slip(SLIP._replace(cover=""), copies=("stub",)).count(TICK) == 0
    html = render_slip(SLIP._replace(result="fixed"), copies=("stub",))
    assert html.count(TICK) == 2
    assert re.search(TICK + r"[^<]*<?/?[^<]*</svg>free", html)
    assert re.search(TICK + r"[^<]*<?/?[^<]*</svg>fixed", html)


def test_a_contested_value_is_marked_where_it_stands() -> None:
    assert "contested" not in words(render_slip(SLIP))
    html = render_slip(SLIP._replace(contested=("engineer", "cover")), copies=("stub",))
    assert html.count("<em>contested</em>") == 2


def test_more_parts_than_rows_are_counted_not_dropped() -> None:
    parts = tuple(PartLine(f"part {n}") for n in range(9))
    text = words(render_slip(SLIP._replace(parts=parts), "A5", copies=("stub",)))
    assert "part 1" in text
    assert "part 2" not in text
    assert "… and 7 more, see the ticket" in text


@pytest.mark.parametrize(
    ("paper", "size"), [("A4", "210mm 297mm"), ("A5", "210mm 148mm"), ("241x140", "241mm 140mm")]
)
def test_the_page_has_the_size_of_the_paper(paper: str, size: str) -> None:
    assert f"@page {{ size: {size};" in render_slip(SLIP, paper)


def test_an_unknown_paper_or_copy_is_refused_and_the_known_ones_are_named() -> None:
    fourth: Any = ("fourth",)
    with pytest.raises(Usage, match="A4, A5, 241x140"):
        render_slip(SLIP, "A3")
    with pytest.raises(Usage, match="stub, accounting, customer, carbon"):
        render_slip(SLIP, copies=fourth)


def test_several_slips_make_one_document() -> None:
    html = render_slips((SLIP, SLIP._replace(number="SHA-261116-02T/1")), copies=("customer",))
    assert html.count('<section class="copy"') == 2
    assert "SHA-261116-02T/1" in html


def test_html_and_direction_marks_from_a_record_stay_text() -> None:
    html = render_slip(SLIP._replace(customer='<img src=x onerror="a()">\u202e甲\x1b[31m'))
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "\\u202e" in html


def test_nothing_is_asked_from_outside() -> None:
    html = render_slip(SLIP)
    assert not re.search(r"\b(src|href)\s*=|url\(|@import|https?:|<script", html)


def test_the_code_draws_exactly_what_the_text_encodes() -> None:
    code = qr_code("SHA-261116-01X/1")
    drawn = {
        (int(x) + n, int(y))
        for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", code.path)
        for n in range(int(run))
    }
    matrix = segno.make("SHA-261116-01X/1", micro=False, error="q").matrix
    expected = {
        (x + QUIET, y + QUIET) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark
    }
    assert drawn == expected
    assert code.size == len(matrix) + 2 * QUIET


@given(st.text(max_size=400), st.floats(3, 60), st.integers(1, 4))
def test_a_text_is_whole_or_ends_in_an_ellipsis_and_always_fits(
    text: str, ems: float, lines: int
) -> None:
    size, kept = fitted(text, ems, lines)
    flat = text if lines >= 3 else " ".join(text.split("\n"))
    assert kept == flat or (kept.endswith("…") and flat.startswith(kept[:-1]))
    room = ems * 100 / size
    rows = sum(max(1, -(-text_width(part) // room)) for part in kept.split("\n"))
    assert rows <= max(1, lines * 100 // size) or len(kept) <= 2


def test_a_long_text_shrinks_before_it_is_cut() -> None:
    assert fitted("字" * 10, 10) == (100, "字" * 10)
    assert fitted("字" * 11, 10) == (90, "字" * 11)
    size, kept = fitted("字" * 40, 10)
    assert size == 72
    assert kept == "字" * (len(kept) - 1) + "…"
    assert len(kept) >= 11


@given(st.text(max_size=60), st.integers(4, 30))
def test_a_shortened_text_never_takes_more_columns_than_it_may(text: str, columns: int) -> None:
    assert width(short(text, columns)) <= columns


def test_line_ends_of_every_kind_become_one_kind() -> None:
    assert harmless("a\r\nb\rc\u2028d\te") == "a\nb\nc\nd e"


def test_markdown_marks_lose_their_meaning() -> None:
    assert md_text("|a|*b*[c](http://d)") == r"\|a\|\*b\*\[c\](http\://d)"
    assert md_text("# x") == r"\# x"
    assert md_text("1. x") == r"1\. x"
    assert md_text("- x\ny") == r"\- x y"
    assert md_text("<b>") == r"\<b>"
    assert md_text("< 5 %, +3.8, 85.0 %, SHA-261116-01X") == "< 5 %, +3.8, 85.0 %, SHA-261116-01X"
    assert md_text(md_text("*")) == r"\*"
    assert md_code("a`b") == "`` a`b ``"


def test_phones_and_addresses_are_masked_and_never_by_less_than_their_middle() -> None:
    assert mask_phone("13800138000") == "138****8000"
    assert mask_phone("138-0013-8000 / 13900139000") == "138-****-8000 / 139****9000"
    assert mask_phone("62345678") == "62****78"
    assert mask_phone("95588") == "*****"
    assert mask_address("上海市黄浦区中山东一路 128 弄 6 号") == "上海市黄浦区****"
    assert mask_address("中山路 1 号") == "中山****"
    assert mask_address("12 Nanjing Road") == "****"


def test_amounts_and_periods_are_written_for_people() -> None:
    assert money_text("1234567.50") == "¥1,234,567.50"
    assert money_text("-0.50", "USD") == "USD -0.50"
    assert money_text("面议") == "面议"
    assert period_text("24mo") == "24 months"
    assert period_text("终身") == "终身"


# A ledger's own templates ----------------------------------------------------------------------


def own(folder: Path, name: str, text: str) -> Path:
    templates = folder / "templates"
    templates.mkdir()
    (templates / name).write_text(text, encoding="utf-8")
    return templates


def test_a_ledgers_own_template_is_taken_first_and_may_include_the_shipped_ones(
    tmp_path: Path,
) -> None:
    text = "{% include 'slip.css' %}{{ slips[0][0].customer }}|{{ slips[0][0].phone | mask }}"
    html = render_slip(SLIP, templates_dir=own(tmp_path, "slip.html", text))
    assert html.endswith("客户甲|138****8000\n")
    assert ".copy {" in html


def test_a_ledger_without_templates_uses_the_shipped_ones(tmp_path: Path) -> None:
    assert render_slip(SLIP, templates_dir=tmp_path / "none") == render_slip(SLIP)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("one\n{% if %}\n", 2, "Expected an expression"),
        ("one\ntwo\n{{ slips[0][0].nobody }}\n", 3, "nobody"),
        ("{{ slips | nosuchfilter }}", 1, "nosuchfilter"),
        ("\n{{ ''.__class__.__mro__ }}\n", 2, "unsafe"),
        ("\n\n{% include '../secret' %}", 3, "no template"),
        ("{{ 1 // 0 }}", 1, "zero"),
    ],
)
def test_a_broken_template_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    templates = own(tmp_path, "slip.html", text)
    with pytest.raises(Unreadable, match=re.escape(f"{templates / 'slip.html'}:{line}:")) as stop:
        render_slip(SLIP, templates_dir=templates)
    assert reason in str(stop.value)
    assert stop.value.remedy is not None


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    templates = own(tmp_path, "slip.html", "")
    (templates / "slip.html").write_bytes("中文".encode("gbk"))
    with pytest.raises(Unreadable, match=r"slip\.html: the template cannot be used"):
        render_slip(SLIP, templates_dir=templates)


def test_a_link_in_the_templates_cannot_print_a_file_from_elsewhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the key", encoding="utf-8")
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "slip.html").symlink_to(secret)
    with pytest.raises(Unreadable, match="link"):
        render_slip(SLIP, templates_dir=templates)


def test_a_linked_folder_of_templates_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    (real / "slip.html").write_text("x", encoding="utf-8")
    (tmp_path / "templates").symlink_to(real)
    with pytest.raises(Unreadable, match="link"):
        render_slip(SLIP, templates_dir=tmp_path / "templates")
