"""Expressions, views, joins and comparisons over tables: one grammar, one document, one engine."""
