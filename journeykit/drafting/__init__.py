"""Drafts: a client file proposed from raw files, every guess with its evidence."""

from journeykit.drafting.drafting import draft_client

__all__ = ["draft_client"]
