"""Alembic's door: runs the versions on the connection that `state.store` hands in."""

from alembic import context

from outlive.state.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
