"""The columns of the tables that several commands print. Data only."""

from __future__ import annotations

from svcctl.domain.problems import N_
from svcctl.views.output import Column

TICKET = (
    Column("id", N_("ticket")),
    Column("state", N_("state"), show="word"),
    Column("priority", N_("priority"), show="word", spare=3),
    Column("kind", N_("type"), show="word", spare=2),
    Column("opened", N_("taken at"), show="time", spare=4),
    Column("name", N_("customer"), width=20, least=10),
    Column("subject", N_("subject"), width=30),
    Column("engineer", N_("engineer"), show="person"),
    Column("visit", N_("appointment"), show="time", spare=1),
    Column("next", N_("to do next"), show="word"),
    Column("next_due", N_("due by"), show="due"),
)

OBLIGATION = (
    Column("kind", N_("what is owed"), show="word"),
    Column("number", N_("no."), align="right", spare=2),
    Column("owner", N_("owed by"), show="word"),
    Column("who", N_("person"), show="person"),
    Column("starts", N_("counted from"), show="time", spare=1),
    Column("due", N_("due by"), show="due"),
    Column("met", N_("done at"), show="time"),
    Column("state", N_("standing"), show="word"),
)

CALLBACK = (
    Column("ticket", N_("ticket")),
    Column("kind", N_("which callback"), show="word"),
    Column("name", N_("customer"), width=20, least=12),
    Column("phone", N_("phone"), show="phone"),
    Column("engineer", N_("engineer"), show="person"),
    Column("due", N_("due by"), show="due"),
    Column("overdue_minutes", N_("overdue"), align="right", show="minutes"),
    Column("attempts", N_("calls tried"), align="right", spare=1),
)
