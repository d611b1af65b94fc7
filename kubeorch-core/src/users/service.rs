//! What callers do with accounts.

use super::model::{BY_EMAIL, Methods, Options, Register, Session, User, normal};
use super::password::Passwords;
use super::{Error, tokens};
use crate::actor::{Actor, Role};
use crate::engine::Host;
use crate::id::UserId;
use crate::projects::Project;
use crate::secret::{Sealer, Secret};
use crate::settings::{self, Settings};
use crate::store::{Reader, Tx};

/// Accounts. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    host: Host,
    sealer: Sealer,
    passwords: Passwords,
    options: Options,
}

impl Service {
    pub(crate) fn new(host: Host, sealer: Sealer, options: Options) -> Self {
        Self { host, sealer, passwords: Passwords::new(), options }
    }

    /// Makes an account and signs it in. The first one becomes the admin, decided in the transaction that stores it.
    pub async fn register(&self, request: Register) -> Result<Session, crate::Error> {
        if !self.options.builtin || !self.options.signup {
            return Err(Error::RegistrationDisabled.into());
        }
        check_email(&request.email)?;
        check_password(&request.password)?;
        if request.name.trim().is_empty() {
            return Err(Error::Invalid { reason: "name must not be empty" }.into());
        }
        self.check_domain(&request.email)?;
        // Refuse what is certain to fail before the costly hash; the transaction decides for good.
        self.host.db.read(|reader| self.check_free(reader, &request))?;
        let hash = self.passwords.hash(request.password.clone()).await?;
        let user = self.host.db.write(|tx| self.insert(tx, &request, &hash)).await?.0;
        self.session(user)
    }

    /// Signs in. Unknown addresses and wrong passwords get the same answer after the same work.
    pub async fn login(&self, email: &str, password: Secret) -> Result<Session, crate::Error> {
        if !self.options.builtin {
            return Err(Error::LoginDisabled.into());
        }
        check_email(email)?;
        check_password(&password)?;
        let user = self.host.db.read(|reader| reader.find::<User>(BY_EMAIL, &normal(email)))?;
        let hash = user.as_ref().and_then(|user| user.password.clone());
        match (self.passwords.fits(hash, password).await?, user) {
            (true, Some(user)) => self.session(user),
            _ => Err(Error::WrongCredentials.into()),
        }
    }

    /// A new token for one that is good, or ended at most the configured days ago.
    pub async fn refresh(&self, token: &str) -> Result<Session, crate::Error> {
        let grace = i64::from(self.options.refresh_days) * 86_400;
        let user = self.holder(token, grace).map_err(|error| match error {
            Error::TokenInvalid => Error::RefreshRefused,
            other => other,
        })?;
        self.session(user)
    }

    /// Who a token stands for; role and existence come from the store, not from the token.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, crate::Error> {
        let user = self.holder(token, 0).map_err(|error| match error {
            Error::NotFound => Error::TokenInvalid,
            other => other,
        })?;
        Ok(Actor::User { id: user.id, role: user.role })
    }

    /// The caller's account.
    pub async fn profile(&self, actor: &Actor) -> Result<User, crate::Error> {
        let id = actor.user().ok_or(Error::SignInRequired)?;
        let user = self.host.db.read(|reader| reader.get::<User>(&id))?;
        Ok(user.ok_or(Error::NotFound)?)
    }

    /// Changes the caller's name.
    pub async fn rename(&self, actor: &Actor, name: &str) -> Result<User, crate::Error> {
        let id = actor.user().ok_or(Error::SignInRequired)?;
        if name.trim().is_empty() {
            return Err(Error::NameRequired.into());
        }
        let user = self
            .host
            .db
            .write(|tx| {
                let mut user = tx.get::<User>(&id)?.ok_or(Error::NotFound)?;
                name.clone_into(&mut user.name);
                user.updated_at = self.host.ids.now();
                tx.put(&user)?;
                Ok::<_, Error>(user)
            })
            .await?
            .0;
        Ok(user)
    }

    /// How people may sign in.
    pub fn methods(&self) -> Methods {
        Methods {
            builtin_enabled: self.options.builtin,
            signup_enabled: self.options.builtin && self.options.signup,
        }
    }

    /// Refuses a key that does not open what this store holds, before anything is served.
    pub(crate) fn check_key(&self) -> Result<(), Error> {
        self.signing_secret().map(|_| ())
    }

    fn check_free(&self, reader: &Reader<'_>, request: &Register) -> Result<(), Error> {
        if reader.find::<User>(BY_EMAIL, &normal(&request.email))?.is_some() {
            return Err(Error::Exists);
        }
        check_invite(reader.get::<Settings>(&settings::KEY)?.as_ref(), request)
    }

    fn insert(&self, tx: &mut Tx<'_>, request: &Register, hash: &str) -> Result<User, Error> {
        if tx.find::<User>(BY_EMAIL, &normal(&request.email))?.is_some() {
            return Err(Error::Exists);
        }
        let found = tx.get::<Settings>(&settings::KEY)?;
        check_invite(found.as_ref(), request)?;
        let first = found.is_none();
        let entropy = &*self.host.entropy;
        match found {
            None => {
                let secret = Secret::new(settings::random_text(entropy, 64));
                tx.put(&Settings {
                    signing_secret: self.sealer.seal(settings::SIGNING_RECORD, &secret),
                    invite_code: settings::fresh_code(entropy),
                    regenerate_after_signup: false,
                })?;
            }
            Some(mut settings) if settings.regenerate_after_signup => {
                settings.invite_code = settings::fresh_code(entropy);
                tx.put(&settings)?;
            }
            Some(_) => {}
        }
        let now = self.host.ids.now();
        let user = User {
            id: self.host.ids.next(),
            email: request.email.trim().to_owned(),
            name: request.name.trim().to_owned(),
            role: if first { Role::Admin } else { Role::User },
            password: Some(hash.to_owned()),
            auth_provider: String::new(),
            token_version: 0,
            default_cluster: None,
            created_at: now,
            updated_at: now,
        };
        tx.put(&user)?;
        tx.put(&Project::personal(self.host.ids.next(), user.id, now))?;
        Ok(user)
    }

    fn holder(&self, token: &str, grace: i64) -> Result<User, Error> {
        let secret = self.signing_secret()?.ok_or(Error::TokenInvalid)?;
        let holder = tokens::check(token, &secret, self.host.ids.now(), grace).ok_or(Error::TokenInvalid)?;
        let user = self.user(holder.id)?.ok_or(Error::NotFound)?;
        if user.token_version == holder.version { Ok(user) } else { Err(Error::TokenInvalid) }
    }

    fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        Ok(self.host.db.read(|reader| reader.get::<User>(&id))?)
    }

    fn signing_secret(&self) -> Result<Option<Secret>, Error> {
        let settings = self.host.db.read(|reader| reader.get::<Settings>(&settings::KEY))?;
        settings
            .map(|settings| self.sealer.open(settings::SIGNING_RECORD, &settings.signing_secret))
            .transpose()
            .map_err(|_| Error::WrongKey)
    }

    fn session(&self, user: User) -> Result<Session, crate::Error> {
        let secret = self.signing_secret()?.ok_or(Error::NoAccounts)?;
        Ok(Session { token: tokens::issue(&user, &secret, self.host.ids.now()), user })
    }

    fn check_domain(&self, email: &str) -> Result<(), Error> {
        let allowed = &self.options.allowed_domains;
        let domain = email.rsplit('@').next().unwrap_or_default();
        if allowed.is_empty() || allowed.iter().any(|name| name.eq_ignore_ascii_case(domain.trim())) {
            Ok(())
        } else {
            Err(Error::DomainNotAllowed)
        }
    }
}

/// Every account but the first needs the current code, compared without telling how much of it fits.
fn check_invite(settings: Option<&Settings>, request: &Register) -> Result<(), Error> {
    let Some(settings) = settings else { return Ok(()) };
    let given = request.invite_code.as_ref().map_or("", Secret::expose);
    let fits =
        aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), settings.invite_code.as_bytes());
    fits.map_err(|_| Error::InviteRequired)
}

/// `local@domain` with something on both sides and no blanks; the mail server is the real judge.
fn check_email(email: &str) -> Result<(), Error> {
    let email = email.trim();
    let good = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
    });
    if good && email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Ok(())
    } else {
        Err(Error::Invalid { reason: "email must be an e-mail address" })
    }
}

fn check_password(password: &Secret) -> Result<(), Error> {
    match password.expose().len() {
        0..6 => Err(Error::Invalid { reason: "password must have at least 6 characters" }),
        6..=1024 => Ok(()),
        _ => Err(Error::Invalid { reason: "password must have at most 1024 bytes" }),
    }
}
