"""One module a data set, which reads its release layout into `spargen.scene.types.Scene`; they share `formats`."""
