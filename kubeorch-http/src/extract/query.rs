//! Query parameters. A list's bounds that are out of range or unreadable fall back to their defaults
//! silently (contract 1.9).

use std::convert::Infallible;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The query, decoded.
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    pub(super) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first value of a name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a flag is set: alone, `true` or `1`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| matches!(text, "" | "true" | "1"))
    }

    /// A number inside the range, else the default.
    pub(crate) fn number(&self, name: &str, default: usize, range: RangeInclusive<usize>) -> usize {
        let given = self.text(name).and_then(|text| text.parse().ok());
        given.filter(|number| range.contains(number)).unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_mean_the_default() {
        for (query, expected) in [
            ("", 10),
            ("limit=1", 1),
            ("limit=100&limit=2", 100),
            ("limit=0", 10),
            ("limit=101", 10),
            ("limit=-1", 10),
            ("limit=x", 10),
            ("limit=", 10),
            ("limit=99999999999999999999999", 10),
        ] {
            assert_eq!(Params::parse(query).number("limit", 10, 1..=100), expected, "{query}");
        }
    }
}
