//! Components from elsewhere.

use async_trait::async_trait;

use crate::error::{Code, Describe, codes};

/// Fetches components. What it answers is not trusted yet: digests and signatures are the caller's affair.
#[async_trait]
pub trait Download: Send + Sync + 'static {
    /// The component behind an `https://` address or an `oci://` reference, at most `limit` bytes.
    async fn component(&self, source: &str, limit: usize) -> Result<Downloaded, DownloadError>;
}

/// A fetched component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The text of the minisign signature that lies beside it.
    pub signature: Option<String>,
}

/// Why nothing was fetched. No text holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The source must not be used.
    #[error("{0}")]
    Refused(String),
    /// The source did not answer as it should.
    #[error("{0}")]
    Failed(String),
    /// It is larger than what is taken.
    #[error("the source gives more than {0} bytes")]
    TooLarge(usize),
}

impl Describe for DownloadError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Refused(_) => codes::PLUGIN_SOURCE_REFUSED,
            Self::Failed(_) => codes::PLUGIN_SOURCE_FAILED,
            Self::TooLarge(_) => codes::PLUGIN_TOO_LARGE,
        }
    }
}
