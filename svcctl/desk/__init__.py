"""Use cases: read, decide, append, commit. The only room that brings rules and files together."""
