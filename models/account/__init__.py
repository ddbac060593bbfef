"""One account under the glass: `keepgrow explain`. Only reads."""

from models.account.explained import explain_account

__all__ = ["explain_account"]
