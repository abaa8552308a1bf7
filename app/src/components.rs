//! One module per widget.

#![expect(unreachable_pub, reason = "#[component] writes a pub function of its own")]

pub(crate) mod age;
pub(crate) mod agent_card;
pub(crate) mod chart;
pub(crate) mod command_form;
pub(crate) mod commands;
pub(crate) mod connection;
pub(crate) mod console;
pub(crate) mod density_field;
pub(crate) mod fever;
pub(crate) mod gauge;
pub(crate) mod json;
pub(crate) mod question_card;
pub(crate) mod question_list;
pub(crate) mod reading;
pub(crate) mod sparkline;
pub(crate) mod state_history;
pub(crate) mod stream;
pub(crate) mod visitor;
pub(crate) mod waiting;
