"""Measurements behind the docs: each prints the table of a page again."""
