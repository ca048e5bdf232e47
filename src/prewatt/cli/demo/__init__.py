"""The demo estate: a shopping centre of 676 meters in six buildings, from one seed."""
