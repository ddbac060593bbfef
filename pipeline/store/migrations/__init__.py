"""The store's schema versions, one Alembic script each; a script is never changed once released."""
