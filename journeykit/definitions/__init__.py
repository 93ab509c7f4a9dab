"""Data, not code: stage models, touchpoints, texts and templates."""
