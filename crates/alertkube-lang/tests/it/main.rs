//! What holds of the languages for whatever text comes in.

mod hostile;
mod properties;
