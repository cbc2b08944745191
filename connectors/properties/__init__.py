"""Properties of pictures that rules and other conditions may name: `sharpness < 35`.

A property is a plug-in of kind `property`: a function from a `Picture` to a number. Those here are
ours, in `pictures`; any package may bring its own through the entry point group `labelwright.property`.
"""
