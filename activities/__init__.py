"""What a workflow may ask of the world; one class per matter, carrying its tools."""
