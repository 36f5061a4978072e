"""One module a data set: each reads a release layout into `spargen.scene.types.Scene`."""
