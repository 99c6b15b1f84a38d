"""Networks on the array: images and weights in, feature maps out."""
