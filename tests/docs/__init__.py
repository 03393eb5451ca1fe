"""The documents are true: what they tell people to type works, and what they name is there."""
