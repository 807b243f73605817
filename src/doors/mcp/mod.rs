//! `vx mcp`: a server of the Model Context Protocol on standard input and output, for agents that work with a project.
//!
//! It calls the same rooms as the command line, in this process, and needs no daemon. It never asks for consent:
//! whatever needs consent fails with an error of the kind `consent`. If the client goes away, the server ends and so
//! does the work of its calls; services keep running, as after `vx up --detach`. The page for users:
//! docs/clients/mcp.md.
//!
//! | | |
//! |---|---|
//! | `wire` | lines to messages, and back |
//! | `answer` | the result of a tool, bounded and harmless |
//! | `call` | one call: its progress, and how it is cut short |
//! | `describe` | the tools as a model reads them |
//! | `call_project` | the project that a call is about |
//! | `queries` | the read-only tools `boards`, `resolve`, `project` |
//! | `logs` | the tool `logs` |
//! | `wait` | the tool `wait_for` |
//! | `runs` | runs that are carried out for a call: the tools `sync` and `run` |
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
