//! What users read about the settings, made from the same table that checks them.

mod json;
mod markdown;
mod unbuilt;

pub use json::json_schema;
pub use markdown::reference_markdown;
pub use unbuilt::unbuilt;
