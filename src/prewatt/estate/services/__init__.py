"""What can be done to the estate. All of it needs a unit of work; all of it can be done again."""
