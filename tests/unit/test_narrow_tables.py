"""Tables on narrow terminals: what is read stays readable, what says nothing goes."""

from __future__ import annotations

import pytest

from svcctl.views.output import Column
from svcctl.views.safe import width
from svcctl.views.tables import table
from svcctl.views.wrapping import wrap

DETAILS = (
    Column("id", "id"),
    Column("what", "what", least=10, wrap=True),
    Column("counts", "counts", spare=1),
)


def test_a_long_text_goes_on_in_the_next_line() -> None:
    items = [{"id": "1SHA", "what": "故障原因：压缩机电容损坏；处理：更换电容", "counts": ""}]
    lines = table(items, DETAILS, 30).splitlines()
    assert max(map(width, lines)) <= 30
    assert "".join(line[6:] for line in lines[2:]).replace(" ", "") == items[0]["what"]


def test_without_a_terminal_it_stays_one_line() -> None:
    text = "x" * 200
    assert text in table([{"id": "1", "what": text, "counts": ""}], DETAILS, None)


def test_a_column_that_can_be_spared_goes_where_nothing_stands_in_it() -> None:
    items = [{"id": "1", "what": "x", "counts": ""}, {"id": "2", "what": "y", "counts": ""}]
    assert table(items, DETAILS, None).splitlines()[0].split() == ["id", "what"]
    items[1]["counts"] = "no"
    assert table(items, DETAILS, None).splitlines()[0].split() == ["id", "what", "counts"]


def test_a_name_keeps_the_room_it_needs_and_another_text_gives_way() -> None:
    columns = (
        Column("id", "id"),
        Column("name", "name", least=12),
        Column("subject", "subject"),
    )
    items = [{"id": "SHA-261116-02G", "name": "春晓幼儿园", "subject": "空调不制冷而且漏水"}]
    shown = table(items, columns, 36)
    assert "春晓幼儿园" in shown
    assert "空" in shown
    assert "漏水" not in shown


@pytest.mark.parametrize("columns", [8, 20, 41])
def test_no_line_is_wider_than_it_may_be_whatever_the_words(columns: int) -> None:
    text = "a" * 50 + " 你好世界，这是 " + "b" * 7 + "。" + "c d " * 9
    lines = wrap(text, columns)
    # A sign that never begins a line may stand one over.
    assert all(width(line.rstrip("，。")) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
