//! Password hashes, off the async threads and with a bounded queue.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::Error;
use crate::secret::Secret;

/// At most this many wait or run; each takes 19 MiB (OWASP's Argon2id minimum: m=19 MiB, t=2, p=1).
const QUEUE: usize = 64;

/// At most this many run at once, so that sign-ins cannot take every core.
const WORKERS: usize = 2;

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    queue: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    /// A hash that no password has, checked for unknown accounts so that they take the same time.
    decoy: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let decoy = Argon2::default().hash_password_with_salt(b"decoy", b"decoy-decoy-decoy");
        Self {
            queue: Arc::new(Semaphore::new(QUEUE)),
            workers: Arc::new(Semaphore::new(WORKERS)),
            decoy: decoy.expect("the default parameters are valid").to_string().into(),
        }
    }

    /// A PHC string with a salt of its own.
    pub(crate) async fn hash(&self, password: Secret) -> Result<String, Error> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.expose().as_bytes());
            hash.expect("the default parameters are valid").to_string()
        })
        .await
    }

    /// Whether the password fits; an absent hash takes as long and never fits.
    pub(crate) async fn fits(&self, hash: Option<String>, password: Secret) -> Result<bool, Error> {
        let decoy = self.decoy.clone();
        self.run(move || {
            let text = hash.as_deref().unwrap_or(&decoy);
            let good = PasswordHash::new(text).is_ok_and(|parsed| {
                Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok()
            });
            good && hash.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Error::Busy)?;
        let worker = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| Error::Busy)?;
        // The places go with the work: a caller that hangs up must not make room for more of it.
        let work = move || {
            let _held = (place, worker);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Busy)
    }
}
