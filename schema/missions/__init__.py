"""Missions: asked for, accepted, shown and paid."""
