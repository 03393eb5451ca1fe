"""calendar versions by proposal

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite counts in 64 bits already
        op.alter_column("event", "id", type_=sa.BigInteger())
    op.create_table(
        "closure",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("replaces", sa.String(length=26), nullable=True),
        sa.Column("court", sa.String(length=8), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days_off", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=400), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
        sa.UniqueConstraint("replaces", name=op.f("uq_closure_replaces")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("made_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_state"), ["state"], unique=False)

    op.create_table(
        "replan",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("calendar_version", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("made_final", sa.Integer(), nullable=False),
        sa.Column("untouched", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replan")),
    )
    with op.batch_alter_table("calendar_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("closures", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("reason", sa.String(length=400), nullable=True))
        batch_op.add_column(sa.Column("proposal", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("proposed_by", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=40), nullable=True))

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_due_on", sa.String(length=10), nullable=True))

    with op.batch_alter_table("policy_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cites", sa.String(length=400), nullable=True))
        batch_op.add_column(sa.Column("proposal", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("proposed_by", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=40), nullable=True))

    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_request_erasable"), sqlite_where=sa.text("closed_at IS NOT NULL AND erased_at IS NULL")
        )
        batch_op.create_index(
            "ix_request_closed",
            ["closed_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_request_closed",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_request_erasable"),
            ["closed_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL AND erased_at IS NULL"),
        )

    with op.batch_alter_table("policy_version", schema=None) as batch_op:
        batch_op.drop_column("approved_by")
        batch_op.drop_column("proposed_by")
        batch_op.drop_column("proposal")
        batch_op.drop_column("cites")

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_column("last_due_on")

    with op.batch_alter_table("calendar_version", schema=None) as batch_op:
        batch_op.drop_column("approved_by")
        batch_op.drop_column("proposed_by")
        batch_op.drop_column("proposal")
        batch_op.drop_column("reason")
        batch_op.drop_column("closures")

    op.drop_table("replan")
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proposal_state"))

    op.drop_table("proposal")
    op.drop_table("closure")
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("event", "id", type_=sa.Integer())
