"""An invented city to try the platform on: 13 courts, their people, and a small trial register.

No person, telephone number or case here is real. ``directory.csv`` is also the model for a court's own directory.
"""
