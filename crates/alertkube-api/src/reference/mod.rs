//! What users read about the settings, made from the same table that checks them.

mod json;
mod markdown;

pub use json::json_schema;
pub use markdown::reference_markdown;
