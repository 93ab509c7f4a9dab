"""Imported by the server from which the processes of a batch are forked, and nowhere else."""

from journeykit.reports.warm import warm_up

warm_up()
