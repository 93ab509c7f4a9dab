"""Checks: what a client's data can and cannot answer, and what in them is doubtful."""

from journeykit.checks.doubts import DOUBTS, find_doubts
from journeykit.checks.judging import QUESTIONS, DataCheck, check_data, stage_evidence

__all__ = ["DOUBTS", "QUESTIONS", "DataCheck", "check_data", "find_doubts", "stage_evidence"]
