"""Whitening: traits turned into the directions in which people differ most for what varies within one person."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from journeykit.features.tables import EVIDENCE, column_names, read_numbers

from .space import fit_space, in_order, knows_all, part_evidence, within_matrix

__all__ = ["WithinCustomerWhitener"]


class WithinCustomerWhitener(TransformerMixin, BaseEstimator):
    """The space in which personas are sought, as a transformer.

    Solves T v = λ (W + r I) v for the covariance T between people and W within a person, as in linear
    discriminant analysis with each person as a class of their own. Without W the directions are principal
    components. A gap counts as the mean. Units with few contacts are turned, but are not learned from.

    Parameters
    ----------
    within
        Covariance of the traits within a person: a DataFrame with the traits as index and columns, a dict
        ``{"columns": [...], "matrix": [...]}``, or an array in the order of the columns. None takes it from
        ``attrs["within_customer"]`` of the frame, which earlier steps of a pipeline may have lost.
    n_directions
        Most directions that are kept.
    ridge
        How much a direction with little within-person variance is distrusted.
    min_contacts
        Units with fewer contacts are not learned from, where the column ``evidence.contacts`` tells.
    scale
        Whether traits are brought to one scale first; False for those that are already, as `WideTraits` are.

    Attributes
    ----------
    space_ : TraitSpace
        Scales, means and directions.
    within_used_ : bool
        Whether the covariance within a person was known.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people = rng.normal(size=(200, 3))
    >>> whitener = WithinCustomerWhitener(np.diag([0.9, 0.1, 0.9]), n_directions=1).fit(people)
    >>> space = whitener.space_
    >>> whitener.transform(people).shape, int(space.kept[np.abs(space.directions).argmax()])
    ((200, 1), 1)
    """

    def __init__(
        self,
        within: Any = None,
        *,
        n_directions: int = 10,
        ridge: float = 0.5,
        min_contacts: int = 15,
        scale: bool = True,
    ) -> None:
        self.within = within
        self.n_directions = n_directions
        self.ridge = ridge
        self.min_contacts = min_contacts
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> WithinCustomerWhitener:
        """Learn scales and directions.

        Parameters
        ----------
        X
            Rows x traits; gaps are allowed.
        y
            Not used.

        Raises
        ------
        ValueError
            When `within` lacks a trait, or a value is text or infinite.
        """
        carried = getattr(X, "attrs", {}).get("within_customer")
        values = read_numbers(self, X, reset=True)
        names = column_names(self)
        given = self.within is not None
        within = within_matrix(self.within if given else carried, names, strict=given)
        traits, evidence = part_evidence(values, names)
        traits, _ = in_order(traits, evidence, self.min_contacts)
        self.space_ = fit_space(traits, within, self.n_directions, self.ridge, scale=self.scale)
        self.within_used_ = knows_all(within, self.space_.kept)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return coordinates, rows x directions; ``evidence.contacts`` follows as the last column if present."""
        check_is_fitted(self)
        traits, evidence = part_evidence(read_numbers(self, X), column_names(self))
        points = self.space_.project(traits)
        return points if evidence is None else np.column_stack([points, evidence])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of `transform`: ``direction0`` …, and ``evidence.contacts``."""
        check_is_fitted(self)
        names = [f"direction{place}" for place in range(self.space_.directions.shape[1])]
        return np.array([*names, *([EVIDENCE] if EVIDENCE in column_names(self) else [])], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
