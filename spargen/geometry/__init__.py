"""Arrays in, arrays out: ray casts, visibility, boxes, directions."""
