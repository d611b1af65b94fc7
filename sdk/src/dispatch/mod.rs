//! Bytes to typed call to bytes. The component and the native test kit both come through here, which is why their
//! answers are identical.

#[cfg(feature = "import-analyzer")]
pub mod analyzer;
#[cfg(feature = "fix-template")]
pub mod fix;
#[cfg(feature = "node-types")]
pub mod node_types;
#[cfg(feature = "step")]
pub mod step;

use serde::{Serialize, de::DeserializeOwned};

use crate::Failure;

fn decode<T: DeserializeOwned>(request: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(request).map_err(|error| Failure::new("request.invalid", error.to_string()))
}

fn encode<T: Serialize>(response: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(response).map_err(|error| Failure::new("response.invalid", error.to_string()))
}
