"""Labels of the words that records store. Knows the vocabulary; not where a label is shown.

A key is the stored word, or ``field.word`` where one word means two things. The label is English
and is translated where it is shown. Two words that need different translations have different labels.
"""

from __future__ import annotations

from svcctl.domain.problems import N_

LABELS: dict[str, str] = {
    # kinds of request
    "repair": N_("repair"),
    "install": N_("installation"),
    "inspection": N_("inspection"),
    "complaint": N_("complaint"),
    "inquiry": N_("inquiry"),
    "support": N_("technical support"),
    # priorities and channels
    "urgent": N_("urgent"),
    "normal": N_("normal"),
    "phone": N_("phone"),
    "mail": N_("mail"),
    "online": N_("online"),
    "letter": N_("letter"),
    "visit": N_("visit"),
    # what can happen to a ticket
    "opened": N_("opened"),
    "contacted": N_("contacted"),
    "replied": N_("replied"),
    "reviewed": N_("reviewed"),
    "quoted": N_("quoted"),
    "accepted": N_("accepted by the customer"),
    "declined": N_("declined"),
    "dispatched": N_("dispatched"),
    "reassigned": N_("reassigned"),
    "arrived": N_("arrived"),
    "finished": N_("finished"),
    "slip-printed": N_("slip printed"),
    "slip-returned": N_("slip returned"),
    "slip-explained": N_("slip explained"),
    "called-back": N_("called back"),
    "noted": N_("noted"),
    "closed": N_("closed"),
    "reopened": N_("reopened"),
    "cancelled": N_("cancelled"),
    "amended": N_("amended"),
    "voided": N_("voided"),
    "settled": N_("settled"),
    "imported": N_("imported"),
    # states of a ticket that are no event of their own
    "new": N_("new"),
    "rework": N_("rework"),
    # outcomes of a call, a visit, a review
    "reached": N_("reached"),
    "unreached": N_("not reached"),
    "refused": N_("refused"),
    "fixed": N_("fixed"),
    "by-phone": N_("solved by phone"),
    "no-fault": N_("no fault found"),
    "no-access": N_("nobody there"),
    "not-fixed": N_("not fixed"),
    "parts-needed": N_("waiting for parts"),
    "workshop": N_("taken to the workshop"),
    "free": N_("free of charge"),
    "paid": N_("at the customer's expense"),
    "yes": N_("yes"),
    "no": N_("no"),
    "left": N_("left with the customer"),
    "satisfied": N_("satisfied"),
    "dissatisfied": N_("dissatisfied"),
    # obligations and their states
    "first-call": N_("first call"),
    "reply": N_("reply within the time"),
    "slip": N_("slip hand-in"),
    "callback-next": N_("callback the day after"),
    "callback-slip": N_("callback after the slip"),
    "payment": N_("payment"),
    "open": N_("open"),
    "met": N_("met"),
    "missed": N_("missed"),
    "late": N_("late"),
    "excused": N_("excused"),
    "waived": N_("waived"),
    "paused": N_("paused"),
    # people
    "manager": N_("manager"),
    "coordinator": N_("coordinator"),
    "engineer": N_("service engineer"),
    "store-keeper": N_("store keeper"),
    "clerk": N_("clerk"),
    "vice-president": N_("vice president"),
    "general-manager": N_("general manager"),
    # findings
    "error": N_("error"),
    "warning": N_("warning"),
}
