"""fill account

Revision ID: ae1027a6acf3
Create Date: 2023-12-05 08:00:00

"""
from alembic import op

revision = "ae1027a6acf3"
down_revision = "1975ea83b712"


def upgrade():
    for row in op.get_bind().execute("SELECT id FROM account"):
        op.execute("UPDATE account SET name = 'account %d' WHERE id = %d" % (row.id, row.id))


def downgrade():
    op.execute("UPDATE account SET name = NULL")
