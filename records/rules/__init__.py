"""Pure decisions about uploads and records: plain values in, plain values out."""
