"""What a scene is: cameras, mesh, objects, frames. Numpy only."""
