"""Data that the examples use; see README.md beside this file."""
