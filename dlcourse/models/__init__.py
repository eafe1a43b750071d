"""The networks of the course in Keras' functional API: one file per family, to be read beside the figure of its paper.

Every function returns a `keras.Model`, not compiled, with random weights. Pictures in 0…255 go in, since a model scales
its own input, and what comes out is a probability for each class. `cost` counts parameters and multiply-adds.
"""
