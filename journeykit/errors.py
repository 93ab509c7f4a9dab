"""Errors built from facts: what is wrong, where, the nearest known value, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = ["ClientFileError", "DataError", "JourneykitError", "nearest", "unknown"]


class JourneykitError(ValueError):
    """A problem that the reader can mend, told in one sentence and its remedy.

    Parameters
    ----------
    problem
        What is wrong, as a sentence without its full stop.
    where
        The file, table or column in which it was found.
    line
        The line or row, counted from 1.
    remedy
        What to do about it.

    Examples
    --------
    >>> print(JourneykitError("the file is empty", where="orders.csv", remedy="export it again"))
    orders.csv: the file is empty. Remedy: export it again.
    """

    def __init__(
        self,
        problem: str,
        *,
        where: str | Path | None = None,
        line: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem, self.where, self.line, self.remedy = problem, where, line, remedy
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        place = f"{self.where}" if self.where else ""
        place += f", line {self.line}" if self.line else ""
        said = f"{place}: {self.problem}" if place else self.problem
        said = said if said.endswith((".", "?")) else f"{said}."
        return f"{said} Remedy: {self.remedy.rstrip('.')}." if self.remedy else said

    def __reduce__(self):  # errors travel between the processes of a batch
        return _rebuild, (type(self), self.problem, self.where, self.line, self.remedy)


class ClientFileError(JourneykitError):
    """The client file or stage model cannot be read as it stands (exit status 2)."""


class DataError(JourneykitError):
    """The client's data cannot be read or hold nothing that can be used (exit status 1)."""


def _rebuild(kind, problem, where, line, remedy):
    return kind(problem, where=where, line=line, remedy=remedy)


def nearest(word: object, known: Iterable[object]) -> str | None:
    """Return the known value nearest to a word, or None when nothing is near.

    Examples
    --------
    >>> nearest("purchse", ["purchase", "use"])
    'purchase'
    """
    by_lower = {str(option).lower(): str(option) for option in known}
    found = get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[found[0]] if found else None


def unknown(
    what: str,
    word: object,
    known: Iterable[object],
    *,
    where: str | Path | None = None,
    line: int | None = None,
    remedy: str | None = None,
    kind: type[JourneykitError] = JourneykitError,
) -> JourneykitError:
    """Return the error for a name that is not known, with the nearest one that is.

    Examples
    --------
    >>> print(unknown("stage", "purchse", ["purchase", "use"], where="my-model.yml"))
    my-model.yml: unknown stage 'purchse'. Did you mean 'purchase'? Remedy: use one of: purchase, use.
    """
    options = [str(option) for option in known]
    near = nearest(word, options)
    problem = f"unknown {what} {str(word)!r}" + (f". Did you mean {near!r}?" if near else "")
    shown = ", ".join(options[:12]) + (f" … ({len(options)} in all)" if len(options) > 12 else "")
    return kind(
        problem, where=where, line=line, remedy=remedy or (f"use one of: {shown}" if options else None)
    )
