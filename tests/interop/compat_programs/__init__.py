"""Programs of TensorFlow 1, each run by Tenon and by TensorFlow."""
