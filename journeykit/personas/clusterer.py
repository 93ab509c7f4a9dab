"""PersonaClusterer: find groups of people by their traits, and say whether they are real."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from journeykit.features.tables import EVIDENCE, column_names, read_numbers, trait_names

from .certificate import LEAST_DISTANCE, LEAST_OF_MIXED, against_chance, beats_chance
from .choosing import STABLE, bootstrap_jaccard, choose_number, score_candidates
from .classes import LEAST_CHANCE
from .count_classes import CountClasses, columns_in, learn_counts
from .grouping import group, soft_groups, weighted_groups
from .parameters import check_parameters
from .progress import telling
from .sampling import MOST_AT_ONCE, drawn, in_blocks, left_out, references
from .space import (  # fmt: skip
    TraitSpace,
    blocks_of,
    fit_space,
    in_order,
    part_evidence,
    plain_space,
    unaligned,
    within_matrix,
)

__all__ = ["EVIDENCE", "MOST_AT_ONCE", "PersonaClusterer"]

MOST_STUDIED = 2000  # rows on which the number is chosen and chance is tested
MOST_FITTED = 30_000  # rows on which the final groups are learned
USUAL_LEAST = 15  # contacts from which traits, which are shares, say something of a person
FAR = 0.999  # quantile of the distance to the nearest centre beyond which nobody is placed


class PersonaClusterer(TransformerMixin, ClusterMixin, BaseEstimator):
    """Groups of people who behave alike, with a certificate.

    A trait frame that holds counts (``count.<block>.<category>``, as `measure_traits` gives them) is divided by a
    mixture of counts, a Dirichlet-multinomial per class and block. The number of classes is the largest by which
    one half of the people foretells the other better and on which both halves agree. They must foretell more than
    those of people whose blocks are shuffled among equals, and than a continuum. A probability of 0.8 places.

    Any other table is grouped by its traits. They are standardised by median and quartile range, turned into the
    directions in which people differ most for what varies within one person (`fit_space`), and grouped by k-means
    with soft membership. The within-person covariance travels with the trait frame in
    ``attrs["within_customer"]``; without it the directions are principal components. A gap counts as the mean.

    With the column ``evidence.contacts``, units with few contacts and units far from every group stay unassigned
    (-1), and everybody where the groups do not beat chance. In any other table everybody has a label from 0.

    Parameters
    ----------
    k
        Number of personas, or ``"auto"``. A number that is given is obeyed; `found_` still tells the truth.
    k_max
        Largest number that ``"auto"`` tries.
    n_directions
        Most directions that are kept.
    ridge
        How much a direction with little within-person variance is distrusted.
    min_contacts
        Units with fewer contacts are not placed. ``"auto"``: by counts, the smallest number at which placements
        from two halves of the log agree in 0.8; by traits, 15, and who has fewer does not shape the personas.
    n_bootstrap
        Samples for the stability of each persona.
    n_null
        Draws of shuffled, and of shapeless, people that the personas must beat; 0 skips the test.
    whiten
        True scales and turns the traits. ``"turn"`` only turns them, for traits that are on one scale already,
        as those of `WideTraits` are. False takes the columns as coordinates, as `WithinCustomerWhitener` makes
        them, and groups them as they are.
    random_state
        Seed. The same data in another order give the same personas.
    verbose
        1 tells on standard error which part is begun: directions, number, chance, stability.

    Attributes
    ----------
    k_ : int
        Number of personas; 1 where there are none.
    k_range_ : tuple of int
        Smallest and largest number that a criterion picks.
    picks_ : dict
        Number picked by each criterion.
    found_ : bool
        Whether these data show personas.
    reason_ : str
        ``found``, ``no_traits``, ``too_few``, ``chance``, ``unstable``, ``one_group``, ``continuum`` (no gaps
        between people) or ``nobody`` (can be placed).
    min_contacts_ : int
        Contacts from which units are placed.
    candidates_ : DataFrame
        Scores per number of groups.
    null_ : dict
        ``observed, null_mean, null_high, distance, p_value, draws``; by counts nats a person, held out.
    certificate_ : DataFrame
        Per persona: ``stability`` (mean bootstrap Jaccard), ``certified``, ``customers``, ``share``.
    labels_ : array of int
        Persona of each row, largest first; -1 unassigned.
    notes_ : tuple of str
        Traits that were left out, because they do not vary or repeat another.
    reference_, usual_
        Per used trait its spread over ten bins (``edges``, ``shares``); novelty that 95 % of the people stay below.
    last_id_ : int
        Highest number that any persona of this client's reports has had in its id.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> people = np.vstack([rng.normal(0, 1, (60, 3)), rng.normal(6, 1, (40, 3))])
    >>> clusterer = PersonaClusterer(n_bootstrap=5, n_null=9).fit(people)
    >>> clusterer.k_, clusterer.found_, np.bincount(clusterer.labels_).tolist()
    (2, True, [60, 40])
    """

    found_: bool
    _careful: bool

    def __init__(
        self,
        k: int | str = "auto",
        *,
        k_max: int = 8,
        n_directions: int = 10,
        ridge: float = 0.5,
        min_contacts: int | str = "auto",
        n_bootstrap: int = 20,
        n_null: int = 29,
        whiten: bool | str = True,
        random_state: int | None = 0,
        verbose: int = 0,
    ) -> None:
        self.k = k
        self.k_max = k_max
        self.n_directions = n_directions
        self.ridge = ridge
        self.min_contacts = min_contacts
        self.n_bootstrap = n_bootstrap
        self.n_null = n_null
        self.whiten = whiten
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> PersonaClusterer:
        """Learn personas.

        Parameters
        ----------
        X
            Rows x traits; gaps are allowed.
        y
            Not used.

        Raises
        ------
        ValueError
            When a trait is infinite or no number, or there are fewer rows than personas asked for.
        """
        within = getattr(X, "attrs", {}).get("within_customer")
        values = read_numbers(self, X, reset=True)
        self._names = column_names(self)
        traits, evidence = part_evidence(values, self._names)
        check_parameters(self, len(traits))
        with threadpool_limits(1), telling(self.verbose > 0) as tell:
            self._learn(values, traits, evidence, within_matrix(within, self._names), tell)
        self.labels_ = self._labels(values)
        if self.found_ and self._careful and not (self.labels_ >= 0).any():
            self.found_, self.reason_ = False, "nobody"
        self._count()
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the persona of each row, -1 for who cannot be placed."""
        check_is_fitted(self)
        return self._labels(read_numbers(self, X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each persona, rows x personas, for unassigned rows too."""
        check_is_fitted(self)
        values = read_numbers(self, X)
        return np.concatenate([self._chances(part) for part in in_blocks(values)])

    def transform(self, X: Any) -> np.ndarray:
        """Return the coordinates of each row in the directions that set people apart."""
        check_is_fitted(self)
        return self.transform_values(read_numbers(self, X))

    def novelty(self, X: Any) -> np.ndarray:
        """Return how far each row is from the nearest persona, 1 = the edge of what was seen when learning."""
        check_is_fitted(self)
        return self._groups.distances(self.transform_values(read_numbers(self, X))) / self._edge

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of `transform`."""
        check_is_fitted(self)
        directions = self.space_.directions.shape[1]
        return np.array([f"direction{place}" for place in range(directions)], dtype=object)

    @property
    def centres_(self) -> np.ndarray:
        """Centres of the personas, personas x directions."""
        return self._groups.centres

    @property
    def ids_(self) -> tuple[str, ...]:
        """Ids of the personas, in the order of their labels: ``p1``, ``p2`` … by size, unless others were kept."""
        return tuple(self.certificate_.index)

    def keep_ids(self, ids: dict[str, str], last: int = 0) -> PersonaClusterer:
        """Give the personas the ids of an earlier report; `last_id_` is the highest number that was ever used.

        Parameters
        ----------
        ids
            New id by present id.
        last
            Highest number that was used before.
        """
        check_is_fitted(self)
        self.certificate_: pd.DataFrame = self.certificate_.rename(index=ids)
        self.last_id_ = max([last, *(int(name[1:]) for name in self.ids_ if name[1:].isdigit())])
        return self

    def save(self, path: Any, about: dict[str, Any] | None = None) -> Any:
        """Save the personas with a card beside; see `journeykit.personas.save_personas`."""
        from .files import save_personas

        return save_personas(self, path, about)

    @classmethod
    def load(cls, path: Any) -> PersonaClusterer:
        """Load saved personas; see `journeykit.personas.load_personas`."""
        from .files import load_personas

        return load_personas(path)

    def transform_values(self, values: np.ndarray) -> np.ndarray:
        """Return coordinates of checked values."""
        return np.concatenate(
            [self.space_.project(part_evidence(part, self._names)[0]) for part in in_blocks(values)]
        )

    def place(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return label, greatest probability, novelty and coordinates of checked values, in one pass."""
        traits, evidence = part_evidence(values, self._names)
        points = self.space_.project(traits)
        chances, novelty = self._chances(values), self._groups.distances(points) / self._edge
        labels = chances.argmax(axis=1)
        if self._careful and not self.found_ and self.k == "auto":
            labels[:] = -1
        elif evidence is not None:
            labels[(novelty > 1) | ~(evidence >= self.min_contacts_)] = -1
        if self.classes_ is not None:
            labels[(chances.max(axis=1) < LEAST_CHANCE) | ~self.classes_.seen(values, self._names)] = -1
        return labels, chances.max(axis=1), novelty, points

    def _chances(self, values: np.ndarray) -> np.ndarray:
        if self.classes_ is not None:
            return self.classes_.chances(values, self._names)
        return self._groups.probabilities(self.space_.project(part_evidence(values, self._names)[0]))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _learn(
        self, values: np.ndarray, traits: np.ndarray, evidence: np.ndarray | None, within, tell
    ) -> None:
        tell("directions")
        self.classes_: CountClasses | None = None
        rng = np.random.default_rng(self.random_state)
        self.min_contacts_ = USUAL_LEAST if self.min_contacts == "auto" else int(self.min_contacts)
        columns, every = columns_in(values, self._names) if self.whiten is True else None, traits
        traits, evidence = in_order(traits, evidence, 0 if columns else self.min_contacts_)

        def fit(values: np.ndarray) -> TraitSpace:
            if self.whiten:
                return fit_space(values, within, self.n_directions, self.ridge, scale=self.whiten != "turn")
            return plain_space(values)

        chosen = drawn(len(traits), MOST_FITTED, rng)
        traits, evidence = traits[chosen], None if evidence is None else evidence[chosen]
        self.space_ = fit(traits)
        self.notes_ = left_out(self._names, self.space_)
        self.reference_ = references(self._names, self.space_, traits)
        if columns is not None:
            self._learn_classes(values, every, columns, rng, tell)
            return
        points = self.space_.project(traits)
        studied = drawn(len(points), MOST_STUDIED, rng)
        tell("number")
        self._choose(points[studied], rng)
        tell("chance")
        self._test(traits[studied], None if evidence is None else evidence[studied], fit, rng)
        tell("stability")
        self._settle(points, points[studied], evidence is not None, rng)

    def _learn_classes(self, values: np.ndarray, traits: np.ndarray, columns, rng, tell) -> None:
        """Learn personas of counts."""
        learned = learn_counts(values, self._names, columns, self, rng, tell)
        self.classes_, found, least, rows = learned
        self.reason_, self.found_ = found.reason, found.reason == "found"
        self.candidates_, self.picks_, self.null_ = found.candidates, found.picks, found.null
        self.k_, self._stability, self._careful = found.mixture.k, found.stability, True
        self.k_range_ = (min(found.picks.values()), max(found.picks.values()))
        self.min_contacts_ = least if self.min_contacts == "auto" else int(self.min_contacts)
        points = self.space_.project(traits[rows])
        self._groups = weighted_groups(points, self.classes_.chances(values[rows], self._names))
        self._set_edge(points)

    def _choose(self, points: np.ndarray, rng: np.random.Generator) -> None:
        distinct = len(np.unique(points.round(9), axis=0)) if points.shape[1] else 1
        most = min(self.k_max, distinct, max(1, len(points) // 2))
        numbers = list(range(1, most + 1)) if self.k == "auto" else [min(int(self.k), distinct)]
        self.candidates_ = score_candidates(points, numbers, max(2, self.n_bootstrap // 2), rng)
        picks = (
            choose_number(self.candidates_)
            if self.k == "auto"
            else {"given": numbers[0], "chosen": numbers[0]}
        )
        self.k_ = picks.pop("chosen")
        self.picks_ = picks
        self.k_range_ = (min(picks.values()), max(picks.values()))

    def _test(self, traits: np.ndarray, evidence: np.ndarray | None, fit, rng: np.random.Generator) -> None:
        self.null_ = {"observed": 0.0, "null_mean": np.nan, "null_high": np.nan, "distance": 0.0,
                      "p_value": 1.0, "draws": 0}  # fmt: skip
        if self.space_.directions.shape[1] == 0:
            self.reason_ = "no_traits"
        elif len(traits) < 4 or len(traits) < 2 * self.k_:
            self.reason_ = "too_few"
        elif self.k_ < 2:
            self.reason_ = "one_group"
        else:
            self.null_ = self._chance(traits, evidence, fit, rng)
            stable = self.candidates_.loc[self.k_, "jaccard_mean"] >= STABLE
            least = LEAST_OF_MIXED if self.whiten == "turn" else LEAST_DISTANCE
            self.reason_ = (
                "chance" if not beats_chance(self.null_, least) else "found" if stable else "unstable"
            )
        self.found_ = self.reason_ == "found"

    def _chance(self, traits: np.ndarray, evidence: np.ndarray | None, fit, rng) -> dict[str, float]:
        """Compare with chance, in the way that suits how the columns came."""
        blocks = None
        if self.whiten == "turn":
            blocks = blocks_of(trait_names(self._names), traits)
        elif not self.whiten:
            traits, fit = unaligned(self.space_.project(traits), rng)
        return against_chance(
            traits, evidence, self.k_, fit, self.n_null, rng, skewed=self.whiten is not True, blocks=blocks
        )

    def _settle(
        self, points: np.ndarray, studied: np.ndarray, careful: bool, rng: np.random.Generator
    ) -> None:
        """Learn the final groups, largest first."""
        self._careful = careful
        if not self.found_ and self.k == "auto":
            self.k_ = 1
        centres = group(points, self.k_, int(rng.integers(2**31)), 10)
        sizes = soft_groups(points, centres).shares
        centres = centres[np.lexsort([*centres.T[::-1], -sizes.round(9)])]
        self._groups = soft_groups(points, centres)
        self._stability = (
            bootstrap_jaccard(studied, centres, self.n_bootstrap, rng) if self.k_ > 1 else np.ones(1)
        )
        self._set_edge(points)

    def _set_edge(self, points: np.ndarray) -> None:
        """Keep how far people lie from their persona: beyond the edge nobody is placed."""
        distances = self._groups.distances(points)
        self._edge = 1.25 * max(float(np.quantile(distances, FAR)), 1e-9)
        self.usual_ = float(np.quantile(distances, 0.95)) / self._edge

    def _labels(self, values: np.ndarray) -> np.ndarray:
        return np.concatenate([self.place(part)[0] for part in in_blocks(values)])

    def _count(self) -> None:
        customers = np.bincount(self.labels_[self.labels_ >= 0], minlength=self.k_)
        certified = (self._stability >= STABLE) & self.found_
        self.last_id_ = self.k_
        self.certificate_ = pd.DataFrame(
            {
                "stability": self._stability,
                "certified": certified,
                "customers": customers,
                "share": customers / max(customers.sum(), 1),
            },
            index=pd.Index([f"p{place + 1}" for place in range(self.k_)], name="persona"),
        )
