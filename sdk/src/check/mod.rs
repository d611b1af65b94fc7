//! The syntax rules of Kubernetes that every plugin needs. Pure functions; a rejection says why and what to do.

mod names;
mod network;
mod quantity;
mod schedule;

pub use self::{
    names::{
        config_key, dns_label, dns_service, dns_subdomain, env_name, image, label_key, label_value, port_name,
    },
    network::{absolute_path, cidr, host, ip_address},
    quantity::Quantity,
    schedule::{cron_schedule, time_zone},
};

/// Why a text was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Reads on after the text: `is longer than 63 characters`.
    pub problem: &'static str,
    /// What to do instead.
    pub hint: &'static str,
}

/// A syntax rule.
pub type Check = fn(&str) -> Result<(), Rejection>;

fn reject(problem: &'static str, hint: &'static str) -> Result<(), Rejection> {
    Err(Rejection { problem, hint })
}
