"""Writes what the page is begun with."""
