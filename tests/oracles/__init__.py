"""Oracles: plain, slow readings of the tables, written from what docs/reference/tables.md says of them."""
