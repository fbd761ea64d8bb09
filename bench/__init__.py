"""The project's own benchmark: ledgers of several sizes, floors, peers, and one row per promise."""
