"""Files: strict reading, durable writing, lock, index, git. Knows no use case."""
