"""A randomised campaign: seeded scripts played against the platform and against a pure model of the Opinions."""
