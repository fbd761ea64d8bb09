"""The command line: parses words, calls the desk, prints. Decides nothing."""
