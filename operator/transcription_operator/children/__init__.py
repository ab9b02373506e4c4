"""Builders of the objects that belong to one run: plain functions from values to API objects."""
