"""`outlive lab`: a whole small world on one machine, with servers that really are swapped, to rehearse in."""
