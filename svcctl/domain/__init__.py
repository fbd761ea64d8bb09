"""The rules of the department as pure functions: no files, no clock, no git, no environment."""
