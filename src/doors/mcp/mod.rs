//! `vx mcp`: a server of the Model Context Protocol on standard input and output, for agents that work with a project.
//!
//! It calls the same silent layer as the command line, in this process, and needs no daemon. It never asks for consent:
//! what needs one is an error of the kind `consent`. A client that goes away ends the server and what it waits for;
//! services go on, as after `vx up --detach`. The page for users: docs/clients/mcp.md.
//!
//! | | |
//! |---|---|
//! | `wire` | lines to messages, and back |
//! | `answer` | the result of a tool, bounded and harmless |
//! | `call` | one call: its progress, its end before time |
//! | `describe` | the tools as a model reads them |
//! | `call_project` | the project that a call is about |
//! | `queries` | the tools that only look: `boards`, `resolve`, `project` |
//! | `logs` | the tool `logs` |
//! | `wait` | the tool `wait_for` |
//! | `runs` | a run that is carried out for a call: the tools `sync` and `run` |
//! | `service` | the tool `service` |
//! | `tools` | from a tool's name to its work |
//! | `serve` | the session |

mod answer;
mod call;
mod call_project;
mod describe;
mod logs;
mod queries;
mod runs;
mod serve;
mod service;
mod tools;
mod wait;
mod wire;

pub use serve::{Options, serve};
