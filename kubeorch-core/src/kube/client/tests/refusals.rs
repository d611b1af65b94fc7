//! What is read out of the words of a refusal.

use std::sync::Arc;

use serde_json::{Value, json};

use super::server::{Pauses, Server, refusal};
use crate::kube::{ApplyOptions, Cause, Class, Cluster, Error, Known};
use crate::manifest::Object;

async fn refused(code: u16, body: &Value) -> Error {
    let client = Server::new((0..9).map(|_| refusal(code, body))).client(Arc::new(Pauses::default()));
    let object = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a", "namespace": "b" } });
    let options = ApplyOptions { known: Some(Known::Absent), ..ApplyOptions::default() };
    client.apply(&Object::new(object).unwrap(), &options).await.unwrap_err()
}

#[tokio::test]
async fn an_error_has_a_class_and_may_name_who_refused() {
    let webhook = "failed calling webhook \"a.b\": failed to call webhook: connection refused";
    for (code, message, class, denied_by) in [
        (401, "Unauthorized", Class::Access, None),
        (403, "pods is forbidden: User \"ben\" cannot patch resource \"pods\"", Class::Access, None),
        (
            403,
            "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"ben\" (groups=[\"x\"]) is attempting to grant RBAC permissions not currently held",
            Class::Access,
            None,
        ),
        (403, "pods \"a\" is forbidden: exceeded quota: small", Class::Admission, None),
        (403, "pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\"", Class::Admission, None),
        (
            403,
            "admission webhook \"policy.example.com\" denied the request: no latest",
            Class::Admission,
            Some("policy.example.com"),
        ),
        (400, "admission webhook \"w\" denied the request without explanation", Class::Admission, Some("w")),
        (500, "admission webhook \"w\" denied the request: it crashed", Class::Admission, Some("w")),
        (
            422,
            "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'all' denied request: no",
            Class::Admission,
            Some("replicas"),
        ),
        (500, webhook, Class::Webhook, None),
        (
            500,
            "failed to create typed patch object (b/a; /v1, Kind=Pod): .spec.foo: field not declared in schema",
            Class::Invalid,
            None,
        ),
        (422, "Pod \"a\" is invalid", Class::Invalid, None),
        (404, "namespaces \"b\" not found", Class::Invalid, None),
        (409, "object is being deleted: pods \"a\" already exists", Class::Busy, None),
        (429, "slow down", Class::Busy, None),
        (503, "no leader", Class::Busy, None),
    ] {
        let body = json!({ "message": message, "details": { "kind": "x" } });
        let error = refused(code, &body).await;
        let by = match &error {
            Error::Rejected { denied_by, .. } => denied_by.as_deref(),
            _ => None,
        };
        assert_eq!((error.class(), by), (class, denied_by), "{code} {message}");
    }
}

#[tokio::test]
async fn classes_that_waiting_may_mend() {
    let terminating = json!({ "message": "gone soon",
        "details": { "kind": "x", "causes": [{ "reason": "NamespaceTerminating" }] } });
    let error = refused(403, &terminating).await;
    assert_eq!(
        (error.class(), error.class().retry(), error.retry()),
        (Class::NamespaceTerminating, true, false)
    );
    let error = refused(404, &json!({ "message": "the server could not find the requested resource" })).await;
    assert_eq!((error.class(), error.class().retry()), (Class::NotServed, true));
    for class in [Class::Access, Class::Invalid, Class::Admission, Class::Conflict] {
        assert!(!class.retry());
    }
}

#[tokio::test]
async fn fields_that_cannot_change_are_named() {
    for (field, message, named) in [
        ("spec.selector", "Invalid value: {\"matchLabels\":{}}: field is immutable", true),
        ("spec.clusterIPs[0]", "Invalid value: []: may not change once set", true),
        ("value", "Forbidden: may not be changed in an update.", true),
        ("spec", "Forbidden: spec is immutable after creation except resources.requests", true),
        (
            "spec",
            "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
            true,
        ),
        ("spec", "Forbidden: pod updates may not change fields other than `spec.containers[*].image`", true),
        ("roleRef", "Invalid value: {}: cannot change roleRef", true),
        ("spec.replicas", "Invalid value: -1: must be greater than or equal to 0", false),
        ("", "field is immutable", false),
    ] {
        let cause = json!({ "reason": "FieldValueInvalid", "field": field, "message": message });
        let error = refused(422, &json!({ "message": "invalid", "details": { "causes": [cause] } })).await;
        let Error::Rejected { immutable, class, .. } = error else { panic!("{error}") };
        let expected: Vec<_> = named.then(|| field.to_owned()).into_iter().collect();
        assert_eq!((immutable, class), (expected, Class::Invalid), "{message}");
    }
}

#[tokio::test]
async fn conflicts_name_manager_and_field() {
    let cause = |manager: &str, field: &str| Cause { manager: manager.into(), field: field.into() };
    let typed = |message: &str, field: &str| json!({ "reason": "FieldManagerConflict", "message": message, "field": field });
    for (message, causes, expected) in [
        (
            "Apply failed with 1 conflict: conflict with \"kubectl\" using apps/v1: .spec.replicas",
            json!([typed("conflict with \"kubectl\" using apps/v1", ".spec.replicas")]),
            vec![cause("kubectl", ".spec.replicas")],
        ),
        (
            "…",
            json!([
                typed(
                    "conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1",
                    ".spec.replicas"
                ),
                typed("conflict with \"a \\\"b\\\" c\" using v1", ".spec.containers[name=\"w: x\"].image"),
            ]),
            vec![
                cause("kube-controller-manager", ".spec.replicas"),
                cause("a \"b\" c", ".spec.containers[name=\"w: x\"].image"),
            ],
        ),
        // Without causes, as some proxies leave it.
        (
            "Apply failed with 1 conflict: conflict with \"kubectl\" using apps/v1: .spec.replicas",
            json!([]),
            vec![cause("kubectl", ".spec.replicas")],
        ),
        (
            "Apply failed with 3 conflicts: conflicts with \"hpa\":\n- .spec.replicas\nconflicts with \"kubectl\" using apps/v1:\n- .spec.paused\n- .spec.x",
            json!([]),
            vec![
                cause("hpa", ".spec.replicas"),
                cause("kubectl", ".spec.paused"),
                cause("kubectl", ".spec.x"),
            ],
        ),
        ("Operation cannot be fulfilled: the object has been modified", json!([]), vec![]),
    ] {
        let error = refused(409, &json!({ "message": message, "details": { "causes": causes } })).await;
        match &error {
            Error::Conflict { causes, .. } => assert_eq!(*causes, expected, "{message}"),
            Error::Busy { .. } => assert!(expected.is_empty(), "{message}"),
            other => panic!("{other}"),
        }
    }
    assert_eq!(cause("kubectl", ".spec.replicas").to_string(), "kubectl: .spec.replicas");
}
