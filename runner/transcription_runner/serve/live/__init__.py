"""Captions while somebody speaks: sound comes as it is spoken, and text goes back as it becomes certain."""
