"""Drafts, versions, the commit, aliases, lineage, download, diff and verification (spec: 10-artifacts, 10b-commit)."""
