//! The flags of the programs that are no criterion benches: `cargo bench --bench NAME -- --flag value`.

use std::str::FromStr;

use crate::measure::Failure;

/// Whether Cargo runs the program as a bench. Otherwise (`cargo test --benches`) it only has to prove that it
/// works, with the smallest amount of everything.
#[must_use]
pub fn measuring() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// The value after `--name`.
pub fn value<T: FromStr>(name: &str) -> Result<Option<T>, Failure>
where
    T::Err: std::error::Error,
{
    let mut arguments = std::env::args().skip_while(|argument| argument.as_str() != name).skip(1);
    if !std::env::args().any(|argument| argument == name) {
        return Ok(None);
    }
    let text = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
    text.parse().map(Some).map_err(|error| format!("{name} {text}: {error}").into())
}

/// Bytes, written as `64MiB` or `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(
    /// Bytes.
    pub u64,
);

impl FromStr for Size {
    type Err = std::io::Error;

    /// ```
    /// # use kubeorch_benches::flags::Size;
    /// assert_eq!("64MiB".parse::<Size>()?, Size(64 << 20));
    /// assert_eq!("1GiB".parse::<Size>()?, Size(1 << 30));
    /// assert!("1GB".parse::<Size>().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let units = [("MiB", 20), ("GiB", 30)];
        let parse =
            |(unit, shift): (&str, u32)| text.strip_suffix(unit)?.parse::<u32>().ok().map(|it| (it, shift));
        let (number, shift) = units.into_iter().find_map(parse).ok_or_else(|| {
            std::io::Error::other("a whole number and a unit are expected, as in 64MiB or 1GiB")
        })?;
        Ok(Self(u64::from(number) << shift))
    }
}
