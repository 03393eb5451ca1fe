"""The courts' trial business system: which judge has a case, how it stands, who its parties are (Opinions art. 11)."""
