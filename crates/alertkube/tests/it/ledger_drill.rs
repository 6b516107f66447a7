//! What the driver of the ledger (`drill`) holds its reading against. Its tests are played here: the driver takes a part of
//! the program's modules in, whose own tests need the rest.

#[path = "../../drill/fold.rs"]
mod fold;
#[path = "../../drill/records.rs"]
mod records;
