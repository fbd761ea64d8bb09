"""The tables of the index and their own indexes. Knows columns; not what fills them, nor who asks."""

from __future__ import annotations

import sqlite3

from svcctl.ledger.rows import OWING_COLUMNS, RULE_COLUMNS, TICKET_COLUMNS, view_of_unsettled
from svcctl.ledger.settled import SETTLED_COLUMNS


def create(connection: sqlite3.Connection, made: str) -> None:
    """Make them all in a database that has none yet. ``made`` tells by what, for whoever opens it."""
    tickets = ", ".join(TICKET_COLUMNS[1:])
    owed = ", ".join(OWING_COLUMNS[1:])
    settled = ", ".join(SETTLED_COLUMNS[1:])
    rules = ", ".join(RULE_COLUMNS[1:])
    connection.executescript(
        f"""
        begin;
        create table meta (key text primary key, value text) without rowid;
        create table dirty (
            path text primary key, size, mtime, ctime, inode, noticed
        ) without rowid;
        create table tickets (path text not null, {tickets});
        create unique index tickets_path on tickets (path);
        create index tickets_id on tickets (id);
        create index tickets_open on tickets (opened) where ended = 0;
        create index tickets_contested on tickets (id) where contested != '';
        create index tickets_last on tickets (last_at);
        create index tickets_customer on tickets (customer);
        create index tickets_unit on tickets (unit) where unit != '';
        create index tickets_foreign on tickets (foreign_id) where foreign_id != '';
        create index tickets_about on tickets (about) where about != '';
        create table owings (owing integer primary key, {owed});
        create index owings_undecided on owings (due) where verdict = 0;
        create index owings_breached on owings (verdict) where verdict in (0, 2, 5);
        create table settled (ticket integer primary key, {settled});
        create table rules (rule_id integer primary key, {rules});
        create view unsettled as {view_of_unsettled()};
        create table problems (path, code, severity, line, column, args, excerpt, subject);
        create index problems_path on problems (path);
        create table cards (path text not null, kind, id, name, phone, role, customer, fields);
        create unique index cards_path on cards (path);
        create index cards_kind on cards (kind, id);
        create index cards_customer on cards (customer) where customer != '';
        create table journals (path text not null, id, desks, people, tickets);
        create unique index journals_path on journals (path);
        insert into meta values ('made', '{made}');
        commit;
        """
    )
