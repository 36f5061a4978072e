"""How much of an output can be answered without looking: blind models, and what stands beside them.

It reads published rows of any SPAR-layout tree, and judges them by their texts and marks alone. Facts, where there are
any, are only counted.
"""
