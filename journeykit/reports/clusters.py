"""The same batch on a dask cluster: every task makes one report on its worker, in a process of its own with its limits.

Workers see the same files under the same paths as the machine that starts the batch: client files, data, notebook
and the folder of the reports. Each worker puts its report in its place itself; the index is written by who started
the batch. Nothing but what is to be made and what became of it travels over the network.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from journeykit.errors import JourneykitError
from journeykit.reports.keys import code_key
from journeykit.reports.making import make
from journeykit.reports.outcomes import Job, Outcome
from journeykit.reports.progress import Progress
from journeykit.reports.supervision import Limits

__all__ = ["make_on_worker", "run_on_cluster", "scheduler_address"]

SCHEMES = {"dask": "tcp", "tcp": "tcp", "tls": "tls"}
PATIENCE = "15s"  # for a scheduler that does not answer


def scheduler_address(cluster: str) -> str:
    """Return the address of a scheduler as dask writes it.

    Raises
    ------
    JourneykitError
        When it is no ``dask://host:port``.

    Examples
    --------
    >>> scheduler_address("dask://10.0.0.5:8786")
    'tcp://10.0.0.5:8786'
    """
    scheme, _, place = cluster.partition("://")
    host, _, port = place.rpartition(":")
    if scheme not in SCHEMES or not host or not port.isdigit():
        problem = f"the cluster {cluster!r} has no address that can be used"
        raise JourneykitError(problem, remedy="write it as dask://host:port, the address of the scheduler")
    return f"{SCHEMES[scheme]}://{place}"


def run_on_cluster(
    cluster: str, waiting: deque[tuple[int, Job]], outcomes: dict[int, Outcome], bars: Progress,
    jobs: int | None, limits: Limits,
) -> None:  # fmt: skip
    """Make the reports on the workers, and put what became of each into the outcomes.

    Parameters
    ----------
    cluster
        ``dask://host:port``.
    waiting, outcomes
        The jobs by the number of their client; the outcomes by the same number.
    bars
        Shows how far each report is.
    jobs
        Reports at a time; as many as the workers have threads when None.
    limits
        Of each report, held to on its worker.

    Raises
    ------
    JourneykitError
        When the package distributed is absent, or the cluster cannot be reached or has no workers.
    """
    with _connected(cluster) as client:
        from distributed import as_completed

        topic = f"journeykit-{uuid.uuid4().hex}"
        client.subscribe_topic(topic, lambda event: bars.update(*event[1]))
        most = jobs or _threads(client, cluster)
        going: dict[Any, tuple[int, Job]] = {}
        try:
            done = as_completed(loop=client.loop)
            while waiting or going:
                while waiting and len(going) < most:
                    number, job = waiting.popleft()
                    bars.start(job.client)
                    future = client.submit(make_on_worker, job, limits, topic, code_key(), pure=False)
                    going[future] = (number, job)
                    done.add(future)
                future = next(done)
                number, job = going.pop(future)
                outcomes[number] = bars.finish(_outcome(future, job))
        finally:
            client.cancel(list(going))


def _outcome(future: Any, job: Job) -> Outcome:
    try:
        return future.result()
    except Exception as error:
        told = str(error) if isinstance(error, JourneykitError) else f"{type(error).__name__}: {error}"
        stage = "the task on the cluster"
        return Outcome(job.client, "failed", job.as_of, job.name, error=told, stage=stage, key=job.key)


@contextmanager
def _connected(cluster: str) -> Iterator[Any]:
    address = scheduler_address(cluster)
    try:
        from distributed import Client
    except ImportError:
        problem, remedy = "the package distributed is not installed", "pip install journeykit[dask]"
        raise JourneykitError(problem, where=cluster, remedy=remedy) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except OSError:
        remedy = "start it with 'dask scheduler', or correct the address"
        raise JourneykitError("no scheduler answers there", where=cluster, remedy=remedy) from None
    with client:
        yield client


def _threads(client: Any, cluster: str) -> int:
    threads = sum(client.nthreads().values())
    if not threads:
        problem, remedy = "the cluster has no workers", "start some with 'dask worker'"
        raise JourneykitError(problem, where=cluster, remedy=remedy)
    return threads


def make_on_worker(job: Job, limits: Limits, topic: str, code: str) -> Outcome | None:
    """Make one report; the task that a worker runs.

    Parameters
    ----------
    job, limits
        What to make, and what it may take.
    topic
        Under which the worker tells how far it is.
    code
        What the batch was started with: a worker with another journeykit or other libraries makes other reports.

    Raises
    ------
    JourneykitError
        When the worker runs other code.
    """
    from distributed import get_worker

    worker = get_worker()
    if code != code_key():
        problem = "the worker runs another journeykit, or other versions of its libraries"
        raise JourneykitError(problem, where=worker.address, remedy="install the same on every machine")

    def tell(done: int, total: int) -> None:
        worker.log_event(topic, (job.client, done, total))

    return make(job, limits, tell, _still_wanted(worker))


def _still_wanted(worker: Any) -> Callable[[], bool]:
    """Return a function that says whether the batch still waits for this task: it may be interrupted or gone."""
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state not in ("cancelled", "released", "forgotten")

    return wanted
