//! Server-wide settings (contract 2.16).

use serde::{Deserialize, Serialize};

use crate::extract::Input;

/// What the next account must bring.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InviteCode {
    pub(crate) invite_code: String,
}

/// Whether a used code is replaced, and the current code.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Regenerate {
    pub(crate) regenerate_after_signup: bool,
    pub(crate) invite_code: String,
}

/// Whether a used code is replaced.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetRegenerate {
    /// Absent means no.
    #[serde(default)]
    pub(crate) regenerate_after_signup: bool,
}

impl Input for SetRegenerate {}
