"""What people look at: tables, JSON, CSV, pages. Knows no file of the ledger."""
