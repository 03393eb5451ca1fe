"""messages answered

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_delivery",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("action_id", sa.String(length=26), nullable=False),
        sa.Column("court", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_call_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_call_reason", sa.String(length=200), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(length=40), nullable=True),
        sa.Column("means", sa.String(length=32), nullable=True),
        sa.Column("said_under", sa.String(length=26), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_answer_delivery")),
    )
    with op.batch_alter_table("answer_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_delivery_state"), ["state"], unique=False)

    op.create_table(
        "callback",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
    )
    with op.batch_alter_table("callback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callback_received_at"), ["received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_callback_settled_at"), ["settled_at"], unique=False)

    op.create_table(
        "callback_token",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_callback_token_token_hash")),
    )
    with op.batch_alter_table("callback_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callback_token_gateway"), ["gateway"], unique=False)

    op.create_table(
        "follow_up",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redo_offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_under", sa.String(length=26), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_follow_up")),
    )
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_up_state"), ["state"], unique=False)

    op.create_table(
        "inbound_message",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("number_mac", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("mismatch", sa.String(length=32), nullable=True),
        sa.Column("court", sa.String(length=8), nullable=True),
        sa.Column("staff", sa.String(length=40), nullable=True),
        sa.Column("reference", sa.String(length=20), nullable=True),
        sa.Column("action_id", sa.String(length=26), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
        sa.UniqueConstraint("gateway", "provider_id", name=op.f("uq_inbound_message_gateway_provider_id")),
    )
    with op.batch_alter_table("inbound_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_message_reference"), ["reference"], unique=False)
        batch_op.create_index("ix_inbound_message_state", ["state", "id"], unique=False)

    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("useful_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("number_mac", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("repeats", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("gathered_into", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("tried", sa.JSON(), server_default="[]", nullable=False))
        batch_op.create_index("ix_message_number", ["number_mac", "submitted_at"], unique=False)
        batch_op.create_index("ix_message_provider", ["provider_id"], unique=False)

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mobile_mac", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_staff_mobile_mac"), ["mobile_mac"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_mobile_mac"))
        batch_op.drop_column("mobile_mac")

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_provider")
        batch_op.drop_index("ix_message_number")
        batch_op.drop_column("tried")
        batch_op.drop_column("gathered_into")
        batch_op.drop_column("repeats")
        batch_op.drop_column("number_mac")
        batch_op.drop_column("useful_until")

    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_column("claimed")

    with op.batch_alter_table("inbound_message", schema=None) as batch_op:
        batch_op.drop_index("ix_inbound_message_state")
        batch_op.drop_index(batch_op.f("ix_inbound_message_reference"))

    op.drop_table("inbound_message")
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_up_state"))

    op.drop_table("follow_up")
    with op.batch_alter_table("callback_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_token_gateway"))

    op.drop_table("callback_token")
    with op.batch_alter_table("callback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_settled_at"))
        batch_op.drop_index(batch_op.f("ix_callback_received_at"))

    op.drop_table("callback")
    with op.batch_alter_table("answer_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_delivery_state"))

    op.drop_table("answer_delivery")
