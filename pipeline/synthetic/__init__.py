"""A subscription firm that is made up: its tables, and the exact probabilities behind them."""

from pipeline.synthetic.company import Company, make_company
from pipeline.synthetic.truth import latent_states, oracle

__all__ = ["Company", "latent_states", "make_company", "oracle"]
