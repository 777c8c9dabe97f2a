"""DICOM without Django: read, check, decode and render. Runs in the confined child, and (render only) in the web process."""
