//! Registration and sign-in.

use std::sync::Arc;

use kubeorch_core::actor::{Actor, Role};
use kubeorch_core::secret::Secret;
use kubeorch_core::users::Register;

use crate::support::{account, engine, lab};

fn register(email: &str, invite: Option<&str>) -> Register {
    Register {
        email: email.into(),
        password: Secret::new("password123"),
        name: "Somebody".into(),
        invite_code: invite.map(Secret::new),
    }
}

#[tokio::test]
async fn of_two_first_registrations_one_is_admin_and_the_other_needs_a_code() {
    let engine = engine(None, &Arc::new(kubeorch_core::kube::fake::Fake::new())).await;
    let (first, second) = tokio::join!(
        engine.users().register(register("ana@acme.test", None)),
        engine.users().register(register("ben@acme.test", None)),
    );
    let ((Ok(won), Err(lost)) | (Err(lost), Ok(won))) = (first, second) else {
        panic!("exactly one may register without a code")
    };
    assert_eq!(won.user.role, Role::Admin);
    assert_eq!(lost.code().name, "auth.invite_required");
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let lab = lab().await;
    let code = lab.engine.settings().invite_code(&lab.ana).await.unwrap();
    let users = lab.engine.users();
    for (email, invite, expected) in [
        ("no-address", Some(code.as_str()), "request.invalid"),
        ("ANA@acme.test", Some(code.as_str()), "user.exists"),
        ("ben@acme.test", None, "auth.invite_required"),
        ("ben@acme.test", Some("482915"), "auth.invite_required"),
    ] {
        let refused = users.register(register(email, invite)).await.err().unwrap();
        assert_eq!(refused.code().name, expected, "{email}");
    }
    for (email, password) in [("ana@acme.test", "wrong-password"), ("nobody@acme.test", "password123")] {
        let refused = users.login(email, Secret::new(password)).await.err().unwrap();
        assert_eq!(refused.to_string(), "Invalid email or password");
    }
    let session = users.login(" Ana@ACME.test", Secret::new("password123")).await.unwrap();
    assert_eq!(users.authenticate(&session.token).await.unwrap(), lab.ana);
    assert!(users.authenticate("nonsense").await.is_err());
}

#[tokio::test]
async fn settings_are_for_admins_and_a_new_code_replaces_the_old() {
    let lab = lab().await;
    let settings = lab.engine.settings();
    let old = settings.invite_code(&lab.ana).await.unwrap();
    let ben = account(&lab.engine, "ben@acme.test", Some(&old)).await;
    assert!(matches!(ben, Actor::User { role: Role::User, .. }));
    assert_eq!(settings.invite_code(&ben).await.unwrap_err().code().name, "auth.forbidden");
    assert_eq!(settings.invite_code(&Actor::Anonymous).await.unwrap_err().code().name, "auth.required");
    let new = settings.new_invite_code(&lab.ana).await.unwrap();
    assert_ne!(old, new);
    let refused = lab.engine.users().register(register("eve@acme.test", Some(&old))).await.err().unwrap();
    assert_eq!(refused.code().name, "auth.invite_required");
}
