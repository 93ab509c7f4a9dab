"""Stages: where everyone is in the journey, how sure that is, and where they go next."""

from journeykit.stages.classifier import StageClassifier
from journeykit.stages.evidence import stage_evidence
from journeykit.stages.inference import StageInference, infer_stages, infer_with, read_stages
from journeykit.stages.paths import draw_paths
from journeykit.stages.reader import StageReader
from journeykit.stages.reuse import StageReuse, reuse_stages
from journeykit.stages.saving import load_stages, save_stages

__all__ = [
    "StageClassifier",
    "StageInference",
    "StageReader",
    "StageReuse",
    "draw_paths",
    "infer_stages",
    "infer_with",
    "load_stages",
    "read_stages",
    "reuse_stages",
    "save_stages",
    "stage_evidence",
]
