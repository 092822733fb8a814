"""The library of cases, by RFC and section, and the catalogue of requirements."""
