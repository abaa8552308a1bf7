//! The rules, pure and synchronous: life cycle, meters, alerts, history, the view reducer.
