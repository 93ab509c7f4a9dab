"""Money: what was spent on channels, and what came back, under several ways of crediting a sale."""

from journeykit.money.returns import MODELS, ChannelReturns, measure_returns

__all__ = ["MODELS", "ChannelReturns", "measure_returns"]
