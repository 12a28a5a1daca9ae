"""Answers to try the checks of the exercises on: one module a chapter, each with RIGHT and WRONG."""
