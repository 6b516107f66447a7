//! The real binary as a user runs it: arguments in, output, exit codes and messages out.

mod cluster;
mod command_line;
mod controller;
mod ledger_drill;
mod program;
mod wget;
