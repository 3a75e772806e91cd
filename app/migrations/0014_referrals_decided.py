"""Where a referral stands by decision, and from when on an organisation has an agreement"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "referral",
        sa.Column("state", sa.String(), nullable=True, comment="Where it stands by decision of the office"),
    )
    op.add_column(
        "organisation",
        sa.Column("sharing_agreement_from", sa.Date(), nullable=True, comment="First day of the agreement"),
    )


def downgrade() -> None:
    op.drop_column("organisation", "sharing_agreement_from")
    op.drop_column("referral", "state")
