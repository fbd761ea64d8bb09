"""A plain-file ledger for an after-sales service department."""

__version__ = "0.1.0"
