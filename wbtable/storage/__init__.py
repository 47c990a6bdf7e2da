"""Bytes by key, then bytes by digest."""
