"""What a real browser makes of the pages: how many sheets, and that nothing on them is cut off.

Skipped where no Chromium is installed. The browser asks nothing from outside and runs no profile.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from svcctl.views.language import set_language
from svcctl.views.slip import SHEETS, PartLine, SlipPage, render_slip, render_slips
from svcctl.views.weekly import (
    Complaint,
    DayCount,
    EngineerRow,
    Figure,
    Headline,
    History,
    KindCount,
    Measure,
    Overdue,
    Point,
    WeeklyPage,
    render_weekly,
    target_of,
)

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--no-pdf-header-footer", "--hide-scrollbars"),
)
CHINA = timezone(timedelta(hours=8))
LONG = "很长的一段文字不应把签字栏挤到另一页上去" * 20

#: Runs in the page: every element that is wider or higher than the place it has, texts that are
#: clipped on purpose (they end in an ellipsis) left out.
MEASURE = """<script>
const out = [], slack = 1.5;
for (const copy of document.querySelectorAll('.copy')) {
  const room = copy.getBoundingClientRect();
  for (const part of copy.querySelectorAll('.sign, footer, .form, header, .row, .work')) {
    const at = part.getBoundingClientRect();
    if (at.bottom > room.bottom + 20 * 96 / 25.4 || at.height < 4) out.push('outside ' + part.className);
  }
  if (copy.scrollHeight > copy.clientHeight + slack) out.push('copy too high');
  for (const part of copy.querySelectorAll('.field, .value, .work, .used, .written, td, th, header > div')) {
    if (part.scrollWidth > part.clientWidth + slack) out.push('wide: ' + part.textContent.trim());
    if (part.scrollHeight > part.clientHeight + slack) out.push('high: ' + part.textContent.trim());
  }
}
if (document.documentElement.scrollWidth > innerWidth + slack) out.push('scrolls sideways');
const told = document.createElement('pre');
told.id = 'told';
told.textContent = JSON.stringify({out: out, copies: document.querySelectorAll('.copy').length});
document.body.append(told);
</script>"""

Browser = Callable[..., Any]


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One empty profile for all pages here: making one takes longer than laying a page out."""
    return f"--user-data-dir={tmp_path_factory.mktemp('profile')}"


@pytest.fixture
def run(tmp_path: Path, profile: str) -> Browser:
    """Open a page with the given switches; gives the standard output of the browser."""

    def run(page: str, *switches: str) -> str:
        file = tmp_path / "page.html"
        file.write_text(page, encoding="utf-8")
        done = subprocess.run(
            [CHROMIUM, *QUIET, profile, *switches, file.as_uri()],
            capture_output=True,
            check=True,
            timeout=90,
        )
        return done.stdout.decode("utf-8")

    return run


@pytest.fixture
def sheets(run: Browser, tmp_path: Path) -> Callable[[str], list[tuple[int, int]]]:
    """Print a page; gives the size of every sheet in millimetres."""

    def sheets(page: str) -> list[tuple[int, int]]:
        file = tmp_path / "page.pdf"
        run(page, f"--print-to-pdf={file}")
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", file.read_bytes())
        return [(round(float(w) * 25.4 / 72), round(float(h) * 25.4 / 72)) for w, h in boxes]

    return sheets


@pytest.fixture
def cut_off(run: Browser) -> Callable[..., dict[str, Any]]:
    """Lay a page out; tells what does not fit where it stands."""

    def cut_off(page: str, width: int = 1200) -> dict[str, Any]:
        dom = run(
            page.replace("</body>", MEASURE + "</body>"),
            f"--window-size={width},1600",
            "--dump-dom",
        )
        found = re.search(r'<pre id="told">(.*?)</pre>', dom, re.DOTALL)
        assert found
        told: dict[str, Any] = json.loads(html.unescape(found[1]))
        return told

    return cut_off


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=CHINA)


PLAIN = SlipPage(
    number="SHA-261116-01X/1",
    ticket="SHA-261116-01X",
    zone=CHINA,
    opened=at(16, 9),
    channel="phone",
    kind="repair",
    customer="陈国栋",
    department="晨星家电 上海售后服务部",
    service_phone="400-820-1234",
    contact="陈国栋",
    phone="13800138000",
    company="上海明德物业管理有限公司",
    address="上海市黄浦区中山东一路 128 弄 6 号楼 1502 室",
    model="KFR-35GW/NhA3",
    serial="SN00012345",
    purchased=date(2026, 4, 18),
    installed=date(2026, 5, 1),
    cover="free",
    warranty_scope="整机(滤网除外)",
    warranty_period="24mo",
    warranty_until=date(2028, 5, 1),
    fault="空调不制冷,室外机启动几分钟后停机",
    wanted=date(2026, 11, 17),
    marks="请提前 30 分钟电话联系",
    engineer="王伟",
    visit=at(17, 10),
)
BARE = SlipPage("SHA-261116-02T/1", "SHA-261116-02T", CHINA, at(16, 9), "phone", "repair", "李四")
CROWDED = PLAIN._replace(
    customer="<h1>甲</h1>\u202e" + LONG,
    department=LONG,
    service_phone="4" * 60,
    contact="Wolfeschlegelsteinhausenbergerdorff" * 5,
    phone="13800138000 / 021-62345678 转 801 / 13900139000",
    company="W" * 200,
    address="一\n二\n" + LONG,
    model="X" * 100,
    serial="9" * 100,
    warranty_scope=LONG,
    fault=LONG,
    marks=LONG,
    engineer=LONG,
    found=LONG,
    handling="a b " * 300,
    result="fixed",
    fee="12345678901234567890.00",
    parts=tuple(PartLine(LONG, LONG, "9" * 20, "1" * 20, "1" * 20) for _ in range(20)),
    contested=("engineer", "visit", "cover"),
)
SLIPS = (PLAIN, BARE, CROWDED)


@pytest.mark.parametrize("paper", SHEETS)
def test_every_copy_is_one_sheet_of_the_paper_whatever_stands_on_it(
    paper: str, sheets: Callable[[str], list[tuple[int, int]]]
) -> None:
    size = SHEETS[paper].width, SHEETS[paper].height
    assert sheets(render_slips(SLIPS, paper)) == [size] * 9


@pytest.mark.parametrize(
    ("paper", "lang"), [("A4", "en"), ("A5", "en"), ("241x140", "en"), ("A5", "zh_CN")]
)
def test_nothing_on_a_slip_is_cut_off_and_the_signatures_stay_on_it(
    paper: str, lang: str, cut_off: Callable[..., dict[str, Any]]
) -> None:
    set_language(lang)
    told = cut_off(render_slips(SLIPS, paper, copies=("customer", "carbon")))
    assert told == {"out": [], "copies": 6}


def test_a_slip_that_does_not_fit_would_be_noticed(cut_off: Callable[..., dict[str, Any]]) -> None:
    page = render_slip(PLAIN, copies=("stub",)).replace(
        ".sign { height: 13mm;", ".sign { height: 90mm;"
    )
    assert cut_off(page)["out"]


def week(engineers: int) -> WeeklyPage:
    names = ("satisfaction", "response", "rework", "reply", "first-call", "completion")
    ratios = tuple(
        Measure(n, 41, 46, None, "ratio", target_of(n, 90), Figure(40, 46)) for n in names
    )
    times = tuple(
        Measure(n, 0, 44, 69000, "duration", None, Figure(0, 40, 79200))
        for n in ("first-contact", "arrival")
    )
    rest = tuple(Measure(n) for n in ("complaint-rate", "slip", "callback", "inspection"))
    points = tuple(Point(f"W{40 + n}", Figure(40 + n % 3, 46)) for n in range(8))
    return WeeklyPage(
        2026,
        47,
        date(2026, 11, 16),
        date(2026, 11, 22),
        at(23, 8),
        CHINA,
        "晨星家电 上海售后服务部",
        "SHA",
        "2026-01-01",
        tuple(Headline(n, 60, 55) for n in ("opened", "finished", "closed", "open", "overdue")),
        (*ratios, *times, *rest),
        tuple(
            KindCount(kind, 9, 8, 7, 3) for kind in ("repair", "install", "inspection", "complaint")
        ),
        tuple(DayCount(date(2026, 11, 16 + n), 9 + n, 8) for n in range(7)),
        tuple(
            Overdue(
                "callback-slip",
                f"SHA-2611{n:02}-01X",
                "上海明德物业管理有限公司",
                "王伟",
                at(20, 17),
                9999,
            )
            for n in range(15)
        ),
        (
            Complaint(
                "SHA-261118-04T",
                "李秀英",
                "上门迟到两小时,态度生硬",
                at(18, 14),
                360000,
                "",
                "",
                "经理甲",
            ),
        ),
        tuple(
            EngineerRow(f"工程师{n}", 9, 8, 0, 7, 8, 9, 10, 5, 6, 70000) for n in range(engineers)
        ),
        tuple(History(n, points) for n in ("satisfaction", "rework", "reply")),
        (("待回访", "svcctl callbacks due"),),
    )


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_the_summary_of_a_usual_week_prints_on_two_sheets(
    lang: str, sheets: Callable[[str], list[tuple[int, int]]]
) -> None:
    set_language(lang)
    assert sheets(render_weekly(week(8), "html")) == [(210, 297)] * 2


def test_the_summary_fits_a_phone_and_a_long_name_does_not_widen_it(
    cut_off: Callable[..., dict[str, Any]],
) -> None:
    page = week(30)
    wide = tuple(owed._replace(customer="W" * 200, ticket="T" * 80) for owed in page.overdue)
    told = cut_off(render_weekly(page._replace(overdue=wide, department=LONG), "html"), width=500)
    assert told["out"] == []
