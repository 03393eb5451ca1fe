"""What is kept, erased, copied and put back."""
