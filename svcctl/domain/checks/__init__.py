"""The audit's rules: pure functions that give ``Problem`` values, one family per file."""
