"""One fragment from rows to object: encoded, hashed and summarised by a job of its own (spec: 07-fragments)."""
