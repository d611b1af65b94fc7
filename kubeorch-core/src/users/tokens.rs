//! Tokens: HS256 only, with the claims of the contract (1.3) and the account's token version.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::User;
use crate::actor::Role;
use crate::id::UserId;
use crate::secret::Secret;
use crate::time::Time;

/// How long a token is good for, in seconds: 24 hours (contract 1.3).
const LIFETIME: i64 = 24 * 3600;

#[derive(Serialize, Deserialize)]
struct Claims {
    user_id: UserId,
    email: String,
    role: Role,
    exp: i64,
    iat: i64,
    nbf: i64,
    /// The account's token version when the token was made.
    #[serde(default)]
    ver: u32,
}

/// Who a token stands for, once its signature and times are checked.
pub(crate) struct Holder {
    pub(crate) id: UserId,
    pub(crate) version: u32,
}

/// Makes a token for an account.
pub(crate) fn issue(user: &User, secret: &Secret, now: Time) -> String {
    let now = now.as_secs();
    let claims = Claims {
        user_id: user.id,
        email: user.email.clone(),
        role: user.role,
        exp: now + LIFETIME,
        iat: now,
        nbf: now,
        ver: user.token_version,
    };
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key).expect("claims are plain JSON")
}

/// Checks a token; `grace` seconds after its end it is still accepted (refresh).
pub(crate) fn check(token: &str, secret: &Secret, now: Time, grace: i64) -> Option<Holder> {
    let mut rules = Validation::new(Algorithm::HS256);
    // Times are judged below, by the injected clock.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules.required_spec_claims.clear();
    let key = DecodingKey::from_secret(secret.expose().as_bytes());
    let claims = decode::<Claims>(token, &key, &rules).ok()?.claims;
    let now = now.as_secs();
    let fresh = claims.nbf <= now + 60 && now < claims.exp.saturating_add(grace);
    fresh.then_some(Holder { id: claims.user_id, version: claims.ver })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Raw;

    fn user() -> User {
        User {
            id: UserId::from(Raw::derived(&["ana"])),
            email: "ana@acme.test".into(),
            name: "Ana".into(),
            role: Role::User,
            password: None,
            auth_provider: String::new(),
            token_version: 3,
            default_cluster: None,
            created_at: Time::from_millis(0),
            updated_at: Time::from_millis(0),
        }
    }

    #[test]
    fn a_token_is_good_for_a_day_and_refreshable_for_the_grace() {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let start = Time::from_millis(1_767_225_600_000);
        let token = issue(&user(), &secret, start);
        let after = |seconds: u64| start.plus(std::time::Duration::from_secs(seconds));
        for (now, grace, good) in [
            (after(0), 0, true),
            (after(24 * 3600 - 1), 0, true),
            (after(24 * 3600), 0, false),
            (after(24 * 3600), 7 * 86_400, true),
            (after(8 * 86_400), 7 * 86_400, false),
        ] {
            assert_eq!(check(&token, &secret, now, grace).is_some(), good, "{now} {grace}");
        }
        assert!(check(&token, &Secret::new("another secret of some length....."), start, 0).is_none());
        assert_eq!(check(&token, &secret, start, 0).map(|holder| holder.version), Some(3));
    }

    #[test]
    fn only_hs256_is_accepted() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let now = Time::from_millis(1_767_225_600_000);
        let token = issue(&user(), &secret, now);
        let claims = token.split('.').nth(1).unwrap();
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        assert!(check(&format!("{head}.{claims}."), &secret, now, 0).is_none());
        let hs512 = encode(
            &Header::new(Algorithm::HS512),
            &serde_json::json!({"user_id": user().id, "email": "", "role": "admin", "exp": i64::MAX, "iat": 0, "nbf": 0}),
            &EncodingKey::from_secret(secret.expose().as_bytes()),
        )
        .unwrap();
        assert!(check(&hs512, &secret, now, 0).is_none());
    }
}
