"""Measured against peers, side by side in one run, as ratios. No test: machines are noisy."""
