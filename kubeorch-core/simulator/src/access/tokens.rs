//! Tokens of service accounts.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;

/// Tokens remembered; the oldest stop working when more are made.
const MOST: usize = 1000;

/// The tokens that were made and who they are.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    made: VecDeque<Token>,
}

#[derive(Debug)]
struct Token {
    secret: String,
    /// `system:serviceaccount:NAMESPACE:NAME`.
    account: String,
    expires: Timestamp,
}

impl Tokens {
    /// Remembers a token and says when it ends.
    pub(crate) fn add(
        &mut self,
        secret: String,
        namespace: &str,
        name: &str,
        now: Timestamp,
        lasts: Duration,
    ) -> Timestamp {
        let expires = after(now, lasts);
        let account = format!("system:serviceaccount:{namespace}:{name}");
        self.made.push_back(Token { secret, account, expires });
        if self.made.len() > MOST {
            self.made.pop_front();
        }
        expires
    }

    /// The account a token is of, while it lasts.
    pub(super) fn account(&self, secret: &str, now: Timestamp) -> Option<String> {
        let found = self.made.iter().find(|token| token.secret == secret && token.expires > now)?;
        Some(found.account.clone())
    }
}
