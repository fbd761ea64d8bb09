"""Family E1: what can be wrong with the bytes of a record file. Knows the words, not the reading.

``MESSAGES`` maps a code to severity, title, message and remedy (English templates). The places in
the templates are filled from ``Problem.args`` of the problems that ``ledger.yamltext`` and its
neighbours make.
"""

from __future__ import annotations

from svcctl.domain.problems import N_, Severity

MESSAGES: dict[str, tuple[Severity, str, str, str]] = {
    "E101": (
        "error",
        N_("not UTF-8"),
        N_("the byte {byte} is not UTF-8 text"),
        N_("save the file again in the encoding UTF-8 (it may be GBK or UTF-16 now)"),
    ),
    "E102": (
        "error",
        N_("byte order mark"),
        N_("the file starts with a byte order mark"),
        N_("save the file as UTF-8 without a byte order mark (BOM)"),
    ),
    "E103": (
        "warning",
        N_("carriage return"),
        N_("{count} of the lines end with a carriage return (CRLF)"),
        N_(
            "save the file with Unix line ends (LF); the next change by svcctl does it too, "
            "and svcctl sync where it is committed"
        ),
    ),
    "E104": (
        "error",
        N_("tab as indentation"),
        N_("the line is indented with a tab"),
        N_("indent with spaces"),
    ),
    "E105": (
        "error",
        N_("merge conflict"),
        N_("the file holds an unresolved merge conflict: a line starts with {marker}"),
        N_("keep what is right of both sides and delete the lines with the markers"),
    ),
    "E106": (
        "error",
        N_("not YAML"),
        N_("the file cannot be read as YAML: {what} (begun in line {since})"),
        N_("correct the line, or take back the last good version with git restore"),
    ),
    "E107": (
        "error",
        N_("duplicate key"),
        N_("the key {key} stands twice, first in line {first}, again in line {second}"),
        N_("keep one of the two"),
    ),
    "E108": (
        "error",
        N_("anchor or alias"),
        N_("{mark} is a YAML anchor or alias, which records do not use"),
        N_(
            "write the value itself at each place, in double quotes if it begins with & or *; where a "
            "program writes the file, let it write no aliases, or write JSON"
        ),
    ),
    "E109": (
        "error",
        N_("tag"),
        N_("{tag} is a YAML tag, which records do not use"),
        N_("remove it; put the value in double quotes if it begins with !"),
    ),
    "E110": (
        "error",
        N_("control character"),
        N_("the invisible control character {char} stands in the file"),
        N_("delete it, or write it as an escape in double quotes"),
    ),
    "E111": (
        "warning",
        N_("no final line end"),
        N_("the last line has no line end: it may be cut off"),
        N_("check the last line, then end it with a line feed"),
    ),
    "E112": (
        "error",
        N_("nested too deep"),
        N_("lists and mappings are nested deeper than {limit}"),
        N_("write it flatter"),
    ),
    "E113": (
        "error",
        N_("file too large"),
        N_("the file has {size} bytes; a record has at most {limit}"),
        N_("look whether it is a record at all; large files belong under attachments"),
    ),
    "E114": (
        "error",
        N_("more than one document"),
        N_("a second YAML document begins here"),
        N_("keep one record per file"),
    ),
    "E115": (
        "error",
        N_("unexpected shape"),
        N_("{what} must be {expected}, and is {found}"),
        N_("compare the file with its neighbours and write it in the same shape"),
    ),
    "E116": (
        "error",
        N_("not a plain file"),
        N_("the file cannot be read: it is {found}"),
        N_("put a plain, readable file in its place"),
    ),
}
