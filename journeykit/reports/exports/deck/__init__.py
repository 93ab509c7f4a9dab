"""The parts that slides are made of: places, text that fits, native charts and tables, and the slides themselves."""

from __future__ import annotations
