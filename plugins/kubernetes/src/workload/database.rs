//! Database images that refuse to start without a password.

use kubeorch_plugin_sdk::{Reader, read_text};

struct Database {
    /// Parts of the image's name.
    images: &'static [&'static str],
    /// Parts of the variables' names, one of which is enough.
    variables: &'static [&'static str],
    /// The variable to recommend.
    password: &'static str,
}

const DATABASES: [Database; 2] = [
    Database {
        images: &["postgres"],
        // `POSTGRES_PASSWORD` and `POSTGRES_PASSWORD_FILE`.
        variables: &["POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD"],
        password: "POSTGRES_PASSWORD",
    },
    Database {
        images: &["mysql", "mariadb"],
        // Each with the prefix `MYSQL_` or `MARIADB_`, the password also with `_FILE` or `_HASH` after it.
        variables: &["_ROOT_PASSWORD", "_ALLOW_EMPTY_PASSWORD"],
        password: "MYSQL_ROOT_PASSWORD",
    },
];

/// Warns when nothing gives the database a password. Nothing is added in silence: an open database is the user's
/// decision. Any key of a secret that the container sees may be the password.
pub(crate) fn warn_about_password(reader: &Reader<'_>, sees_secret: bool) {
    let Some(image) = read_text(reader.members(), "image") else { return };
    // The registry and the tag say nothing about what the image is.
    let name = image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or(image);
    let Some(database) = DATABASES.iter().find(|it| it.images.iter().any(|part| name.contains(part))) else {
        return;
    };
    let env = reader.object("env");
    let literal = env.iter().flat_map(|env| env.members().keys().map(String::as_str));
    let asked = reader.items("envKeys");
    let asked = asked.iter().filter_map(|item| read_text(item.members(), "name"));
    let given = literal.chain(asked).any(|name| database.variables.iter().any(|part| name.contains(part)));
    if !given && !sees_secret {
        let message = format_args!("the database image {image} is given no password and won't start");
        let hint = format!("link a secret, or add {} to the variables asked for", database.password);
        reader.warning("image", "without_password", message, hint);
    }
}
