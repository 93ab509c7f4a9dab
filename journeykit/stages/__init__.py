"""Stages: where everyone is in the journey, how sure that is, and where they go next."""

from journeykit.stages.classifier import StageClassifier
from journeykit.stages.evidence import stage_evidence
from journeykit.stages.inference import (
    GIVEN,
    HINDSIGHT,
    LIKELY,
    UNSURE,
    StageInference,
    infer_stages,
    infer_with,
    read_stages,
)
from journeykit.stages.label_file import add_label, read_label_file, undo_label
from journeykit.stages.paths import draw_paths
from journeykit.stages.picking import pick_for_labelling
from journeykit.stages.reader import StageReader
from journeykit.stages.reuse import StageReuse, reuse_stages
from journeykit.stages.saving import load_stages, save_stages

__all__ = [
    "GIVEN",
    "HINDSIGHT",
    "LIKELY",
    "UNSURE",
    "StageClassifier",
    "StageInference",
    "StageReader",
    "StageReuse",
    "add_label",
    "draw_paths",
    "infer_stages",
    "infer_with",
    "load_stages",
    "pick_for_labelling",
    "read_label_file",
    "read_stages",
    "reuse_stages",
    "save_stages",
    "stage_evidence",
    "undo_label",
]
