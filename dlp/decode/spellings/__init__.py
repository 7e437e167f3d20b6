"""The same characters written otherwise: escaped, quoted, in pieces, backwards."""
