"""Networks of others, taken out of published packages and made fit for ONNX Runtime."""
