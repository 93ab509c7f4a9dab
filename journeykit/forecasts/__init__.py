"""Forecasts: what customers will bring in the year ahead, with intervals that hold."""

from journeykit.forecasts.contracts import Contracts, find_contracts
from journeykit.forecasts.value import ValueForecast, acquisition_channels, forecast_value

__all__ = ["Contracts", "ValueForecast", "acquisition_channels", "find_contracts", "forecast_value"]
