"""The card of saved personas: on what they were learned, how, how sure they are, and what they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata

from journeykit.features.tables import trait_names

from .clusterer import PersonaClusterer

__all__ = ["write_card"]

LIBRARIES = ("journeykit", "numpy", "pandas", "scikit-learn", "scipy", "skops")


def write_card(clusterer: PersonaClusterer, about: Mapping[str, str]) -> str:
    """Return the card in Markdown.

    Parameters
    ----------
    clusterer
        Fitted personas.
    about
        Facts about the data on which they were learned, name and value.

    Returns
    -------
    str
        Sections: data, result, each persona, number, method, traits, versions, use. Mitchell, M. et al. (2019).
        Model cards for model reporting. *FAT* 2019.
    """
    parts = (_data, _result, _personas, _number, _method, _traits)
    lines = ["# Personas", ""]
    for part in parts:
        lines += [*part(clusterer, about), ""]
    return "\n".join([*lines, *_versions(), "", *_use()]) + "\n"


def _data(clusterer: PersonaClusterer, about: Mapping[str, str]) -> Iterator[str]:
    yield "## Data"
    yield ""
    yield from (f"- {_plain(name)}: {_plain(value)}" for name, value in about.items())
    placed = int(clusterer.certificate_["customers"].sum())
    yield f"- People with a persona: {placed}"


def _result(clusterer: PersonaClusterer, about: Mapping[str, str]) -> Iterator[str]:
    null = clusterer.null_
    yield "## Result"
    yield ""
    yield f"- Personas found: {'yes' if clusterer.found_ else 'no'} ({clusterer.reason_})"
    what = "Spread explained" if clusterer.classes_ is None else "Foretold of others, nats a person"
    yield (
        f"- {what}: {null['observed']:.3f}; by chance {null['null_mean']:.3f} (p = {null['p_value']:.3f}, "
        f"{null['distance']:.1f} standard deviations, {null['draws']} draws)"
    )
    yield f"- Number: {clusterer.k_} (criteria: {clusterer.k_range_[0]} to {clusterer.k_range_[1]})"


def _personas(clusterer: PersonaClusterer, about: Mapping[str, str]) -> Iterator[str]:
    yield "| persona | customers | share | stability | certified |"
    yield "| --- | --- | --- | --- | --- |"
    for name, row in clusterer.certificate_.iterrows():
        sure = "yes" if row["certified"] else "no"
        yield f"| {name} | {row['customers']} | {row['share']:.3f} | {row['stability']:.2f} | {sure} |"


def _number(clusterer: PersonaClusterer, about: Mapping[str, str]) -> Iterator[str]:
    yield "## Number of personas"
    yield ""
    if clusterer.classes_ is not None:
        yield from _number_by_halves(clusterer)
        return
    yield "| number | gap | halves agree | weakest group comes back | picked by |"
    yield "| --- | --- | --- | --- | --- |"
    for number, row in clusterer.candidates_.iterrows():
        picked = ", ".join(name for name, pick in clusterer.picks_.items() if pick == number)
        halves = "–" if row["split_half"] != row["split_half"] else f"{row['split_half']:.2f}"
        yield f"| {number} | {row['gap']:.3f} | {halves} | {row['jaccard_min']:.2f} | {picked} |"


def _number_by_halves(clusterer: PersonaClusterer) -> Iterator[str]:
    yield "| number | foretold of the other half, nats a person | overlap of the weakest group | picked by |"
    yield "| --- | --- | --- | --- |"
    for number, row in clusterer.candidates_.iterrows():
        picked = ", ".join(name for name, pick in clusterer.picks_.items() if pick == number)
        yield f"| {number} | {row['gain']:.3f} | {row['jaccard_min']:.2f} | {picked} |"


def _method(clusterer: PersonaClusterer, about: Mapping[str, str]) -> Iterator[str]:
    yield "## Method"
    yield ""
    if clusterer.classes_ is None:
        yield "k-means with soft membership, in the directions in which people differ most for what varies within one."
    else:
        blocks = ", ".join(f"`{_plain(name)}`" for name in clusterer.classes_.columns.blocks)
        yield f"A mixture of counts, in blocks: {blocks}. Placed from a probability of 0.8."
    yield ""
    yield from (f"- {name}: {value}" for name, value in sorted(clusterer.get_params().items()))


def _traits(clusterer: PersonaClusterer, about: Mapping[str, str]) -> Iterator[str]:
    names = trait_names(clusterer._names)
    yield "## Traits"
    yield ""
    yield "| trait | median | standard deviation (robust) | used |"
    yield "| --- | --- | --- | --- |"
    used = {names[place]: at for at, place in enumerate(clusterer.space_.kept)}
    for name in names:
        if name in used:
            centre, scale = (part[used[name]] for part in (clusterer.space_.centre, clusterer.space_.scale))
            yield f"| `{_plain(name)}` | {centre:.4g} | {scale:.4g} | yes |"
        else:
            yield f"| `{_plain(name)}` | | | no: does not vary, or repeats another |"


def _versions() -> Iterator[str]:
    yield "## Versions"
    yield ""
    yield from (f"- {name} {metadata.version(name)}" for name in LIBRARIES)


def _use() -> Iterator[str]:
    yield "## Use"
    yield ""
    yield "- For: describing groups and addressing them."
    yield "- Not for: decisions about a single person; membership is a probability."


def _plain(words: str) -> str:
    """Return words that mean nothing to Markdown or HTML."""
    return "".join(
        " " if sign in "\r\n" else f"&#{ord(sign)};" if sign in "<>|`[]" else sign for sign in words
    )
