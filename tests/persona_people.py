"""People of known groups, for the tests of personas."""

from __future__ import annotations

import numpy as np
import pandas as pd

QUICK = {"n_bootstrap": 6, "n_null": 9}


def people(sizes=(160, 110, 80), apart=3.0, traits=8, seed=0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a trait frame of groups of known sizes, and who belongs where."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(0, apart / np.sqrt(2), (len(sizes), traits))
    values = centres[truth] + rng.normal(0, 1, (len(truth), traits))
    frame = pd.DataFrame(values, columns=[f"block.t{place}" for place in range(traits)])
    frame["evidence.contacts"] = rng.integers(20, 90, len(frame)).astype(float)
    return frame.set_axis([f"c{place:04d}" for place in range(len(frame))]).rename_axis("unit_id"), truth
