"""Turns a case into a verdict, on any target."""
