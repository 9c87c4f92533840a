from alembic import context

context.configure(url="postgresql://localhost/shop")
with context.begin_transaction():
    context.run_migrations()
