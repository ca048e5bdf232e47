"""One module for each layout: from what was kept of a paper to the strings that its template places."""
